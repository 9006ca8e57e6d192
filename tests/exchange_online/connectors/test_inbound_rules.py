"""Every rule over whole inbound connectors: a declaration that breaks it, and a neighbour that does not."""

from __future__ import annotations

import pytest

from exchange_online.connectors import Severity
from tests.exchange_online.connectors.declared import Case, inbound, only, said

CERTIFICATE = {"restrictDomainsToCertificate": True, "tlsSenderCertificateName": "mail.fabrikam.com"}
ADDRESSES = {"restrictDomainsToIpAddresses": True, "senderIpAddresses": ["192.0.2.1"]}
EVERYBODY = {"senderDomains": ["*"]}
ON_PREMISES = {"connectorType": "OnPremises"}
NO_TLS = {"requireTls": False}
INTERNAL = {"treatMessagesAsInternal": True}
HYBRID = {"cloudServicesMailEnabled": True}
SKIPPED = {"efSkipIps": ["198.51.100.1"]}

ON_CERTIFICATE, ON_ADDRESSES = "restrictDomainsToCertificate", "restrictDomainsToIpAddresses"
NAME, LIST = "tlsSenderCertificateName", "senderIpAddresses"
WARNING = Severity.WARNING

CASES = [
    Case("V1", "name", "give it one", {"name": ""}, {"name": "F"}),
    Case("V1", "name", "give it one", {"name": "  "}, {"name": " F "}),
    Case("V1", "senderDomains", "list the partner's domains", {"senderDomains": []}, {}),
    Case("V3", "name", "at most 64", {"name": "n" * 65}, {"name": "n" * 64}),
    Case("name", "name", "leave the slash out", {"name": "Fabrikam/in"}, {"name": "[Fabrikam] - in, Inc."}),
    Case("V8", "restrictDomainsToIpAddresses", "addresses", {"restrictDomainsToIpAddresses": True}, ADDRESSES),
    Case("V9", ON_CERTIFICATE, "name in the certificate", {ON_CERTIFICATE: True}, CERTIFICATE),
    Case("V10", ON_CERTIFICATE, "requireTls to true", {**CERTIFICATE, **NO_TLS}, CERTIFICATE),
    Case("V11", ON_CERTIFICATE, "two connectors", {**CERTIFICATE, **ADDRESSES}, CERTIFICATE, WARNING),
    Case("V11", ON_CERTIFICATE, "keep the certificate", {**CERTIFICATE, **ADDRESSES}, ADDRESSES, WARNING),
    Case("V12", "senderDomains", "allowTenantWideRestriction", {**CERTIFICATE, **EVERYBODY}, EVERYBODY),
    Case(
        "V12",
        "senderDomains",
        "if that is meant",
        {**ADDRESSES, "senderDomains": ["smtp:*;1"]},
        {**ADDRESSES, **EVERYBODY, "allowTenantWideRestriction": True},
    ),
    Case(
        "V12",
        "senderDomains",
        "list the partner's domains",
        {**CERTIFICATE, "senderDomains": ["*", "a.com"]},
        {**CERTIFICATE, **EVERYBODY, **ON_PREMISES},
    ),
    Case("V12", "senderDomains", "list", {**CERTIFICATE, **EVERYBODY, "enabled": False}, CERTIFICATE),
    Case("V13", "requireTls", "require TLS", NO_TLS, {**NO_TLS, **ADDRESSES}, WARNING),
    Case("V13", "requireTls", "leave the connector out", NO_TLS, {**NO_TLS, **ON_PREMISES}, WARNING),
    Case("V14", "treatMessagesAsInternal", "leave it out for a partner", INTERNAL, {**INTERNAL, **ON_PREMISES}),
    Case("V14", "treatMessagesAsInternal", "keep one", {**INTERNAL, **HYBRID, **ON_PREMISES}, ON_PREMISES),
    Case("V15", "cloudServicesMailEnabled", "leave it out for a partner", HYBRID, {**HYBRID, **ON_PREMISES}),
    Case("ef", "efSkipIps", "keep one", {**SKIPPED, "efSkipLastIp": True}, SKIPPED, WARNING),
    Case("ef", "efSkipIps", "public", {"efSkipIps": ["172.31.0.0/24"]}, {"efSkipIps": ["172.32.0.0/24"]}),
    Case("ef", "efSkipIps", "public", {"efSkipIps": ["10.0.0.1-10.0.0.9"]}, SKIPPED),
    Case("ef", "efSkipIps", "public addr", {"efSkipIps": ["192.168.1.1"]}, {"efSkipIps": ["192.169.0.0"]}),
    Case("ef", "efSkipIps", "addresses", {"efSkipIps": ["8.0.0.0/6"]}, {"efSkipIps": ["12.0.0.0/6", "9.255.255.255"]}),
    Case("ef", "efSkipIps", "list", {"efSkipIps": ["9.0.0.0-10.0.0.0"]}, {"efSkipIps": ["9.0.0.0-9.255.255.255"]}),
    Case("ef", "efSkipIps", "list", {"efSkipIps": ["192.168.255.255-193.0.0.0"]}, {"efSkipIps": ["11.0.0.0-12.0.0.0"]}),
    Case("ef", "efSkipIps", "list", {"efSkipIps": ["172.0.0.0-173.0.0.0"]}, {"efSkipIps": ["173.0.0.0-174.0.0.0"]}),
    Case("ef", "efSkipIps", "list", {"efSkipIps": ["198.51.100.1", "0.0.0.0/0"]}, SKIPPED),
    Case("certificate", NAME, "set that to true", {NAME: "mail.fabrikam.com"}, CERTIFICATE, WARNING),
    Case(
        "certificate",
        NAME,
        "a connector of its own",
        {**ADDRESSES, NAME: "a.com"},
        {NAME: "a.com", **ON_PREMISES},
        WARNING,
    ),
    Case("addresses", LIST, "leave the list out", {**CERTIFICATE, LIST: ["192.0.2.1"]}, {LIST: ["192.0.2.1"]}, WARNING),
    Case("on-premises", ON_CERTIFICATE, "type Partner", {**CERTIFICATE, **ON_PREMISES}, CERTIFICATE, WARNING),
    Case("on-premises", ON_ADDRESSES, "leave it out", {**ADDRESSES, **ON_PREMISES}, ADDRESSES, WARNING),
    Case("V26", "recipientDomains", "leave it out of an inbound one", {"recipientDomains": ["a.com"]}, {}),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_finds_what_breaks_it(case: Case) -> None:
    """A failure means that the service refuses, or silently ignores, what the preview called fine."""
    case.assert_found(inbound(**case.breaks))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_leaves_its_neighbour_alone(case: Case) -> None:
    """A failure means that a sound declaration is refused."""
    case.assert_not_found(inbound(**case.keeps))


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("0.0.0.1", "of no host"),
        ("10.1.2.3", "private"),
        ("100.64.0.0/24", "inside a carrier's network"),
        ("100.127.192.0/18", "inside a carrier's network"),
        ("127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("172.31.255.0/24", "private"),
        ("192.0.0.8", "kept for protocols"),
        ("192.168.0.1/25", "private"),
        ("198.19.0.0/18", "for benchmarks"),
        ("224.0.0.25", "multicast"),
        ("255.255.255.255", "reserved"),
        ("240.0.0.0/18", "reserved"),
    ],
)
@pytest.mark.parametrize("beside", [{}, {ON_ADDRESSES: True}, ON_PREMISES])
def test_an_address_that_no_mail_comes_from_is_said(address: str, what: str, beside: dict[str, object]) -> None:
    """Failing: a partner is restricted to an address that its mail never comes from, and its mail is refused (A37g)."""
    finding = only(inbound(senderIpAddresses=["192.0.2.1", address], **beside))
    assert (finding.rule, finding.path, finding.severity) == ("addresses", LIST, WARNING)
    assert what in finding.reason
    assert "192.0.2.1" not in finding.reason


