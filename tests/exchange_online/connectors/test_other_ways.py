"""Other connectors and rules that can take or refuse the mail of a connector."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import (
    ConnectorSettings,
    Direction,
    InboundSettings,
    OtherConnector,
    OtherWays,
    RoutingRule,
    WayKind,
    Weight,
    check,
    told_apart,
)

PARTNER_IN: dict[str, Any] = {
    "name": "A Bank - inbound",
    "senderDomains": ["abank.example"],
    "restrictDomainsToCertificate": True,
    "tlsSenderCertificateName": "mail.abank.example",
}
BY_ADDRESS: dict[str, Any] = {
    "name": "A Bank - inbound",
    "senderDomains": ["abank.example"],
    "restrictDomainsToIpAddresses": True,
    "senderIpAddresses": ["203.0.113.7"],
}
PARTNER_OUT: dict[str, Any] = {
    "name": "A Bank - outbound",
    "recipientDomains": ["abank.example", "*.pay.abank.example"],
    "tlsSettings": "DomainValidation",
    "tlsDomain": "mail.abank.example",
}
OWN: dict[str, Any] = {"connectorType": "OnPremises"}


def _settings(direction: Direction, **properties: Any) -> ConnectorSettings:
    return check(direction, {"name": "Other", **properties}).settings


def _inbound(**properties: Any) -> InboundSettings:
    settings = _settings(Direction.INBOUND, **properties)
    assert isinstance(settings, InboundSettings)
    return settings


def _found(
    subject: ConnectorSettings, *others: ConnectorSettings, rules: tuple[RoutingRule, ...] = ()
) -> list[tuple[WayKind, Weight]]:
    known = [OtherConnector(f"guid-{number}", other) for number, other in enumerate(others)]
    return [(way.kind, way.weight) for way in OtherWays(known, rules).of(subject)]


_WIDE: dict[str, Any] = {"senderDomains": ["*"]}
_BY_CERTIFICATE: dict[str, Any] = {
    "restrictDomainsToCertificate": True,
    "tlsSenderCertificateName": "*.gateway.example",
}
_BY_ADDRESSES: dict[str, Any] = {"restrictDomainsToIpAddresses": True, "senderIpAddresses": ["203.0.113.0/24"]}
_LISTED: dict[str, Any] = {"senderIpAddresses": ["198.51.100.9"]}


@pytest.mark.parametrize(
    ("subject", "other", "expected"),
    [
        (PARTNER_IN, {"senderDomains": ["abank.example"]}, (WayKind.SAME_MAIL, Weight.TAKES)),
        (PARTNER_IN, {"senderDomains": ["*.abank.example"], "requireTls": False}, (WayKind.SAME_MAIL, Weight.TAKES)),
        (
            {**PARTNER_IN, "senderDomains": ["*.abank.example"]},
            {"senderDomains": ["abank.example"]},
            (WayKind.SAME_MAIL, Weight.TAKES),
        ),
        (
            {**PARTNER_IN, "senderDomains": ["*.abank.example"]},
            {"senderDomains": ["a.b.abank.example"]},
            (WayKind.SAME_MAIL, Weight.TAKES),
        ),
        (PARTNER_IN, {"senderDomains": ["abank.example"], "enabled": False}, (WayKind.NOT_IN_USE, Weight.NOTE)),
        (PARTNER_IN, {**_WIDE, **_BY_CERTIFICATE}, (WayKind.RESTRICTION, Weight.REFUSES)),
        (PARTNER_IN, {**_WIDE, **_BY_ADDRESSES}, (WayKind.RESTRICTION, Weight.REFUSES)),
        (BY_ADDRESS, {**_WIDE, **_BY_ADDRESSES}, (WayKind.WIDER, Weight.NOTE)),
        (
            {**PARTNER_IN, "tlsSenderCertificateName": "mx.gateway.example"},
            {**_WIDE, **_BY_CERTIFICATE},
            (WayKind.WIDER, Weight.NOTE),
        ),
        (PARTNER_IN, _WIDE, (WayKind.WIDER, Weight.NOTE)),
        (PARTNER_IN, {**_WIDE, **_LISTED}, (WayKind.WIDER, Weight.NOTE)),
        (
            {**PARTNER_IN, "restrictDomainsToCertificate": False},
            {**_WIDE, **_LISTED},
            (WayKind.WIDER, Weight.TAKES),
        ),
        (
            PARTNER_IN,
            {**OWN, "senderDomains": ["abank.example"]},
            (WayKind.OWN_SERVERS, Weight.TAKES),
        ),
        (
            PARTNER_IN,
            {**OWN, **_WIDE, "tlsSenderCertificateName": "*.abank.example"},
            (WayKind.OWN_SERVERS, Weight.TAKES),
        ),
        (BY_ADDRESS, {**OWN, **_WIDE, "senderIpAddresses": ["203.0.113.7"]}, (WayKind.OWN_SERVERS, Weight.TAKES)),
        (
            PARTNER_IN,
            {"senderDomains": ["else.example"], "trustedOrganizations": ["abank.example"]},
            (WayKind.ORGANIZATION, Weight.TAKES),
        ),
    ],
)
def test_mail_from_a_partner(subject: dict[str, Any], other: dict[str, Any], expected: tuple[WayKind, Weight]) -> None:
    """Failing, a connector that takes or refuses the partner's mail stays unseen, or one that does not is alarming."""
    assert _found(_inbound(**subject), _inbound(**other)) == [expected]


