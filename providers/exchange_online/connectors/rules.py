"""What a rule is, and the rules of both directions. A direction's own stand in `inbound_rules` and `outbound_rules`.

A rule looks at whole settings. What is wrong with one value by itself is said where the value is read (`values`).
Numbers and sources are those of the connector reference, section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from exchange_online.connectors.findings import Finding, Severity
from exchange_online.connectors.names import ConnectorType, camel_case, snake_case
from exchange_online.connectors.options import Options
from exchange_online.connectors.settings import ConnectorSettings, InboundSettings, OutboundSettings

S = TypeVar("S", InboundSettings, OutboundSettings)

#: What a rule answers: None where it is kept, else the reason and the remedy.
Answer = tuple[str, str] | None

_LONGEST_NAME = 64

ERROR, WARNING = Severity


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


def violations(rules: Iterable[Rule[S]], settings: S, options: Options, skip: frozenset[str]) -> Iterable[Finding]:
    """The findings of every rule that reads none of the properties in `skip`."""
    for rule in rules:
        if skip.isdisjoint(rule.reads) and (answer := rule.test(settings, options)):
            yield Finding(rule.id, rule.severity, rule.reads[0], *answer, rule.source)


def name_needed(s: ConnectorSettings, _: Options) -> Answer:
    return None if s.name else ("a connector needs a name", f"give it one of at most {_LONGEST_NAME} characters")


def name_length(s: ConnectorSettings, _: Options) -> Answer:
    if len(s.name) <= _LONGEST_NAME:
        return None
    return f"the name has {len(s.name)} characters", f"shorten it to at most {_LONGEST_NAME}"


def on_premises_only(rule_id: str, parameter: str, source: str) -> Rule[Any]:
    """The rule that a parameter is for connectors of type OnPremises."""

    def test(s: ConnectorSettings, _: Options) -> Answer:
        if not getattr(s, snake_case(parameter)) or s.connector_type == ConnectorType.ON_PREMISES:
            return None
        return "it needs connectorType OnPremises", "leave it out for a partner"

    return Rule(rule_id, ERROR, (camel_case(parameter), "connectorType"), source, test)


HYBRID = on_premises_only("V15", "CloudServicesMailEnabled", "error text in inspnet/signer (observed)")
