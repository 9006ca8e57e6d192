"""What a policy is: its words for the auditor, and a pure function that finds violations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from exchange_online.connectors import Direction
from regulated_partners.policies.configuration import ConfigProperty, Configuration
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
        configuration: what can be configured beside the level.
    """

    id: str
    severity: Severity
    level: Level
    description: str
    remediation: str
    why: str
    source: str
    configuration: tuple[ConfigProperty, ...] = ()


#: A clause about what is wrong, without the connector's name and without a full stop; None where the rule is kept.
ConnectorTest = Callable[[Connector, Stack, Configuration], str | None]


@dataclass(frozen=True, kw_only=True)
class ConnectorRule(Policy):
    """A policy that each connector keeps or violates by itself.

    Attributes:
        directions: the connectors it is about.
        reads: Pulumi properties; while one of them is not known yet the rule cannot be judged.
        test: the rule.
    """

    directions: tuple[Direction, ...]
    reads: tuple[str, ...]
    test: ConnectorTest

    def violation(self, connector: Connector, stack: Stack, configuration: Configuration) -> Violation | None:
        """The violation, if there is one, that no waiver covers."""
        if connector.direction not in self.directions:
            return None
        clause = self.test(connector, stack, configuration)
        if clause is None or stack.waiver(self.id, connector.owner):
            return None
        subject = f"{connector.direction.word} connector '{connector.settings.name}'"
        return Violation(connector.owner, connector.urn, f"{subject}: {clause}. {self.remediation}")


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


StackTest = Callable[[Stack, Configuration], Iterable[Violation]]


@dataclass(frozen=True, kw_only=True)
class StackRule(Policy):
    """A policy over the whole stack.

    Attributes:
        test: the rule; yields violations without regard to waivers.
    """

    test: StackTest

    def violations(self, stack: Stack, configuration: Configuration) -> tuple[Violation, ...]:
        """The violations that no waiver covers."""
        return tuple(
            violation
            for violation in self.test(stack, configuration)
            if not (violation.owner and stack.waiver(self.id, violation.owner))
        )
