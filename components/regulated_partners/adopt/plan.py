"""What would become of each connector of the tenant. Pure: the same tenant, state and stack file give the same plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from exchange_online.connectors import Checked, ConnectorRecord, Direction, InboundSettings, OutboundSettings, changes
from regulated_partners.adopt.declarations import (
    ConnectorDeclaration,
    NotDeclarableError,
    connector_declaration,
    partner_declaration,
)
from regulated_partners.adopt.ownership import Owned, Ownership, owned, released_by
from regulated_partners.adopt.pairing import Pair, Unnamed, find_pairs, partner_names
from regulated_partners.adopt.tenant import ConnectorKind, internal_parameters, kind_of
from regulated_partners.engine.state import ManagedConnector, States
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.pair import Pair as DeclaredPair
from regulated_partners.partners.stack import DeclaredStack


@dataclass(frozen=True)
class Selection:
    """The options that choose. Patterns are those of a shell (`*`, `?`, `[...]`); case does not matter.

    Attributes:
        only: patterns of names; empty is every name.
        exclude: patterns of names to leave out.
        include: names of hybrid connectors to adopt all the same.
    """

    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    def why_not(self, connector: ConnectorRecord) -> str | None:
        """Why a connector is left alone, a clause; None where it is not."""
        if self.only and not _matches(connector.name, self.only):
            return "--only does not name it"
        if _matches(connector.name, self.exclude):
            return "--exclude names it"
        if kind_of(connector) is ConnectorKind.TEST_MODE:
            return "it is in test mode, a leftover of the portal's validation"
        if kind_of(connector) is ConnectorKind.HYBRID and not self.includes(connector.name):
            return (
                "the Hybrid Configuration Wizard made it and changes it whenever it runs; to manage it nevertheless "
                "name it with --include"
            )
        if internal_parameters(connector):
            names = ", ".join(internal_parameters(connector))
            return f"it uses {names}, reserved for Microsoft, which a declaration cannot hold"
        return None

    def includes(self, name: str) -> bool:
        """Whether --include names a connector."""
        return name.casefold() in {chosen.casefold() for chosen in self.include}


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


class Becomes(StrEnum):
    """What becomes of a connector; the values are for programs."""

    MANAGED = "managed"
    """It is in the state of this stack already."""
    PARTNER = "partner"
    """Part of a partner of this stack."""
    CONNECTOR = "connector"
    """A resource of its own, beside the partners."""
    LEFT_ALONE = "left-alone"
    """Nothing: it stays as it is, and nobody manages it but those who do already."""


@dataclass(frozen=True)
class DeclaredResource:
    """One connector that a stack declares.

    Attributes:
        name: the resource's name in the program.
        partner: the partner whose component it belongs to; None for a connector beside the partners.
        checked: its settings.
    """

    name: str
    partner: str | None
    checked: Checked

    @property
    def address(self) -> tuple[Direction, str, bool]:
        """Direction, name, and whether it belongs to a component: as the state tells resources apart."""
        return self.checked.settings.direction, self.name, self.partner is not None


def of_pair(pair: DeclaredPair) -> list[DeclaredResource]:
    """The resources of a partner, inbound first."""
    return [DeclaredResource(half.resource, pair.name, half.checked) for half in pair.halves]


def declared_resources(stack: DeclaredStack) -> Iterable[DeclaredResource]:
    """Every connector of a stack."""
    for pair in stack.pairs:
        yield from of_pair(pair)
    for connector in stack.connectors:
        yield DeclaredResource(connector.name, None, connector.checked)


@dataclass(frozen=True)
class Verdict:
    """What becomes of one connector.

    Attributes:
        connector: of the tenant.
        becomes: what becomes of it.
        reason: why, a clause; empty where there is nothing to say.
        resource: where its resource stands, for one that is brought under management now.
        declared: whether the stack file declares it already.
    """

    connector: ConnectorRecord
    becomes: Becomes
    reason: str = ""
    resource: DeclaredResource | None = None
    declared: bool = False

    @property
    def partner(self) -> str | None:
        """The partner that it becomes part of."""
        return self.resource.partner if self.resource else None

    @property
    def kind(self) -> ConnectorKind:
        return kind_of(self.connector)


@dataclass(frozen=True)
class Plan:
    """What `adopt` found out.

    Attributes:
        verdicts: one for each connector of the tenant, in the tenant's order.
        partners, connectors: declarations that the stack file does not hold yet.
        complaints: what was asked for and cannot be done, as sentences.
    """

    verdicts: tuple[Verdict, ...]
    partners: tuple[Partner, ...]
    connectors: tuple[ConnectorDeclaration, ...]
    complaints: tuple[str, ...] = ()

    @property
    def adopted(self) -> tuple[Verdict, ...]:
        """The connectors that are brought under management."""
        return tuple(verdict for verdict in self.verdicts if verdict.resource is not None)

    @property
    def without_consent(self) -> tuple[Verdict, ...]:
        """Those that `pulumi up` will not take over: declared already, without `adoptExisting` and without a mark."""
        return tuple(
            verdict
            for verdict in self.verdicts
            if verdict.resource is not None
            and verdict.declared
            and verdict.connector.mark is None
            and not verdict.resource.checked.options.adopt_existing
        )


@dataclass
class _Planner:
    states: States
    declared: DeclaredStack
    selection: Selection
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    partners: list[Partner] = field(default_factory=list)
    connectors: list[ConnectorDeclaration] = field(default_factory=list)

    def __post_init__(self) -> None:
        resources = list(declared_resources(self.declared))
        self.by_name = {
            (resource.checked.settings.direction, resource.checked.settings.name.lower()): resource
            for resource in resources
        }
        self.addresses = {resource.address for resource in resources}
        self.in_state = {(known.direction, known.resource, known.in_component): known for known in self.states.of_own()}
        self.domains = {
            domain: declared.name for declared in self.declared.pairs for domain in declared.outbound.settings.domains
        }

    def plan(self, tenant: Sequence[ConnectorRecord]) -> Plan:
        for connector in tenant:
            if (verdict := self.known(connector)) is not None:
                self.verdicts[connector.guid] = verdict
        rest = [connector for connector in tenant if connector.guid not in self.verdicts]
        # The wizard's connectors are taken one by one, as they were named.
        hybrid = [connector for connector in rest if kind_of(connector) is ConnectorKind.HYBRID]
        pairing = find_pairs(connector for connector in rest if connector not in hybrid)
        pairs = sorted(pairing.pairs, key=lambda pair: (pair.inbound.name.casefold(), pair.inbound.guid))
        names = partner_names(
            [Unnamed(pair.inbound.name, pair.outbound.name, pair.domains[0]) for pair in pairs],
            [partner.name for partner in self.declared.partners],
        )
        for pair, name in zip(pairs, names, strict=True):
            self.become_partner(pair, name)
        for connector in rest:
            if connector.guid not in self.verdicts:
                self.become_connector(connector, pairing.reasons.get(connector.guid, "--include names it"))
        verdicts = tuple(self.verdicts[connector.guid] for connector in tenant)
        return Plan(verdicts, tuple(self.partners), tuple(self.connectors), tuple(self.complaints(verdicts)))

    def known(self, connector: ConnectorRecord) -> Verdict | None:
        """The verdict on a connector that is managed, left alone or declared already."""
        has = owned(connector, self.states)
        if has.managed is not None:
            return self.judge_managed(has, has.managed)
        if (why := self.selection.why_not(connector)) is not None:
            return Verdict(connector, Becomes.LEFT_ALONE, why)
        if connector.mark is not None and connector.mark != self.states.own:
            return Verdict(connector, Becomes.LEFT_ALONE, released_by(connector.mark, has))
        declared = self.by_name.get((connector.direction, connector.name.lower()))
        return None if declared is None else self.judge_declared(connector, declared)

    def judge_managed(self, has: Owned, managed: ManagedConnector) -> Verdict:
        if managed.stack != self.states.own.stack:
            return Verdict(has.connector, Becomes.LEFT_ALONE, f"the stack {managed.stack} manages it")
        if (managed.direction, managed.resource, managed.in_component) not in self.addresses:
            gone = "the stack file does not declare it, so the next `pulumi up` would remove it"
            return Verdict(has.connector, Becomes.MANAGED, gone)
        if has.ownership in (Ownership.CONTRADICTED, Ownership.SHARED):
            return Verdict(has.connector, Becomes.MANAGED, has.note)
        return Verdict(has.connector, Becomes.MANAGED, f"the stack {managed.stack} manages it")

    def judge_declared(self, connector: ConnectorRecord, declared: DeclaredResource) -> Verdict:
        """One that the stack file declares but the state does not hold: an interrupted adoption, or a first one."""
        if (other := self.in_state.get(declared.address)) is not None:
            return Verdict(
                connector,
                Becomes.LEFT_ALONE,
                f"the stack file declares one of this name, which is the connector {other.guid} under another name now",
            )
        if secret := sorted(declared.checked.unknown):
            why = (
                f"the stack file declares one of this name with secrets ({', '.join(secret)}), which only the engine "
                "can compare and keep; set adoptExisting: true there, and `pulumi up` takes it over"
            )
            return Verdict(connector, Becomes.LEFT_ALONE, why)
        if differences := changes(connector.settings, declared.checked.settings):
            shown = "; ".join(map(str, differences))
            why = f"the stack file declares one of this name with other settings ({shown}); declare what is there"
            return Verdict(connector, Becomes.LEFT_ALONE, why)
        becomes = Becomes.CONNECTOR if declared.partner is None else Becomes.PARTNER
        return Verdict(connector, becomes, "the stack file declares it already", declared, declared=True)

    def become_partner(self, pair: Pair, name: str) -> None:
        """Both connectors become a partner's, unless no partner's declaration reproduces them."""
        try:
            declared = self.declare_partner(pair, name)
        except NotDeclarableError as error:
            for connector in (pair.inbound, pair.outbound):
                self.become_connector(connector, str(error))
            return
        self.partners.append(declared.partner)
        self.domains |= dict.fromkeys(pair.domains, name)
        for connector, resource in zip((pair.inbound, pair.outbound), of_pair(declared), strict=True):
            self.verdicts[connector.guid] = Verdict(connector, Becomes.PARTNER, "", resource)

    def declare_partner(self, pair: Pair, name: str) -> DeclaredPair:
        inbound, outbound = pair.inbound.settings, pair.outbound.settings
        if not isinstance(inbound, InboundSettings) or not isinstance(outbound, OutboundSettings):
            raise TypeError(name)
        for domain in pair.domains:
            if domain in self.domains:
                raise NotDeclarableError(f"{domain} belongs to the partner {self.domains[domain]} already")
        for settings in (inbound, outbound):
            connector_declaration(settings)
        return partner_declaration(name, inbound, outbound)

    def become_connector(self, connector: ConnectorRecord, why_no_partner: str) -> None:
        """A resource of its own, unless the rules refuse it."""
        try:
            declaration = connector_declaration(connector.settings)
        except NotDeclarableError as error:
            verdict = Verdict(connector, Becomes.LEFT_ALONE, f"it cannot be declared: {error}")
        else:
            self.connectors.append(declaration)
            resource = DeclaredResource(connector.name, None, declaration.checked)
            verdict = Verdict(connector, Becomes.CONNECTOR, why_no_partner, resource)
        self.verdicts[connector.guid] = verdict

    def complaints(self, verdicts: Iterable[Verdict]) -> Iterable[str]:
        """What --include asked for and did not get."""
        names = {verdict.connector.name.casefold() for verdict in verdicts}
        for name in self.selection.include:
            if name.casefold() not in names:
                yield f"--include names {name!r}, and the tenant has no connector of this name."
        for verdict in verdicts:
            if verdict.becomes is Becomes.LEFT_ALONE and self.selection.includes(verdict.connector.name):
                yield f"--include names {verdict.connector.name!r}, which is left alone: {verdict.reason}."


def make_plan(
    tenant: Sequence[ConnectorRecord],
    states: States,
    declared: DeclaredStack,
    selection: Selection,
) -> Plan:
    """The plan.

    Args:
        states: what the stack that adopts and its neighbours manage.
        declared: what its file declares, without errors.
        selection: which connectors are meant.
    """
    return _Planner(states, declared, selection).plan(tenant)
