"""Policies about pairs: a partner has both directions, and they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import product

from exchange_online.connectors import Direction
from regulated_partners.policies.rule import Severity, StackRule, Violation
from regulated_partners.policies.subjects import Connector, Stack


def _both_directions(stack: Stack) -> Iterable[Violation]:
    for urn, partner in stack.partners:
        for direction in Direction:
            if not any(connector.partner == partner for connector in stack.of(direction)):
                yield _said(partner, urn, f"partner '{partner}' has no {direction.word} connector", _BOTH)
    for connector in _standalone(stack):
        for domain in connector.domains:
            others = (other for other in stack.of(connector.direction.other) if domain in other.domains)
            if next(others, None) is None:
                clause = f"{connector.called}: no {connector.direction.other.word} connector is for {domain}"
                yield _said(connector.owner, connector.urn, clause, _BOTH)


def _agree(stack: Stack) -> Iterable[Violation]:
    for _urn, partner in stack.partners:
        for one, other in _facing(connector for connector in stack.connectors if connector.partner == partner):
            yield from _disagreements(one, other)
    for one, other in _facing(_standalone(stack)):
        if set(one.domains) & set(other.domains):
            yield from _disagreements(one, other)


def _facing(connectors: Iterable[Connector]) -> Iterable[tuple[Connector, Connector]]:
    """Every inbound connector with every outbound one."""
    for one, other in product(connectors, repeat=2):
        if one.direction is Direction.INBOUND and other.direction is Direction.OUTBOUND:
            yield one, other


def _disagreements(inbound: Connector, outbound: Connector) -> Iterable[Violation]:
    pair = f"{inbound.called} and {outbound.called}"
    only = sorted(set(inbound.domains) ^ set(outbound.domains))
    if only and not (inbound.unknown | outbound.unknown) & {"senderDomains", "recipientDomains"}:
        yield _said(inbound.owner, inbound.urn, f"{pair} are not for the same domains ({', '.join(only)})", _AGREE)
    if inbound.settings.enabled != outbound.settings.enabled:
        off = inbound if outbound.settings.enabled else outbound
        yield _said(inbound.owner, off.urn, f"{off.called} is switched off, and the other direction is not", _AGREE)


def _one_per_domain(stack: Stack) -> Iterable[Violation]:
    for direction in Direction:
        users: dict[str, list[Connector]] = defaultdict(list)
        for connector in stack.of(direction):
            if connector.settings.enabled and connector.settings.is_partner:
                for domain in connector.domains:
                    users[domain].append(connector)
        for domain, connectors in users.items():
            for later in connectors[1:]:
                clause = f"{later.called} is for {domain}, and so is '{connectors[0].settings.name}'"
                yield _said(later.owner, later.urn, clause, _ONE)


def _standalone(stack: Stack) -> list[Connector]:
    """Partner connectors outside a RegulatedPartner that name domains; '*' is nobody's domain."""
    return [
        connector
        for connector in stack.connectors
        if connector.partner is None
        and connector.settings.is_partner
        and connector.domains
        and "*" not in connector.domains
    ]


def _said(owner: str, urn: str, clause: str, remediation: str) -> Violation:
    return Violation(owner, urn, f"{clause}. {remediation}")


_BOTH = "Declare the partner as a RegulatedPartner, or the missing connector beside this one."
_AGREE = "Declare the partner as a RegulatedPartner, whose halves cannot disagree, or make the two alike."
_ONE = "Keep the domain with one connector of a direction."

RULES = (
    StackRule(
        id="partner-both-directions",
        severity=Severity.HIGH,
        description="Every partner has an inbound and an outbound connector.",
        remediation=_BOTH,
        why="Forced TLS in one direction leaves the answers, which quote the mail, without it.",
        source="Exchange Online mail flow pages (2022): one inbound and one outbound connector per partner",
        test=_both_directions,
    ),
    StackRule(
        id="partner-directions-agree",
        severity=Severity.HIGH,
        description="The two connectors of a partner are for the same domains, and both are in use or neither is.",
        remediation=_AGREE,
        why="A domain that only one direction knows travels without TLS in the other.",
        source="this project's meaning of a pair",
        test=_agree,
    ),
    StackRule(
        id="one-connector-per-domain",
        severity=Severity.HIGH,
        description="A domain belongs to one connector of each direction.",
        remediation=_ONE,
        why="Duplicates can cause errors, and mail might not be delivered; which one is used is not documented.",
        source="Exchange Online mail flow pages (2022)",
        test=_one_per_domain,
    ),
)
