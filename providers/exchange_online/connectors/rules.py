"""The registry of rules, and how they are applied.

A rule looks at whole settings. What is wrong with one value by itself is said where the value is read (`values`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from exchange_online.connectors.findings import Finding, Severity
from exchange_online.connectors.options import Options
from exchange_online.connectors.settings import ConnectorSettings, InboundSettings, OutboundSettings

S = TypeVar("S", bound=ConnectorSettings)

#: What a rule answers: None where it is kept, else the reason and the remedy.
Answer = tuple[str, str] | None


@dataclass(frozen=True)
class Rule(Generic[S]):
    """One rule over the settings of a direction.

    Attributes:
        id: `V1` to `V36`, or a word.
        severity: of its finding.
        reads: the Pulumi properties it looks at; the first is the one its finding is about. It is left out while one
            of them is not known yet, or is refused already.
        source: where the rule comes from, with `assumed` where no source states it.
        test: the rule itself.
    """

    id: str
    severity: Severity
    reads: tuple[str, ...]
    source: str
    test: Callable[[S, Options], Answer]

    def finding(self, settings: S, options: Options) -> Finding | None:
        answer = self.test(settings, options)
        if answer is None:
            return None
        return Finding(self.id, self.severity, self.reads[0], answer[0], answer[1], self.source)


INBOUND: list[Rule[InboundSettings]] = []
OUTBOUND: list[Rule[OutboundSettings]] = []


def rule(
    registry: list[Rule[S]], rule_id: str, severity: Severity, *reads: str, source: str
) -> Callable[[Callable[[S, Options], Answer]], Callable[[S, Options], Answer]]:
    """Registers a function as a rule; the first of `reads` is the property its finding names."""

    def register(test: Callable[[S, Options], Answer]) -> Callable[[S, Options], Answer]:
        registry.append(Rule(rule_id, severity, reads, source, test))
        return test

    return register


def violations(settings: ConnectorSettings, options: Options, skip: frozenset[str]) -> list[Finding]:
    """The findings of every rule of the settings' direction that reads none of the properties in `skip`."""
    # The rules register themselves when their modules are imported; they need this module first.
    from exchange_online.connectors import common_rules, inbound_rules, outbound_rules  # noqa: F401

    if isinstance(settings, InboundSettings):
        return list(_apply(INBOUND, settings, options, skip))
    if isinstance(settings, OutboundSettings):
        return list(_apply(OUTBOUND, settings, options, skip))
    raise TypeError(type(settings).__name__)


def _apply(rules: Iterable[Rule[S]], settings: S, options: Options, skip: frozenset[str]) -> Iterable[Finding]:
    for each in rules:
        if skip.isdisjoint(each.reads) and (finding := each.finding(settings, options)):
            yield finding