@pytest.mark.parametrize(
    "address",
    [
        *("192.0.2.1", "198.51.100.0/23", "203.0.113.0/24", "100.63.255.255", "100.128.0.0/18", "172.15.0.1"),
        *("172.32.0.0", "11.0.0.1", "126.1.1.1", "128.0.0.1", "192.0.1.0/24", "192.167.1.1", "192.169.0.0"),
        *("198.17.0.1", "198.20.0.1", "223.1.1.1"),
    ],
)
def test_an_address_on_the_internet_is_left_alone(address: str) -> None:
    """Failing: people learn to ignore the warning, or examples made of documentation addresses show it."""
    assert inbound(senderIpAddresses=[address], **{ON_ADDRESSES: True}).findings == ()


def test_many_of_those_addresses_make_one_sentence() -> None:
    """Failing: sixty-four ranges of one private range stand in a sentence."""
    wide = only(inbound(senderIpAddresses=["10.1.0.0/18", "192.168.7.0/23", "127.0.0.1"]))
    assert "(10.1.0.0/18 and 192.168.6.0/23: private (RFC 1918); 127.0.0.1: loopback (RFC 1122))" in wide.reason


def test_a_connector_that_demands_nothing_is_said_once() -> None:
    """Failing: advice about the name of a connector that has no effect hides that it has none."""
    assert said(inbound(**NO_TLS, **{NAME: "mail.fabrikam.com"})) == {("V13", "requireTls", WARNING)}


def test_two_restrictions_that_restrict_nothing_are_no_advice_to_declare_two() -> None:
    """Failing: who restricts a connector of type OnPremises twice is told to declare two of them."""
    found = said(inbound(**CERTIFICATE, **ADDRESSES, **ON_PREMISES))
    assert found == {("on-premises", ON_CERTIFICATE, WARNING), ("on-premises", ON_ADDRESSES, WARNING)}


@pytest.mark.parametrize(
    "declared",
    [
        {},
        CERTIFICATE,
        ADDRESSES,
        EVERYBODY,
        SKIPPED,
        {**HYBRID, **ON_PREMISES},
        {**ON_PREMISES, NAME: "mail.contoso.com"},
        {**EVERYBODY, LIST: ["203.0.113.5"]},
    ],
)
def test_usual_connectors_have_no_findings(declared: dict[str, object]) -> None:
    """A failure means that people learn to ignore findings."""
    assert inbound(**declared).findings == ()
