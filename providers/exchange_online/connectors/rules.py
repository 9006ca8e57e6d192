"""What a rule is, and the rules of both directions. A direction's own stand in `inbound_rules` and `outbound_rules`.

A rule looks at whole settings. What is wrong with one value by itself is said where the value is read (`values`).
Numbers and sources are those of the connector reference, section 5.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from exchange_online.connectors.characters import looks_like_space, unknown_here, utf16_units
from exchange_online.connectors.findings import Finding, Severity
from exchange_online.connectors.names import ConnectorType, camel_case, snake_case
from exchange_online.connectors.options import Options
from exchange_online.connectors.scripts import doubtful, in_its_letters
from exchange_online.connectors.settings import ConnectorSettings, InboundSettings, OutboundSettings

S = TypeVar("S", InboundSettings, OutboundSettings)

#: What a rule answers: None where it is kept, else the reason and the remedy.
Answer = tuple[str, str] | None

#: In UTF-16 units. Source: New-OutboundConnector, Name: 64; that it is counted as .NET does is assumed.
LONGEST_NAME = 64

#: Source: .NET, Guid.Parse, formats N, D, B and P.
_GUID = re.compile(r"[{(]?[0-9a-f]{8}(?:(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24})[)}]?", re.IGNORECASE)

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
    return None if s.name else ("a connector needs a name", f"give it one of at most {LONGEST_NAME} characters")


def name_length(s: ConnectorSettings, _: Options) -> Answer:
    units = utf16_units(s.name)
    if units <= LONGEST_NAME:
        return None
    counted = "" if units == len(s.name) else " as the service counts, in UTF-16 units, of which an emoji has two"
    return f"the name has {units} characters{counted}", f"shorten it to at most {LONGEST_NAME}"


def name_is_no_guid(s: ConnectorSettings, _: Options) -> Answer:
    if not _GUID.fullmatch(s.name):
        return None
    reason = "the name reads as a Guid, by which the service finds another connector than the one of this name"
    return reason, "give it a name in words"


def name_is_no_pattern(s: ConnectorSettings, _: Options) -> Answer:
    if "*" not in s.name:
        return None
    reason = "the name holds '*', which a search by name, in PowerShell and in other tools, takes for any text"
    return reason, "leave it out, or expect such searches to find other connectors too"


def name_is_as_it_looks(s: ConnectorSettings, _: Options) -> Answer:
    if space := looks_like_space(s.name):
        return f"the name holds {space}, which looks like a space and is none", "write a space"
    if unknown := unknown_here(s.name):
        return f"the name holds {unknown}, which Unicode {unicodedata.unidata_version} does not know", "leave it out"
    return None


def doubtful_domain(*keys: str) -> tuple[Rule[Any], ...]:
    """The rule that a domain is not taken for another one, for each property that holds domains."""

    def rule(key: str) -> Rule[Any]:
        attribute = snake_case(key)

        def test(s: ConnectorSettings, _: Options) -> Answer:
            value = getattr(s, attribute)
            for domain in value if isinstance(value, tuple) else filter(None, [value]):
                if why := doubtful(domain):
                    reason = f"{domain}, in its letters '{in_its_letters(domain)}', {why}"
                    return reason, "make sure that this is the partner's own domain"
            return None

        return Rule("scripts", WARNING, (key,), "Unicode UTS 39, 5.2", test)

    return tuple(map(rule, keys))


def on_premises_only(rule_id: str, parameter: str, source: str) -> Rule[Any]:
    """The rule that a parameter is for connectors of type OnPremises."""

    def test(s: ConnectorSettings, _: Options) -> Answer:
        if not getattr(s, snake_case(parameter)) or s.connector_type == ConnectorType.ON_PREMISES:
            return None
        return "it needs connectorType OnPremises", "leave it out for a partner"

    return Rule(rule_id, ERROR, (camel_case(parameter), "connectorType"), source, test)


HYBRID = on_premises_only("V15", "CloudServicesMailEnabled", "error text in inspnet/signer (observed)")

#: What holds for the name of every connector.
NAMES: tuple[Rule[Any], ...] = (
    Rule("name", ERROR, ("name",), "Set-InboundConnector, Identity: a name or a Guid", name_is_no_guid),
    Rule("name", WARNING, ("name",), "Get-InboundConnector, Identity: wildcards (assumed)", name_is_no_pattern),
    Rule("name", WARNING, ("name",), "this project: who reads the name must be able to write it", name_is_as_it_looks),
)
