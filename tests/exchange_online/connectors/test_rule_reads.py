"""The properties that each rule says it reads: a rule is left out while one of them is not known yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

import pytest

from exchange_online.connectors import (
    ConnectorSettings,
    Direction,
    InboundSettings,
    Options,
    OutboundSettings,
    inbound_rules,
    outbound_rules,
)
from exchange_online.connectors.names import camel_case

INBOUND = InboundSettings(
    name="n",
    sender_domains=("*",),
    sender_ip_addresses=("192.0.2.1",),
    tls_sender_certificate_name="a.com",
    ef_skip_ips=("192.0.2.1",),
)
OUTBOUND = OutboundSettings(
    name="n",
    recipient_domains=("a.com",),
    smart_hosts=("mx.a.com",),
    tls_domain="a.com",
    smtp_dane_mode="Mandatory",
)


@dataclass(frozen=True)
class Listed:
    """A rule, whatever its direction."""

    direction: Direction
    id: str
    reads: tuple[str, ...]
    test: Callable[[Any, Any], object]

    def __str__(self) -> str:
        return f"{self.direction.word}-{self.id}-{self.reads[0]}"


RULES = [Listed(Direction.INBOUND, rule.id, rule.reads, rule.test) for rule in inbound_rules.INBOUND] + [
    Listed(Direction.OUTBOUND, rule.id, rule.reads, rule.test) for rule in outbound_rules.OUTBOUND
]


class Watched:
    """Settings, or options, that note what a rule looks at."""

    def __init__(self, real: object, seen: set[str]) -> None:
        self._real, self._seen = real, seen

    def __getattr__(self, attribute: str) -> object:
        derived = getattr(type(self._real), attribute, None)
        if isinstance(derived, property):
            return derived.__get__(self)
        self._seen.add(attribute)
        return getattr(self._real, attribute)


def variants(direction: Direction) -> list[ConnectorSettings]:
    """Settings that take a rule down each of its branches."""
    filled: ConnectorSettings = INBOUND if direction is Direction.INBOUND else OUTBOUND
    flags = [field.name for field in fields(filled) if isinstance(getattr(filled, field.name), bool)]
    kinds: list[ConnectorSettings] = [filled, type(filled)(name="n")]
    if isinstance(filled, OutboundSettings):
        kinds.append(replace(filled, tls_settings="DomainValidation"))
    found: list[ConnectorSettings] = []
    for kind, value, settings in product(("Partner", "OnPremises"), (True, False), kinds):
        alike: dict[str, Any] = dict.fromkeys(flags, value)
        differing: list[dict[str, Any]] = [{**alike, flag: not value} for flag in flags]
        found += [replace(settings, connector_type=kind, **flags_set) for flags_set in (alike, *differing)]
    return found


def test_there_are_rules_in_both_directions() -> None:
    """A failure means that the tests below look at nothing."""
    assert {rule.direction for rule in RULES} == set(Direction)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_reads_what_it_says_it_reads(rule: Listed) -> None:
    """A failure means that a rule judges the default of an unknown value, or waits for one that it never reads."""
    seen: set[str] = set()
    for settings in variants(rule.direction):
        rule.test(Watched(settings, seen), Watched(Options(), seen))
    assert {camel_case("".join(part.capitalize() for part in name.split("_"))) for name in seen} == set(rule.reads)


def test_every_rule_of_the_reference_is_there() -> None:
    """A failure means that a rule was lost, so that the service finds out after a green preview."""
    found = {(rule.direction.word, rule.id) for rule in RULES}
    inbound = {"V1", "V3", "V8", "V9", "V10", "V11", "V12", "V13", "V14", "V15"}
    outbound = {"V2", "V3", "V15", "V16", "V17", "V18", "V19", "V21", "V22", "V23", "V24"}
    assert found >= {("inbound", rule_id) for rule_id in inbound} | {("outbound", rule_id) for rule_id in outbound}
