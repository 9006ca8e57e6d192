"""Create, read, update and delete of one connector, so that nothing is applied twice or lost.

The order of calls, and why:

- create: list, refuse a name that exists unless this stack's mark is on it, `New-`, then a `Set-` for what only `Set-`
  takes, then look at the result. After a `New-` without an answer: list and look for the name before another `New-`.
- update: list, refuse what another stack manages; one `Set-` with every changed parameter together, so that a
  certificate name and the restriction to it change in the same moment; then read until the change shows.
- delete: list, refuse what another stack manages; look for transport rules that route to it, then `Remove-`; gone
  already is fine.

Every write puts the mark of the stack below the comment, where it is not there already.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from exchange_online.admin_api import (
    AdminApiError,
    AlreadyExists,
    ConnectorCmdlets,
    InvalidArgument,
    NotFound,
    OutcomeUnknown,
    TransportRules,
    Written,
)
from exchange_online.connectors import (
    Change,
    CmdletParameters,
    ConnectorRecord,
    ConnectorSettings,
    Direction,
    Options,
    changes,
    new_parameters,
    parameters_after_new,
    set_parameters,
    utc_time,
)
from exchange_online.lifecycle import refusals
from exchange_online.lifecycle.listing import Listing
from exchange_online.lifecycle.other_ways import Before
from exchange_online.lifecycle.ownership import Leaving, Owner, Ownership

#: Seconds between the looks at a write that does not show yet; 61 s in all. Source: exchange-wire 8.4 (assumed).
LOOK_AGAIN_AFTER = (1.0, 2.0, 4.0, 8.0, 15.0, 31.0)

#: How long a connector counts as just made. Source: exchange-wire 8.4 (assumed).
_YOUNG = timedelta(minutes=5)

#: Words of the warnings by which the service says that it did not enable a connector. Source: V30, V31 (documented).
_DECLINED = ("created in a disabled state", "can't enable an inbound connector")

#: How often a `New-` is sent at the most when no answer comes and the name is not found.
_TRIES = 3


@dataclass(frozen=True)
class Outcome:
    """A connector after a write.

    Attributes:
        record: as the service shows it.
        warnings: what the user should read: the service's own, and ours.
        declined: Pulumi properties that the service did not take over, without refusing.
    """

    record: ConnectorRecord
    warnings: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lifecycle:
    """What the resources do to the tenant. Thread-safe.

    Every method raises the typed errors of `admin_api.errors`.

    Attributes:
        marks: whether writes put the stack's mark on the connector.
    """

    cmdlets: ConnectorCmdlets
    listing: Listing
    rules: TransportRules
    sleep: Callable[[float], None] = time.sleep
    ownership: Ownership = field(default_factory=Ownership)
    marks: bool = True

    def read(self, direction: Direction, guid: str, created: str = "") -> ConnectorRecord | None:
        """The connector, or None if it is gone for certain.

        Args:
            created: when it was, as the service writes it; what is new may not show everywhere yet.
        """
        return self.listing.find(direction, guid, young=_is_young(created))

    def there_already(self, owner: Owner, settings: ConnectorSettings) -> Before | None:
        """What a create of this resource would change, or refuse, instead of making a connector."""
        known = self.ownership.known(owner.urn)
        replaced = self.listing.find(settings.direction, known[0]) if known else None
        record = replaced or self._by_name(settings)
        return Before(record.guid, record.settings) if record else None

    def create(self, owner: Owner, settings: ConnectorSettings, options: Options) -> Outcome:
        """Makes the connector exist as declared.

        Raises:
            AlreadyExists: for a connector of this name that another resource or another stack has, and for one
                without a mark unless `adopt_existing` is given.
            NotApplied: when the service does not show what was sent; the new connector is removed again.
            Unfinished: when it was made, and what is to follow could not be done.
        """
        known = self.ownership.known(owner.urn)
        if known and (replaced := self.listing.find(settings.direction, known[0])):
            return self._change_in_place(known[1], replaced, settings)
        if existing := self._by_name(settings):
            return self._take_over(owner, existing, settings, options)
        written = self._new(owner, settings)
        # The service may answer a `New-` without a row: then find what it made.
        record = written.record or self._look_for(settings, LOOK_AGAIN_AFTER)
        if record is None:
            raise refusals.not_shown(settings)
        self.ownership.give(owner.urn, record)
        self.listing.enter(record)
        return self._finish(record, settings, written.warnings)

    def update(self, owner: Owner, guid: str, before: ConnectorSettings, after: ConnectorSettings) -> Outcome:
        """Sends what differs between two settings, and nothing else; no write where nothing differs.

        A mark that is still that of an earlier stack of the resource is corrected, because a new stack of that name
        would take the connector for its own.

        Raises:
            AlreadyExists: when another stack manages the connector, or another connector has the new name.
            NotFound: when the connector is gone.
            NotApplied: when the service shows something else afterwards.
        """
        differences = changes(before, after)
        if not differences and not (self.marks and owner.has_moved):
            record = self.listing.find(after.direction, guid)
            if record is None:
                raise refusals.gone(after)
            return Outcome(record)
        record = self.listing.shown(after.direction, guid) or self.cmdlets.get(after.direction, guid)
        _refuse_if_anothers(owner, record, "not changed")
        self._refuse_if_taken_from_rules(guid, before, differences)
        return self._set(owner, guid, after, differences, record)

    def delete(self, owner: Owner, guid: str, settings: ConnectorSettings) -> tuple[str, ...]:
        """Removes the connector; one that is gone already is fine. Returns what the user should read.

        Raises:
            AlreadyExists: when another stack manages the connector.
            InUse: while a transport rule routes mail to it.
            NotReplaced: when the engine would delete it to create it again.
        """
        leaving = self.ownership.leaving(owner.urn, guid)
        if leaving is Leaving.REPLACED:
            raise refusals.never_replaced(settings)
        if leaving is Leaving.KEPT:
            return ("it was not removed, because another resource of this program has it",)
        if leaving is Leaving.READ:
            return ("it was not removed, because the program reads it still; from now on no stack manages it",)
        if leaving is Leaving.STAYS:
            return ()
        shown = self.listing.shown(settings.direction, guid)
        _refuse_if_anothers(owner, shown, "not removed")
        self._refuse_while_in_use(guid, settings, "removed")
        self._remove(settings.direction, guid, shown.name if shown else settings.name)
        return ()

    def _change_in_place(self, owner: Owner, replaced: ConnectorRecord, settings: ConnectorSettings) -> Outcome:
        """The engine asks for another connector in the place of one that the resource has.

        It keeps its Guid: between a delete and a create mail would flow unprotected.
        """
        _refuse_if_anothers(owner, replaced, "not changed")
        self.ownership.give(owner.urn, replaced)
        differences = changes(replaced.settings, settings)
        self._refuse_if_taken_from_rules(replaced.guid, replaced.settings, differences)
        outcome = self._set(owner, replaced.guid, settings, differences, replaced) if differences else Outcome(replaced)
        said = f"it was changed in place and keeps its Guid ({replaced.guid}): connectors are never replaced"
        return replace(outcome, warnings=(said, *outcome.warnings))

    def _remove(self, direction: Direction, guid: str, name: str) -> None:
        try:
            self.cmdlets.remove(direction, guid, name)
        except NotFound:
            pass
        except Exception:
            self.listing.drop(direction)
            raise
        self.listing.remove(direction, guid)

    def _refuse_if_taken_from_rules(
        self, guid: str, settings: ConnectorSettings, differences: tuple[Change, ...]
    ) -> None:
        if any(change.parameter.name == "IsTransportRuleScoped" and not change.after for change in differences):
            self._refuse_while_in_use(guid, settings, "taken away from transport rules")

    def _refuse_while_in_use(self, guid: str, settings: ConnectorSettings, doing: str) -> None:
        if settings.direction is not Direction.OUTBOUND:
            return
        # Rules may call it by the name it has now, which somebody else may have given it since the last refresh.
        record = self.listing.shown(settings.direction, guid)
        if rules := self.rules.routing_to(guid, {settings.name, *([record.name] if record else [])}):
            raise refusals.in_use(settings, rules, doing)

    def _by_name(self, settings: ConnectorSettings) -> ConnectorRecord | None:
        return next(iter(self.listing.named(settings.direction, settings.name)), None)

    def _take_over(
        self, owner: Owner, existing: ConnectorRecord, settings: ConnectorSettings, options: Options
    ) -> Outcome:
        """A connector of this name is there. It is ours if an interrupted run of this stack has left its mark on it."""
        self.ownership.wait_for_declarations()
        self.ownership.refuse_if_had(owner.urn, existing)
        _refuse_if_anothers(owner, existing, "not taken over")
        differences = changes(existing.settings, settings)
        if existing.mark is None and not options.adopt_existing:
            if existing.connector_source == "HybridWizard":
                raise refusals.made_by_hybrid_wizard(existing)
            raise refusals.name_taken(existing, differences)
        self.ownership.give(owner.urn, existing)
        taken = f"took over the existing {settings.direction.word} connector '{settings.name}' ({existing.guid})"
        if not differences:
            return Outcome(existing, (f"{taken}: it is as declared, so nothing was sent",))
        self._refuse_if_taken_from_rules(existing.guid, existing.settings, differences)
        outcome = self._set(owner, existing.guid, settings, differences, existing)
        shown = "; ".join(str(change) for change in differences)
        return Outcome(outcome.record, (f"{taken} and changed {shown}", *outcome.warnings))

    def _new(self, owner: Owner, settings: ConnectorSettings) -> Written:
        sent = new_parameters(settings)
        if self.marks:
            sent["Comment"] = owner.mark.below(settings.comment)
        for attempt in range(1, _TRIES + 1):
            try:
                return self.cmdlets.new(settings.direction, sent)
            except (OutcomeUnknown, AlreadyExists) as error:
                # A retry inside the service, or our own, may have created it although the answer says otherwise.
                if found := self._look_for(settings, LOOK_AGAIN_AFTER[:3]):
                    return self._made_by(owner, found, settings)
                if isinstance(error, AlreadyExists):
                    raise self._explained(error, settings) from None
                if attempt == _TRIES:
                    raise
            except InvalidArgument as error:
                raise refusals.told_of_the_mark(error, sent, owner.mark) from None
        raise AssertionError("unreachable")

    def _made_by(self, owner: Owner, found: ConnectorRecord, settings: ConnectorSettings) -> Written:
        """What a `New-` whose answer was lost has made; AlreadyExists where it was somebody else."""
        _refuse_if_anothers(owner, found, "not taken over")
        differences = changes(found.settings, settings)
        different = [change.parameter.name for change in differences if change.parameter.on_new]
        if self.marks and found.mark is None:
            raise refusals.name_taken(found, differences)
        if not different:
            return Written(found, ())
        # How the service creates a connector that the offering does not allow to enable (V30).
        if different == ["Enabled"] and not found.settings.enabled:
            return Written(found, (f"the connector was {_DECLINED[0]}, and the service's answer was lost",))
        raise refusals.name_taken(found, differences)

    def _look_for(self, settings: ConnectorSettings, pauses: tuple[float, ...]) -> ConnectorRecord | None:
        """Looks for a name until it shows; reads can lag behind writes."""
        for pause in (0.0, *pauses):
            self.sleep(pause)
            self.listing.drop(settings.direction)
            if found := self._by_name(settings):
                return found
        return None

    def _complete(self, record: ConnectorRecord, settings: ConnectorSettings) -> ConnectorRecord:
        """The second step of a create: what only `Set-` takes."""
        sent = parameters_after_new(settings)
        if not sent:
            return record
        self.cmdlets.set(settings.direction, record.guid, sent)
        wanted = [change for change in changes(record.settings, settings) if change.parameter.name in sent]
        return self._read_back(record.guid, settings, tuple(wanted))

    def _finish(self, made: ConnectorRecord, settings: ConnectorSettings, warnings: tuple[str, ...]) -> Outcome:
        """What follows a `New-`. Created disabled is reported, as the service reports it; what else is not as sent is
        undone.
        """
        try:
            record = self._complete(made, settings)
            missing = changes(record.settings, settings)
            if missing and not _only_disabled(missing, warnings):
                record = self._read_back(record.guid, settings, missing)
                missing = changes(record.settings, settings)
            undone = bool(missing) and not _only_disabled(missing, warnings)
            if undone:
                self._remove(settings.direction, record.guid, record.name)
        except AdminApiError as error:
            raise refusals.Unfinished(error, made) from None
        if undone:
            raise refusals.shows_otherwise(settings, missing, warnings)
        return Outcome(record, warnings, tuple(change.parameter.key for change in missing))

    def _set(
        self,
        owner: Owner,
        guid: str,
        after: ConnectorSettings,
        differences: tuple[Change, ...],
        shown: ConnectorRecord | None,
    ) -> Outcome:
        """Sends the differences, and with them the mark where it is not there yet."""
        sent = set_parameters(differences, after)
        if self.marks and "Comment" in sent:
            sent["Comment"] = owner.mark.below(after.comment)
        elif self.marks and shown is not None and shown.mark != owner.mark:
            # Below what is there: a comment that is not to be changed stays as somebody wrote it.
            sent["Comment"] = owner.mark.below(shown.settings.comment)
        try:
            written = self._send(owner, guid, after, sent, shown.name if shown else "")
        except NotFound:
            self.listing.drop(after.direction)
            raise refusals.gone(after) from None
        except Exception:
            self.listing.drop(after.direction)
            raise
        if _says_declined(written.warnings):
            raise refusals.declined(after, written.warnings)
        record = self._read_back(guid, after, differences)
        if missing := _still_missing(record, after, differences):
            raise refusals.shows_otherwise(after, missing, written.warnings)
        return Outcome(record, written.warnings)

    def _send(self, owner: Owner, guid: str, after: ConnectorSettings, sent: CmdletParameters, called: str) -> Written:
        """One `Set-`, and a second where the name that was in its way has been given up meanwhile."""
        try:
            return self.cmdlets.set(after.direction, guid, sent, called)
        except InvalidArgument as error:
            raise refusals.told_of_the_mark(error, sent, owner.mark) from None
        except AlreadyExists:
            if "Name" not in sent:
                raise
        self.listing.drop(after.direction)
        if (holder := self._by_name(after)) and holder.guid != guid:
            raise refusals.name_held(after, holder)
        try:
            return self.cmdlets.set(after.direction, guid, sent, called)
        except AlreadyExists as error:
            raise self._explained(error, after) from None

    def _explained(self, error: AlreadyExists, settings: ConnectorSettings) -> AlreadyExists:
        """No connector of this direction has the name that the service finds taken: the other direction may."""
        try:
            holders = self.listing.named(settings.direction.other, settings.name)
        except AdminApiError:
            return error
        return refusals.name_of_the_other_direction(error, holders[0]) if holders else error

    def _read_back(self, guid: str, wanted: ConnectorSettings, sent: tuple[Change, ...]) -> ConnectorRecord:
        """Reads until the sent changes show. Returns the last record seen."""
        record: ConnectorRecord | None = None
        refused: InvalidArgument | None = None
        ways = iter((self._empty, self._take_all_out))
        for pause in (0.0, *LOOK_AGAIN_AFTER):
            self.sleep(pause)
            record = self.cmdlets.get(wanted.direction, guid) or record
            missing = _still_missing(record, wanted, sent) if record else sent
            if not missing:
                break
            if pause and record and (lists := _uncleared_lists(missing)) and (clear := next(ways, None)):
                try:
                    clear(record, lists)
                except InvalidArgument as error:
                    refused = error
        if missing and refused:
            self.listing.drop(wanted.direction)
            raise refused
        if record is None:
            self.listing.drop(wanted.direction)
            raise refusals.not_shown(wanted)
        self.listing.enter(record)
        return record

    def _empty(self, record: ConnectorRecord, lists: tuple[Change, ...]) -> None:
        self.cmdlets.set(record.direction, record.guid, {change.parameter.name: [] for change in lists})

    def _take_all_out(self, record: ConnectorRecord, lists: tuple[Change, ...]) -> None:
        self.cmdlets.take_out(
            record.direction, record.guid, {change.parameter.name: change.removed for change in lists}
        )


def _is_young(created: str) -> bool:
    then = utc_time(created)
    return then is not None and datetime.now(UTC) - then < _YOUNG


def _refuse_if_anothers(owner: Owner, record: ConnectorRecord | None, doing: str) -> None:
    if record is not None and record.mark is not None and owner.yields_to(record):
        raise refusals.anothers(record, record.mark, doing)


def _says_declined(warnings: tuple[str, ...]) -> bool:
    """Whether the service says that it did not enable the connector."""
    return any(words in warning for warning in warnings for words in _DECLINED)


def _only_disabled(missing: tuple[Change, ...], warnings: tuple[str, ...]) -> bool:
    """Whether all that is missing is what the service says it declined."""
    return [change.parameter.key for change in missing] == ["enabled"] and _says_declined(warnings)


def _still_missing(record: ConnectorRecord, wanted: ConnectorSettings, sent: tuple[Change, ...]) -> tuple[Change, ...]:
    """Of the changes that were sent, those that do not show."""
    names = {change.parameter.name for change in sent}
    return tuple(change for change in changes(record.settings, wanted) if change.parameter.name in names)


def _uncleared_lists(missing: tuple[Change, ...]) -> tuple[Change, ...]:
    """Lists that null did not empty: `[]` may, and where that has no effect either, taking out what they show.

    Source: exchange-wire 5.3 (unverified) and addendum (go-exoscc, of another cmdlet: only Remove does).
    """
    return tuple(change for change in missing if change.after == ())