@pytest.mark.parametrize(
    "other",
    [
        {"senderDomains": ["other.example"]},
        {"senderDomains": ["notabank.example", "example"]},
        {**OWN, **_WIDE, "tlsSenderCertificateName": "mail.contoso.com"},
        {**OWN, **_WIDE, "restrictDomainsToIpAddresses": True, "senderIpAddresses": ["192.0.2.40"]},
        {**_WIDE, **_BY_CERTIFICATE, "enabled": False},
    ],
)
def test_what_cannot_meet_the_mail_is_not_mentioned(other: dict[str, Any]) -> None:
    """Failing, the warnings that matter drown in those that do not."""
    assert _found(_inbound(**PARTNER_IN), _inbound(**other)) == []


def test_two_vendors_for_every_sender_are_told_apart() -> None:
    """Failing, two gateways, or a signature service beside a gateway, which is common, are an alarm (case E27)."""
    gateway = _inbound(name="Gateway", **_WIDE, **_BY_CERTIFICATE)
    addresses = _inbound(name="By address", **_WIDE, **_LISTED)
    signatures = _inbound(name="Signatures", **OWN, **_WIDE, **_BY_ADDRESSES)
    assert told_apart(gateway, addresses)
    for subject, others in (
        (gateway, (addresses, signatures)),
        (addresses, (gateway, signatures)),
        (signatures, (gateway, addresses)),
    ):
        assert [weight for _, weight in _found(subject, *others) if weight is not Weight.NOTE] == []


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"recipientDomains": ["abank.example"]}, [(WayKind.SAME_MAIL, Weight.TAKES)]),
        ({"recipientDomains": ["x.pay.abank.example"]}, [(WayKind.SAME_MAIL, Weight.TAKES)]),
        ({"recipientDomains": ["*.x.pay.abank.example"]}, [(WayKind.SAME_MAIL, Weight.TAKES)]),
        ({"recipientDomains": ["*.abank.example"]}, [(WayKind.WIDER, Weight.NOTE)]),
        ({"recipientDomains": ["pay.abank.example"]}, []),
        ({"recipientDomains": ["*"]}, [(WayKind.WIDER, Weight.NOTE)]),
        ({**OWN, "allAcceptedDomains": True}, [(WayKind.WIDER, Weight.NOTE)]),
        (
            {**OWN, "recipientDomains": ["*"], "routeAllMessagesViaOnPremises": True},
            [(WayKind.CENTRALIZED, Weight.TAKES)],
        ),
        ({"recipientDomains": ["abank.example"], "testMode": True}, [(WayKind.NOT_IN_USE, Weight.NOTE)]),
        ({"recipientDomains": ["abank.example"], "enabled": False}, [(WayKind.NOT_IN_USE, Weight.NOTE)]),
        ({"recipientDomains": [], "isTransportRuleScoped": True}, []),
        ({"recipientDomains": ["other.example"]}, []),
    ],
)
def test_mail_to_a_partner(other: dict[str, Any], expected: list[tuple[WayKind, Weight]]) -> None:
    """Failing, mail to the partner goes another way and nobody is told, or a catch-all is an alarm for everybody."""
    assert _found(_settings(Direction.OUTBOUND, **PARTNER_OUT), _settings(Direction.OUTBOUND, **other)) == expected


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({}, True),
        ({"recipient_domains": ("abank.example",)}, True),
        ({"recipient_domains": ("example",)}, True),
        ({"recipient_domains": ("x.pay.abank.example",)}, True),
        ({"recipient_domains": ("other.example",)}, False),
        ({"spared_domains": ("abank.example",)}, False),
        ({"in_force": False}, False),
        ({"connector": "A Bank - OUTBOUND"}, False),
        ({"connector": "GUID-OWN"}, False),
    ],
)
def test_a_transport_rule_that_routes_away(rule: dict[str, Any], found: bool) -> None:
    """Failing, a rule sends the partner's mail past its connector unseen, or one that does not is an alarm."""
    given = RoutingRule(**{"name": "Route", "guid": "r", "connector": "Vendor", **rule})
    ways = OtherWays([], [given]).of(_settings(Direction.OUTBOUND, **PARTNER_OUT), "guid-own")
    assert [way.kind for way in ways] == ([WayKind.RULE] if found else [])


def test_what_is_known_and_meant_is_a_note() -> None:
    """Failing, a gateway that everybody knows is drift for ever; or naming one connector hides another."""
    lock_down = OtherConnector("guid-1", _inbound(name="Gateway", **_WIDE, **_BY_CERTIFICATE))
    (way,) = OtherWays([lock_down]).of(_inbound(**PARTNER_IN))
    assert way.is_alarm
    assert not way.consented([" gateway "]).is_alarm
    assert not way.consented(["GUID-1"]).is_alarm
    assert way.consented(["Gate", "guid"]).is_alarm


def test_a_connector_does_not_meet_itself() -> None:
    """Failing, every connector that is there already is an alarm about itself."""
    own = OtherConnector("guid-own", _inbound(**PARTNER_IN))
    assert OtherWays([own]).of(_inbound(**PARTNER_IN), "GUID-OWN") == ()


def test_thousands_are_looked_up_and_not_compared_with_one_another() -> None:
    """Failing, the look at a full tenant compares each connector with each, which is millions for one preview."""
    others = [
        OtherConnector(str(number), _inbound(name=f"C{number}", senderDomains=[f"d{number}.example"]))
        for number in range(2000)
    ]
    ways = OtherWays(others)
    looked: list[str] = []
    original = ways.naming

    def counted(direction: Direction, domain: str) -> Any:
        for other, name in original(direction, domain):
            looked.append(name)
            yield other, name

    ways.naming = counted  # type: ignore[method-assign]
    assert all(len(ways.of(other.settings, "")) == 1 for other in others)
    assert len(looked) == 2000
