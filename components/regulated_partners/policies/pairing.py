"""Policies about pairs: a partner has both directions, they agree, and what is off is off for a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from exchange_online.connectors import Direction, InboundSettings, listed, told_apart
from regulated_partners.policies.rule import Severity, StackRule, Violation
from regulated_partners.policies.subjects import Connector, Stack

#: While one of them is not known yet, what depends on it is not judged; `up` judges it.
_DOMAINS = frozenset({"senderDomains", "recipientDomains"})
_KNOWN_BY = frozenset({"tlsSenderCertificateName", "senderIpAddresses", "restrictDomainsToCertificate"})


def _both_directions(stack: Stack) -> Iterable[Violation]:
    of_partners = _of_partners(stack)
    for urn, partner in stack.partners:
        for direction in Direction:
            if not any(connector.direction is direction for connector in of_partners[partner]):
                yield _said(partner, urn, f"partner '{partner}' has no {direction.word} connector", _BOTH)
    for connector, alone in _alone(stack):
        if alone:
            other = connector.direction.other
            clause = f"{connector.called}: no {other.word} connector is for {listed(alone, 'and')}"
            yield _said(connector.owner, connector.urn, clause, _BOTH)


def _agree(stack: Stack) -> Iterable[Violation]:
    of_partners = _of_partners(stack)
    for _urn, partner in stack.partners:
        for inbound, outbound in product(of_partners[partner], repeat=2):
            if inbound.direction is not Direction.INBOUND or outbound.direction is not Direction.OUTBOUND:
                continue
            only = sorted(set(inbound.domains) ^ set(outbound.domains))
            if only and not (inbound.unknown | outbound.unknown) & _DOMAINS:
                clause = f"{inbound.called} and {outbound.called} are not for the same domains ({listed(only, 'and')})"
                yield _said(inbound.owner, inbound.urn, clause, _AGREE)
    for connector, only in _alone(stack):
        if only and len(only) < len(connector.domains):
            clause = f"{connector.called} is for {listed(only, 'and')} too, and the other direction is not"
            yield _said(connector.owner, connector.urn, clause, _AGREE)


def _one_per_domain(stack: Stack) -> Iterable[Violation]:
    for direction in Direction:
        users: dict[str, list[Connector]] = defaultdict(list)
        for connector in stack.of(direction):
            if not connector.settings.enabled or not connector.settings.is_partner:
                continue
            rivals: dict[str, Connector] = {}
            shared = []
            for domain in connector.domains:
                earlier = [other for other in users[domain] if not _told_apart(connector, other)]
                rivals |= {other.urn: other for other in earlier}
                if earlier:
                    shared.append(domain)
                users[domain].append(connector)
            if shared:
                names = [f"'{other.settings.name}'" for other in rivals.values()]
                verb = "is" if len(names) == 1 else "are"
                clause = f"{connector.called} is for {listed(shared, 'and')}, and so {verb} {listed(names, 'and')}"
                yield _said(connector.owner, connector.urn, clause, _ONE)


def _told_apart(one: Connector, other: Connector) -> bool:
    """Whether no message can fall to both: what it comes with, or from where, decides which."""
    if (one.unknown | other.unknown) & _KNOWN_BY:
        return True
    if not isinstance(one.settings, InboundSettings) or not isinstance(other.settings, InboundSettings):
        return False
    return told_apart(one.settings, other.settings)


def _off_for_a_time(stack: Stack) -> Iterable[Violation]:
    """A direction that is off while the other one is not, and nothing else takes its mail."""
    in_use = {
        way: _domains(one for one in stack.of(way) if one.settings.enabled and one.settings.is_partner)
        for way in Direction
    }
    for connector in (*(one for one in stack.connectors if one.partner is not None), *_standalone(stack)):
        off = () if connector.settings.enabled else connector.domains
        here, there = in_use[connector.direction], in_use[connector.direction.other]
        if left := [domain for domain in off if domain in there and domain not in here]:
            clause = (
                f"{connector.called} is switched off, and the other direction is not: {_meanwhile(connector, left)}"
            )
            waiver = f"- {{policy: {_OFF_ID}, partner: {connector.owner}, reason: …, expires: YYYY-MM-DD}}"
            remediation = f"Switch it on, or write below regulated-partners:waivers until when it is off: {waiver}."
            yield _said(connector.owner, connector.urn, clause, remediation)


def _meanwhile(connector: Connector, domains: list[str]) -> str:
    if connector.direction is Direction.INBOUND:
        return f"mail from {listed(domains, 'and')} is accepted without the connector's demands"
    return f"mail to {listed(domains, 'and')} goes out without TLS where the server offers none"


def _of_partners(stack: Stack) -> Mapping[str, Sequence[Connector]]:
    """The connectors of each partner; of thousands of partners each asks for its own."""
    found: dict[str, list[Connector]] = defaultdict(list)
    for connector in stack.connectors:
        if connector.partner is not None:
            found[connector.partner].append(connector)
    return found


def _alone(stack: Stack) -> Iterable[tuple[Connector, list[str]]]:
    """Each connector without a partner, with its domains that the other direction does not know."""
    served = {direction: _domains(stack.of(direction)) for direction in Direction}
    known = {way: not any(_DOMAINS & one.unknown for one in stack.of(way)) for way in Direction}
    for connector in _standalone(stack):
        other = connector.direction.other
        if known[other]:
            yield connector, [domain for domain in connector.domains if domain not in served[other]]


def _domains(connectors: Iterable[Connector]) -> set[str]:
    return {domain for connector in connectors for domain in connector.domains}


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
_ONE = (
    "Keep the domain with one connector of a direction, or tell inbound ones apart: one by a certificate "
    "(restrictDomainsToCertificate), one by addresses."
)
_OFF_ID = "direction-switched-off"

RULES = (
    StackRule(
        id="partner-both-directions",
        severity=Severity.HIGH,
        description="Every partner has an inbound and an outbound connector.",
        remediation=_BOTH,
        why="Forced TLS in one direction leaves the answers, which quote the mail, without it.",
        source="Exchange Online mail flow pages (2022): one inbound and one outbound connector per partner",
        of_tenant=True,
        test=_both_directions,
    ),
    StackRule(
        id="partner-directions-agree",
        severity=Severity.HIGH,
        description="The two connectors of a partner are for the same domains.",
        remediation=_AGREE,
        why="A domain that only one direction knows travels without TLS in the other.",
        source="this project's meaning of a pair",
        of_tenant=True,
        test=_agree,
    ),
    StackRule(
        id="one-connector-per-domain",
        severity=Severity.HIGH,
        description="A domain belongs to one connector of each direction; inbound ones that a certificate or addresses "
        "tell apart may share it.",
        remediation=_ONE,
        why="Duplicates can cause errors, and mail might not be delivered; which one is used is not documented. Where "
        "one is known by a certificate and one by addresses, what the message comes with decides.",
        source="Exchange Online mail flow pages (2022); OfficeDocs-Exchange issue 900; EOP field notes 2017-02-23",
        of_tenant=True,
        test=_one_per_domain,
    ),
    StackRule(
        id=_OFF_ID,
        severity=Severity.HIGH,
        description="A direction of a partner that is switched off while the other is in use has an end date.",
        remediation="Set enabled to true again, or declare a waiver, whose last day says until when it is off.",
        why="What is switched off at night for an outage stays off, and mail flows unprotected, until somebody is "
        "made to think of it.",
        source="this project; New-InboundConnector, New-OutboundConnector, Enabled",
        of_tenant=True,
        test=_off_for_a_time,
    ),
)
