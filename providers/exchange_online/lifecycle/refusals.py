"""The errors of a connector's lifecycle, each with its words: what happened to which connector, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from exchange_online.admin_api import (
    AdminApiError,
    AlreadyExists,
    Failure,
    InvalidArgument,
    Misconfigured,
    NotFound,
    Tenant,
)
from exchange_online.connectors import Change, CmdletParameters, ConnectorRecord, ConnectorSettings, Mark, Way, utc_time
from exchange_online.names import LOCAL

E = TypeVar("E", bound=AdminApiError)


class NotApplied(AdminApiError):  # noqa: N818
    """The service accepted a write, and shows something else afterwards."""

    usual_advice = "Run `pulumi refresh` to see what the tenant has now; if it stays so, ask Microsoft support."


class Unfinished(AdminApiError):  # noqa: N818
    """A connector was made, and what was to follow could not be done. Reads as its cause.

    Attributes:
        made: the connector as the service showed it last.
    """

    def __init__(self, cause: AdminApiError, made: ConnectorRecord) -> None:
        super().__init__(cause.failure)
        self.made = made


class WouldBeRefused(AdminApiError):  # noqa: N818
    """Mail of the connector would be refused by another one."""

    usual_advice = "Look at the other connector before the partner's mail depends on this one."


def would_be_refused(settings: ConnectorSettings, way: Way) -> WouldBeRefused:
    """A restriction of the whole tenant, which somebody else has made, would refuse the mail of the connector."""
    advice = (
        "Have the partner's mail meet that restriction too, or have the connector changed; if it is meant, name it in "
        "regulated-partners:knownWays, by its name or Guid."
    )
    return _refused(WouldBeRefused, settings, f"{way.text} Nothing was sent", advice)


def name_taken(existing: ConnectorRecord, differences: Sequence[Change]) -> AlreadyExists:
    """A connector of the name is there, and nothing says that this stack has made it."""
    same = f"it differs from the declared one: {_shown(differences)}" if differences else "it is as declared"
    what = f"a connector of this name exists already ({_origin(existing)}), without the mark of any stack, and {same}"
    advice = (
        "If it is meant to be managed here, set adoptExisting to true, which takes it over and changes it as declared, "
        "or take it into the stack with `regulated-partners adopt`; else choose another name."
    )
    return _refused(AlreadyExists, existing.settings, what, advice)


def made_by_hybrid_wizard(existing: ConnectorRecord) -> AlreadyExists:
    """A connector of the name is there, and the Hybrid Configuration Wizard owns it."""
    what = f"the connector of this name belongs to the Hybrid Configuration Wizard ({_origin(existing)})"
    advice = "Choose another name; or set adoptExisting to true if it is meant to be managed here."
    return _refused(AlreadyExists, existing.settings, what, advice)


def anothers(record: ConnectorRecord, owner: Mark, doing: str) -> AlreadyExists:
    """A connector carries the mark of another stack.

    Args:
        owner: that mark.
        doing: what was refused, such as `not removed`.
    """
    what = (
        f"the stack {owner} manages this connector ({record.guid}), as the last line of its comment says, so it was "
        f"{doing}"
    )
    advice = (
        "Choose another name, or have it released there. `pulumi state move` moves it to this stack with its record, "
        "once `pulumi state delete` has taken out what a refused run left of the partner here. Or take it out of that "
        f"stack with `pulumi state delete`, remove the line {owner.line} from its comment, and take it over here with "
        "adoptExisting or `regulated-partners adopt`."
    )
    return _refused(AlreadyExists, record.settings, what, advice)


def declared_twice(record: ConnectorRecord) -> AlreadyExists:
    """Two declarations of one program ask for the same connector."""
    what = "two resources of this program declare a connector of this name"
    return _refused(AlreadyExists, record.settings, what, "Give each its own name, or remove one.")


def managed_already(record: ConnectorRecord, other: str) -> AlreadyExists:
    """A new resource asks for the connector of one that stays in the program."""
    what = f"the resource '{other}' of this program has the connector of this name already ({record.guid})"
    return _refused(AlreadyExists, record.settings, what, "Remove one, or else give the connectors different names.")


def had_twice(named: str, guid: str, first: str, second: str) -> AlreadyExists:
    """Two resources of the state have one connector, and the program declares both."""
    what = f"the resources '{first}' and '{second}' of this program both have it ({guid})"
    advice = "Remove one of them from the program: the connector stays with the other."
    return AlreadyExists(Failure(where=named, what=what, advice=advice))


class NotReplaced(AdminApiError):  # noqa: N818
    """The engine was asked to put a new connector in the place of one."""

    usual_advice = "Changes are made in place."


def never_replaced(settings: ConnectorSettings) -> NotReplaced:
    """The engine wants to delete a connector first, to create it anew."""
    what = (
        "a connector is never deleted to be created again, because in between mail would flow without its protection; "
        "nothing was changed"
    )
    advice = (
        "Take back what asks for it: delete_before_replace on the resource, `pulumi state taint` (`pulumi state "
        "untaint`) or --target-replace. Changes are made in place. For a new connector remove the resource, run "
        "`pulumi up`, and declare it again."
    )
    return _refused(NotReplaced, settings, what, advice)


def name_held(settings: ConnectorSettings, holder: ConnectorRecord) -> AlreadyExists:
    """A connector is to be renamed, and another one has the name."""
    what = f"it cannot be renamed, because another connector has the name now ({_origin(holder)})"
    advice = (
        "If this change renames that one as well, run `pulumi up` again. Else it takes two steps: where this change "
        "removes that one, `pulumi up` with the removal alone, then with the new name; where two swap their names, "
        "`pulumi up` with a third name for one of them, then with both final names. Or choose another name."
    )
    return _refused(AlreadyExists, settings, what, advice)


def name_of_the_other_direction(error: AlreadyExists, holder: ConnectorRecord) -> AlreadyExists:
    """The service finds the name taken, and a connector of the other direction has it.

    Source: both kinds live in one container, `CN=Transport Settings` (ScubaGear's sample report); that the service
    therefore refuses the name is inferred.
    """
    what = f"the {holder.direction.word} connector of this name has it already ({_origin(holder)})"
    advice = (
        "The service may keep the connectors of both directions in one place: give this one another name. In a partner "
        "leave out inbound.name and outbound.name, or end them differently."
    )
    return AlreadyExists(replace(error.failure, what=what, advice=advice))


def told_of_the_mark(error: InvalidArgument, sent: CmdletParameters, mark: Mark) -> InvalidArgument:
    """The error, which tells the share of the mark where the service refused the comment.

    Source: no length of Comment is documented; whether a service limits it is not known.
    """
    comment, words = sent.get("Comment"), error.failure.service_words
    named = "Comment" in error.failure.parameters or "comment" in words.lower() or "too long" in words.lower()
    if not isinstance(comment, str) or mark.line not in comment or not named:
        return error
    advice = (
        f"The comment has {len(comment)} characters, of which {len(mark.line)} are the line {mark.line} by which this "
        "stack knows its connectors: shorten the comment, or set ownershipMark to false."
    )
    return type(error)(replace(error.failure, advice=f"{error.failure.advice} {advice}"))


def other_tenant(named: str, known: Tenant, reached: Tenant) -> Misconfigured:
    """The state has a connector in one tenant, and the stack is connected to another."""
    what = (
        f"by the stack's state it is in tenant {known}, and the stack is now connected to tenant {reached}: nothing "
        "was read, changed or forgotten"
    )
    advice = (
        "If a setting (tenant, cloud) or the environment was changed by mistake, set it back. Another tenant takes a "
        "stack of its own: `pulumi stack init NEW --copy-config-from THIS`, and `pulumi up` there; then `pulumi "
        "destroy` here, while this stack still names its own tenant. To leave the connectors where they are and let "
        "this stack forget them: `pulumi state delete --all`, with --force where they are protected."
    )
    if reached.cloud == LOCAL:
        advice += " An emulator whose data was removed is a new tenant."
    return Misconfigured(Failure(where=named, what=what, advice=advice))


def gone(settings: ConnectorSettings) -> NotFound:
    """A connector that should be changed is no longer there."""
    what = "the connector is no longer in the tenant, so it cannot be changed"
    return _refused(NotFound, settings, what, "Run `pulumi refresh`, then `pulumi up`, which creates it again.")


class InUse(AdminApiError):  # noqa: N818
    """Something of the tenant still points at the connector."""

    usual_advice = "Change or remove what points at it first."


def in_use(settings: ConnectorSettings, rules: Iterable[str], doing: str) -> InUse:
    """Transport rules route mail to the connector. Source: V34 (what the service would do is assumed)."""
    names = ", ".join(f"'{rule}'" for rule in rules)
    what = f"mail is routed through it by the transport rule {names}, so it was not {doing}"
    return _refused(InUse, settings, what, "Remove the rule or point it elsewhere, then run `pulumi up` again.")


def declined(settings: ConnectorSettings, warnings: Iterable[str]) -> NotApplied:
    """The service answered with a warning that it did not do it."""
    advice = "Trying again does not help: ask Microsoft support to allow it, or set enabled to false."
    return _refused(NotApplied, settings, "the service did not enable the connector", advice, warnings)


def shows_otherwise(settings: ConnectorSettings, missing: Iterable[Change], warnings: Iterable[str]) -> NotApplied:
    """The change was accepted, and a minute later the service still shows something else."""
    what = f"the service accepted the change and does not show it (shown => sent): {_shown(missing)}"
    return _refused(NotApplied, settings, what, warnings=warnings)


def not_shown(settings: ConnectorSettings) -> NotApplied:
    """The service accepted a `New-`, and no listing shows the connector."""
    what = "the service accepted the connector, and a minute later no listing shows it"
    advice = "Run `pulumi up` again: it takes the connector over if it has appeared by then."
    return _refused(NotApplied, settings, what, advice)


def _refused(
    kind: type[E], settings: ConnectorSettings, what: str, advice: str = "", warnings: Iterable[str] = ()
) -> E:
    where = f"{settings.direction.word} connector '{settings.name}'"
    return kind(Failure(where=where, what=what, advice=advice, service_words=" ".join(warnings)))


def _shown(differences: Iterable[Change]) -> str:
    return "; ".join(str(change) for change in differences)


def _origin(record: ConnectorRecord) -> str:
    """Its Guid, source and age, by which a person finds out what it is."""
    said = [record.guid, f"source {record.connector_source}"]
    for verb, when in (("created", record.when_created_utc), ("last changed", record.when_changed_utc)):
        if since := _since(when):
            said.append(f"{verb} {since}")
    return ", ".join(said)


def _since(when: str) -> str:
    """A time of the service's, as a date and the days since."""
    then = utc_time(when)
    if then is None:
        return ""
    days = (datetime.now(UTC) - then).days
    ago = "today" if days < 1 else "1 day ago" if days == 1 else f"{days} days ago"
    return f"{then:%Y-%m-%d}, {ago}"
