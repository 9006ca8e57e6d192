"""What both of Pulumi's faces answer about a connector, on plain values and without Pulumi.

The faces (`dynamic`, and the plugin's) only translate: the engine's messages to these calls, and the answers back.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from exchange_online.admin_api import AdminApiError, NotFound, Tenant, clean
from exchange_online.admin_api.errors import Failure
from exchange_online.connectors import (
    COMPUTED,
    Checked,
    Computed,
    ConnectorRecord,
    ConnectorSettings,
    Direction,
    Finding,
    Mark,
    Options,
    Way,
    WayKind,
    changes,
    check,
    computed_outputs,
    inputs,
    is_secret,
    keeping_secret,
    printable,
    redacted,
    secret_properties,
)
from exchange_online.lifecycle import Before, Lifecycle, Outcome, Owner, Unfinished, other_tenant
from exchange_online.resources.session import Session

Properties = dict[str, Any]

#: The output that names inputs which the service did not take over, although it did not refuse them.
DECLINED = "declined"

#: Which tenant has the connector: outputs that the provider adds to what the service shows.
TENANT_ID = Computed("TenantId", "The GUID of the tenant that has the connector; another tenant is never touched.")
CLOUD = Computed("Cloud", "The cloud that this tenant is in, as the setting `cloud` names it.")

#: The output that each connector has which the engine has seen before.
_GUID = "guid"

_HOW_TO_FIND = "`regulated-partners inventory` lists the connectors of the tenant with their Guids."

#: What to do about an error that nobody has foreseen.
A_DEFECT = "This is a defect of the provider: please report it with this line."

_CREATING = "creating the"

#: In the URN of a connector that is half of a pair.
_OF_A_PARTNER = "RegulatedPartner$"

#: What the state says of the declaration: only inbound connectors are created other than asked for. Source: V30, V31.
DECLINED_INPUTS = Computed("Declined", "Inputs that the service did not take over, although it did not refuse them.")
SECRET_INPUTS = Computed("SecretProperties", "Inputs whose values are secret; none where no value is.")

#: The outputs that every connector has beside its settings.
ALWAYS_COMPUTED = ("guid", "identity", "connectorSource", TENANT_ID.key, CLOUD.key)

_NOT_SETTINGS = {DECLINED, TENANT_ID.key, CLOUD.key, *COMPUTED}


@dataclass(frozen=True)
class Refusal:
    """Why a declaration is refused.

    Attributes:
        property: the top-level property, which is all that the engine prints.
        reason: a sentence that names the connector.
    """

    property: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """What an update would change.

    Attributes:
        properties: those that differ, or may because their values are not known yet.
        declined_before: whether the service was asked for exactly this before and did not take it over.
        mark: whether the mark on the connector is to be corrected.
    """

    properties: frozenset[str]
    declined_before: bool = False
    mark: bool = False


@dataclass(frozen=True)
class Found:
    """A connector as the tenant has it.

    Attributes:
        guid: its id.
        outputs: its settings, and what the service computed.
        inputs: the declaration that would make it.
    """

    guid: str
    outputs: Properties
    inputs: Properties


class ConnectorError(Exception):
    """What the user reads when a call fails: one sentence, no traceback, no secret.

    Attributes:
        made: the connector that a create has made all the same, and that is not yet as declared.
    """

    def __init__(self, text: str, made: Found | None = None) -> None:
        super().__init__(text)
        self.made = made


# Newer SDKs print an exception's module in front of its name; one that looks built in is printed by its name alone.
ConnectorError.__module__ = "builtins"


@dataclass(frozen=True)
class ConnectorCore:
    """Check, diff, create, read, update and delete of connectors of one direction. Raises only `ConnectorError`.

    Properties are Pulumi's, in its spelling. `check` and `diff` use no network.

    Attributes:
        is_unknown: says of a value that the engine does not know it yet.
        takes_names: whether a connector that the engine does not know yet can be asked for by its name too. It cannot
            where the engine compares what was asked for with the id in the state.
    """

    direction: Direction
    session: Session
    is_unknown: Callable[[object], bool]
    takes_names: bool = False

    def check(self, urn: str, olds: Mapping[str, object], news: Properties) -> tuple[Properties, tuple[Refusal, ...]]:
        """The canonical inputs, unknown values as they came, and why they are refused if they are."""
        with keeping_secret(self.direction, olds, news), as_sentences(f"checking the {self.called(news)}"):
            self.session.refuse_malformed_settings()
            checked = check(self.direction, news, self.is_unknown)
            self.session.ownership.checked(urn, as_new=not olds, name=checked.settings.name)
            for finding in checked.warnings:
                self.session.warn(f"{self.called(news)}: {_sentence(finding)}", urn=urn)
            refusals = [self._refusal(error, self.called(news)) for error in checked.errors]
            unknown = {key: value for key, value in news.items() if key in checked.unknown}
            return {**checked.inputs(), **unknown}, tuple(refusals)

    def diff(self, urn: str, guid: str, olds: Properties, news: Properties) -> Difference:
        """What differs between the state and the declaration."""
        called = self.called(news)
        with keeping_secret(self.direction, olds, news), as_sentences(f"comparing the {called}"):
            self._refuse_other_tenant(olds, self.session.named_tenant())
            owner = _owner(urn, olds)
            self.session.ownership.stays(owner, guid, called)
            before, after = self._read(olds), self._read(news)
            changed = {change.parameter.key for change in changes(before.settings, after.settings)} | after.unknown
            declined = bool(changed) and changed <= set(olds.get(DECLINED, ()))
            old, new = before.options.inputs(), after.options.inputs()
            # What becomes secret, or is no longer, must be written into the state anew.
            beside = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
            # Not in a refresh: what it compares would read as drift.
            moved = owner.has_moved and self.session.marks and self.session.ownership.declares(urn)
            if moved:
                why = f"its mark still names the stack {owner.recorded}, and is corrected: this stack is {owner.mark}"
                self.session.warn(f"{called}: {why}", urn=urn)
            return Difference(frozenset(changed | beside), declined, moved)

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        """The id and the outputs of the connector that now is as declared."""
        with keeping_secret(self.direction, news), as_sentences(f"{_CREATING} {self.called(news)}"):
            declared, owner = self._read(news), Owner(urn)
            lifecycle = self.session.lifecycle()
            self._say_other_ways(owner, declared.settings, partial(lifecycle.there_already, owner, declared.settings))
            try:
                outcome = lifecycle.create(owner, declared.settings, declared.options)
            except Unfinished as error:
                made = Found(error.made.guid, {**self._shown(error.made), **declared.options.inputs()}, news)
                raise ConnectorError(redacted(f"{_CREATING} {self.called(news)} failed. {error}"), made) from None
            return outcome.record.guid, self._outputs(urn, outcome, declared.options)

    def update(self, urn: str, guid: str, olds: Properties, news: Properties) -> Properties:
        """The outputs of the connector that now is as declared."""
        with keeping_secret(self.direction, olds, news), as_sentences(f"updating the {self.called(news)}"):
            before, after = self._read(olds), self._read(news)
            lifecycle, owner = self._reaching(olds), _owner(urn, olds)
            if changes(before.settings, after.settings):
                self._say_other_ways(owner, after.settings, lambda: Before(guid, before.settings))
            outcome = lifecycle.update(owner, guid, before.settings, after.settings)
            return self._outputs(urn, outcome, after.options)

    def read(self, urn: str, guid: str, properties: Properties) -> Found | None:
        """The connector, or None if it is gone for certain."""
        called = self.called(properties, guid)
        with keeping_secret(self.direction, properties), as_sentences(f"reading the {called}"):
            if _GUID not in properties:
                return self._looked_up(guid)
            created = str(properties.get("whenCreatedUtc") or "")
            record = self._reaching(properties).read(self.direction, guid, created)
            if record is None:
                return None
            owner = _owner(urn, properties)
            if owner.yields_to(record):
                # The state goes on with what it knew, so that nothing here changes what another stack manages.
                taken = f"{called}: the stack {record.mark} has taken it over, as its comment says"
                self.session.warn(taken, urn=urn)
                record = replace(record, managed_by=str(owner.recorded or ""))
            options = self._read(properties).options
            declaration = {**inputs(record.settings), **options.inputs()}
            return Found(record.guid, {**self._shown(record), **options.inputs()}, declaration)

    def _looked_up(self, text: str) -> Found:
        """The connector that a program asks for by its id, as `get` does; the engine knows no more of it than that.

        An answer without a connector would be a resource whose outputs are all empty, so it is an error.
        """
        listing = self.session.lifecycle().listing
        try:
            guid = str(UUID(text))
        except ValueError:
            named = [record.guid for record in listing.named(self.direction, text)]
            if self.takes_names and len(named) == 1:
                return self._looked_up(named[0])
            if self.takes_names:
                what = "the tenant has more than one of this name" if named else "the tenant has none of this name"
                advice = f"Ask for one by its Guid: {' or '.join(named)}." if named else _HOW_TO_FIND
                raise self._not_there(text, what, advice) from None
            advice = f"The connector of that name has the Guid {' and '.join(named)}." if named else _HOW_TO_FIND
            raise self._not_there(text, "that is no Guid, and an id is one", advice) from None
        record = listing.find(self.direction, guid)
        if record is None:
            what, advice = "the tenant has none with this Guid", _HOW_TO_FIND
            other = self.direction.other
            if found := listing.find(other, guid):
                what = f"this is the Guid of the {other.word} connector '{found.name}'"
                advice = f"Ask {other.word.capitalize()}Connector for it."
            raise self._not_there(text, what, advice)
        self.session.ownership.reads(record.guid)
        return Found(record.guid, self._shown(record), inputs(record.settings))

    def _not_there(self, text: str, what: str, advice: str) -> NotFound:
        where = f"Looking for the {self.direction.word} connector with the id {clean(text)!r}"
        return NotFound(Failure(where=where, what=what, advice=advice))

    def delete(self, urn: str, guid: str, properties: Properties) -> None:
        """Removes the connector; one that is gone already is fine."""
        called = self.called(properties, guid)
        with keeping_secret(self.direction, properties), as_sentences(f"deleting the {called}"):
            lifecycle = self._reaching(properties)
            for warning in lifecycle.delete(_owner(urn, properties), guid, self._read(properties).settings):
                self.session.warn(f"{called}: {warning}", urn=urn)

    def _say_other_ways(self, owner: Owner, after: ConnectorSettings, was: Callable[[], Before | None]) -> None:
        """What else in the tenant can take or refuse the connector's mail, said before it is written.

        Args:
            was: the connector before, asked when the listings are there.
        """
        ways = self.session.ways()
        is_half = after.in_use and _OF_A_PARTNER in owner.urn
        ways.look(*(Direction if is_half else (after.direction,)))
        called = f"{self.direction.word} connector '{printable(after.name)}'"
        for way in ways.refuse_what_is_refused(owner, was(), after):
            text = f"{called}: {way.text}" if way.kind is not WayKind.CENTRALIZED else _of_all(way)
            # `drift` and `inventory` say it again, of every connector.
            self.session.warn(text, kind=f"because of '{way.name}'", urn=owner.urn)
        if is_half:
            for way in ways.centralized(owner):
                self.session.warn(_of_all(way))
        if ways.problem:
            self.session.warn(ways.problem)

    def _reaching(self, properties: Properties) -> Lifecycle:
        """What acts on the tenant that the state says the connector is in."""
        # A tenant that is named wrongly is said before anybody asks for its credential.
        self._refuse_other_tenant(properties, self.session.named_tenant())
        lifecycle = self.session.lifecycle()
        self._refuse_other_tenant(properties, self.session.tenant())
        return lifecycle

    def _refuse_other_tenant(self, properties: Properties, reached: Tenant) -> None:
        known = Tenant(str(properties.get(TENANT_ID.key) or ""), str(properties.get(CLOUD.key) or ""))
        if known.contradicts(reached):
            raise other_tenant(self.called(properties), known, reached)

    def _shown(self, record: ConnectorRecord) -> Properties:
        return outputs_of(record, self.session.tenant())

    def _read(self, properties: Properties) -> Checked:
        declared = {key: value for key, value in properties.items() if key not in _NOT_SETTINGS}
        return check(self.direction, declared, self.is_unknown)

    def _outputs(self, urn: str, outcome: Outcome, options: Options) -> Properties:
        for warning in outcome.warnings:
            self.session.warn(f"{self.direction.word} connector '{outcome.record.name}': {warning}", urn=urn)
        outputs: Properties = {**self._shown(outcome.record), **options.inputs()}
        return {**outputs, DECLINED: list(outcome.declined)} if outcome.declined else outputs

    def _refusal(self, error: Finding, called: str) -> Refusal:
        # Beside the name of a property the engine prints its value, also where it is secret.
        named = "" if is_secret(error.top_property) else error.top_property
        return Refusal(named, redacted(f"{_sentence(error)}. [{called}]"))

    def called(self, properties: Mapping[str, object], guid: str = "") -> str:
        """The connector in sentences: by its name, or by its Guid where that is all one knows."""
        name = properties.get("name")
        return f"{self.direction.word} connector '{printable(name if isinstance(name, str) else guid)}'"


def _sentence(finding: Finding) -> str:
    return redacted(str(finding), parts=is_secret(finding.top_property))


def computed_of(direction: Direction) -> tuple[Computed, ...]:
    """The outputs of a connector beside its settings and the options of its declaration."""
    of_service = [
        output for output in computed_outputs() if direction is Direction.OUTBOUND or not output.outbound_only
    ]
    return (*of_service, TENANT_ID, CLOUD)


def secret_outputs(properties: Mapping[str, object]) -> frozenset[str]:
    """The properties that must have the engine's mark.

    The engine marks what had a mark before, so it would miss a value that comes back after it was gone, and the
    identity that the service makes of a secret name. Source: provider_plugin.go, annotateSecrets; measured.
    """
    secret = secret_properties(properties)
    return secret | {"identity"} if "name" in secret else secret


def outputs_of(record: ConnectorRecord, tenant: Tenant) -> Properties:
    """What the state holds of a connector, beside the options of its declaration.

    Args:
        tenant: that has it.
    """
    return {**record.outputs(), TENANT_ID.key: tenant.guid, CLOUD.key: tenant.cloud}


def _of_all(way: Way) -> str:
    """Said once, and not for each connector: it is for the mail of all."""
    return f"mail to partners: {way.text}"


def _owner(urn: str, properties: Properties) -> Owner:
    return Owner(urn, Mark.read(properties.get("managedBy")))


@contextmanager
def as_sentences(doing: str) -> Iterator[None]:
    """Turns every exception into a `ConnectorError`.

    An exit inside a provider method would leave the engine waiting for ever, so it becomes one as well; what a
    programming error says may hold anything, so only its type is shown.
    """
    try:
        yield
    except ConnectorError:
        raise
    except AdminApiError as error:
        raise ConnectorError(redacted(f"{doing} failed. {error}")) from None
    except BaseException as error:  # noqa: BLE001 - see the docstring
        raise ConnectorError(
            redacted(f"{doing} failed with an unexpected {type(error).__name__}{place_of(error)}. ") + A_DEFECT
        ) from None


def place_of(error: BaseException) -> str:
    """Module and line of the defect, which hold no values."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return f" in {frame.f_globals.get('__name__', '?')} line {line}"
