"""What a policy is: its words for the auditor, and a pure function that finds violations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from exchange_online.connectors import Direction, InboundSettings, OutboundSettings
from regulated_partners.policies.subjects import Connector, Stack


class Severity(StrEnum):
    """How much a violation matters. Source: CrossGuard, Severity."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(StrEnum):
    """What a violation does: `mandatory` stops the deployment. Source: CrossGuard, EnforcementLevel."""

    ADVISORY = "advisory"
    MANDATORY = "mandatory"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What every policy says of itself.

    Attributes:
        id: stable; audit reports, waivers and policy configuration name it.
        severity, level: the level is the default and can be configured.
        description: the rule, one sentence.
        remediation: what to do, one sentence.
        why: the reason, for an auditor.
        source: where the facts come from, with `assumed` where no source states them.
        configuration: the properties of `Configuration` that it reads, as a configuration file names them.
    """

    id: str
    severity: Severity
    level: Level = Level.MANDATORY
    description: str
    remediation: str
    why: str
    source: str
    configuration: tuple[str, ...] = ()


@dataclass(frozen=True)
class Violation:
    """One violation.

    Attributes:
        owner: the partner or connector that a waiver would name; empty for the whole stack.
        urn: the resource it is about; empty for the whole stack.
        text: what is wrong, and what to do.
    """

    owner: str
    urn: str
    text: str


#: What is wrong, a clause without the connector's name and without a full stop; false where the rule is kept.
Clause = str | Literal[False] | None


@dataclass(frozen=True, kw_only=True)
class ConnectorRule(Policy, ABC):
    """A policy that each connector keeps or violates by itself; its class says what the test reads.

    Attributes:
        reads: Pulumi properties; while one of them is not known yet the rule cannot be judged.
        of_partners: it is about connectors of type Partner only: what a partner must show, one's own servers need not.
        directions: the connectors it is about.
    """

    reads: tuple[str, ...]
    of_partners: bool = False
    directions: tuple[Direction, ...] = tuple(Direction)

    @abstractmethod
    def clause(self, connector: Connector, stack: Stack, /) -> Clause:
        """What is wrong with a connector of one of the directions."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The Pulumi properties without which the rule cannot be judged."""
        return (*self.reads, "connectorType") if self.of_partners else self.reads

    def violation(self, connector: Connector, stack: Stack) -> Violation | None:
        """The violation, if there is one, that no waiver covers."""
        if connector.direction not in self.directions or (self.of_partners and not connector.settings.is_partner):
            return None
        clause = self.clause(connector, stack)
        if not clause or stack.waiver(self.id, connector.owner):
            return None
        return Violation(connector.owner, connector.urn, f"{connector.called}: {clause}. {self.remediation}")


@dataclass(frozen=True, kw_only=True)
class InboundRule(ConnectorRule):
    """A policy about the settings of inbound connectors."""

    test: Callable[[InboundSettings], Clause]
    directions: tuple[Direction, ...] = (Direction.INBOUND,)

    def clause(self, connector: Connector, _: Stack, /) -> Clause:
        return self.test(connector.settings) if isinstance(connector.settings, InboundSettings) else None


@dataclass(frozen=True, kw_only=True)
class OutboundRule(ConnectorRule):
    """A policy about the settings of outbound connectors."""

    test: Callable[[OutboundSettings], Clause]
    directions: tuple[Direction, ...] = (Direction.OUTBOUND,)

    def clause(self, connector: Connector, _: Stack, /) -> Clause:
        return self.test(connector.settings) if isinstance(connector.settings, OutboundSettings) else None


@dataclass(frozen=True, kw_only=True)
class DeclaredRule(ConnectorRule):
    """A policy about how a connector is declared (its consents, its protection, who made it), and in which stack."""

    test: Callable[[Connector, Stack], Clause]

    def clause(self, connector: Connector, stack: Stack, /) -> Clause:
        return self.test(connector, stack)


@dataclass(frozen=True, kw_only=True)
class StackRule(Policy):
    """A policy over the whole stack.

    Attributes:
        test: the rule; yields violations without regard to waivers.
        of_tenant: it is about the mail of one tenant: what a stack has in another neither helps nor disturbs.
    """

    test: Callable[[Stack], Iterable[Violation]]
    of_tenant: bool = False

    def violations(self, stack: Stack) -> tuple[Violation, ...]:
        """The violations that no waiver covers."""
        return tuple(
            violation
            for judged in (stack.tenants() if self.of_tenant else (stack,))
            for violation in self.test(judged)
            if not (violation.owner and stack.waiver(self.id, violation.owner))
        )


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Policy):
    """A policy over every resource of a stack, connector or not; no waiver covers it.

    Attributes:
        test: the rule, over the resource's type token.
    """

    test: Callable[[str], Clause]

    def violation(self, token: str, name: str) -> str | None:
        """The sentence, if there is a violation."""
        clause = self.test(token)
        return f"resource '{name}': {clause}. {self.remediation}" if clause else None


Rule = ConnectorRule | StackRule | ResourceRule
