"""Certificates that every customer of a service shows prove no partner."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import Direction, Severity, check, shared_certificate
from exchange_online.connectors.shared_certificates import SHARED_CERTIFICATES, Basis

#: A connector's certificate name, and whose certificate meets it, as far as it is a service's.
NAMES: list[tuple[str, str | None]] = [
    ("mail.protection.outlook.com", "Microsoft 365"),
    ("*.protection.outlook.com", "Microsoft 365"),
    ("*.outlook.com", "Microsoft 365"),
    ("outlook.com", "Microsoft 365"),
    ("abank-example.mail.protection.outlook.com", "Microsoft 365"),
    ("*.mail.protection.outlook.com", "Microsoft 365"),
    ("mail.messaging.microsoft.com", "Microsoft 365"),
    ("mx.microsoft", "Microsoft 365"),
    ("*.mx.microsoft", "Microsoft 365"),
    ("mail.protection.office365.us", "Microsoft 365 (GCC High, DoD)"),
    ("*.protection.office365.us", "Microsoft 365 (GCC High, DoD)"),
    ("*.office365.us", "Microsoft 365 (GCC High, DoD)"),
    ("mail.protection.partner.outlook.cn", "Microsoft 365 (21Vianet, China)"),
    ("*.partner.outlook.cn", "Microsoft 365 (21Vianet, China)"),
    ("smtp.gmail.com", "Google Workspace and Gmail"),
    ("mx.google.com", "Google Workspace and Gmail"),
    ("*.google.com", "Google Workspace and Gmail"),
    ("alt1.aspmx.l.google.com", "Google Workspace and Gmail"),
    ("*.mimecast.com", "Mimecast"),
    ("eu-smtp-1.mimecast.com", "Mimecast"),
    ("*.pphosted.com", "Proofpoint"),
    ("mx0a-001234.pphosted.com", "Proofpoint"),
    ("*.mailroute.net", "MailRoute"),
    # Each customer there has a certificate of its own.
    ("*.iphmx.com", "Cisco Secure Email Cloud Gateway"),
    ("*.abank.iphmx.com", None),
    ("mx1.abank.iphmx.com", None),
    # The partner's own, however it looks.
    ("mail.fabrikam.com", None),
    ("*.fabrikam.com", None),
    ("mail.protection.outlook.com.fabrikam.com", None),
    ("notoutlook.com", None),
    ("*.notmimecast.com", None),
    ("mail.protection-outlook.com", None),
    ("deep.below.pphosted.com", None),
    ("", None),
]


@pytest.mark.parametrize(("name", "service"), NAMES)
def test_whose_certificate_a_name_is_met_by(name: str, service: str | None) -> None:
    """Failing: the certificate of all of a service's customers counts as the partner's, or a partner's own does not."""
    found = shared_certificate(name)
    assert (found.service if found else None) == service
    assert shared_certificate(name.upper()) == found
    assert shared_certificate(None) is None


def test_every_service_has_its_source() -> None:
    """Failing: a name is called shared, and mail of partners warned about, by hearsay."""
    for shared in SHARED_CERTIFICATES:
        assert len(shared.source) > 20
        assert shared.basis in Basis
        assert shared.names or shared.customers


BASE: dict[str, Any] = {
    "name": "A Bank",
    "senderDomains": ["abank.example"],
    "restrictDomainsToCertificate": True,
    "tlsSenderCertificateName": "mail.protection.outlook.com",
}

#: What is declared, and whether the certificate is asked for to know somebody.
INBOUND: list[tuple[dict[str, Any], str | None]] = [
    ({}, "partner"),
    ({"senderDomains": ["abank.example", "*.abank.example"]}, "partner"),
    ({"connectorType": "OnPremises", "restrictDomainsToCertificate": False}, "sender"),
    ({"tlsSenderCertificateName": "mail.abank.example"}, None),
    # Everybody's mail through the tenant's own gateway: the certificate is asked for to know the gateway.
    ({"senderDomains": ["*"], "allowTenantWideRestriction": True, "tlsSenderCertificateName": "*.mimecast.com"}, None),
    # Stored, and asked for by nobody.
    ({"restrictDomainsToCertificate": False}, None),
]


@pytest.mark.parametrize(("declared", "whose"), INBOUND)
def test_an_inbound_connector_that_anybody_can_meet_is_warned_about(
    declared: dict[str, Any], whose: str | None
) -> None:
    """Failing: mail that any tenant of Microsoft 365 sends in a bank's name passes, and nobody was told (E06, A49d)."""
    checked = check(Direction.INBOUND, {**BASE, **declared})
    found = [finding for finding in checked.findings if finding.rule == "shared"]
    assert bool(found) is (whose is not None)
    for finding in found:
        assert (finding.severity, finding.path) == (Severity.WARNING, "tlsSenderCertificateName")
        assert "every customer of Microsoft 365 shows a certificate for mail.protection.outlook.com" in finding.reason
        assert f"so it does not prove the {whose}" in finding.reason
        assert finding.remedy.startswith("a certificate of the partner's own")
        assert "mail between two such organizations uses no other parameter" in finding.remedy


def test_an_outbound_connector_to_a_service_is_right() -> None:
    """Failing: every partner on Microsoft 365 is warned about for ever, and nothing can be done about it."""
    declared = {
        "name": "A Bank",
        "recipientDomains": ["abank.example"],
        "tlsSettings": "DomainValidation",
        "tlsDomain": "mail.protection.outlook.com",
    }
    assert check(Direction.OUTBOUND, declared).findings == ()


#: Declared addresses, and those among them from which every customer of Microsoft 365 sends.
ADDRESSES: list[tuple[dict[str, Any], str]] = [
    ({"senderIpAddresses": ["40.107.22.1", "192.0.2.10"]}, "40.107.22.1"),
    (
        {"senderIpAddresses": ["40.92.0.0/24", "52.103.255.255", "104.47.0.1"]},
        "40.92.0.0/24, 52.103.255.255 and 104.47.0.1",
    ),
    ({"senderIpAddresses": ["40.107.22.1"], "restrictDomainsToIpAddresses": False}, "40.107.22.1"),
    ({"senderIpAddresses": ["192.0.2.10", "104.47.128.1", "40.94.0.0/24"]}, ""),
    ({"senderIpAddresses": ["40.107.22.1"], "senderDomains": ["*"], "allowTenantWideRestriction": True}, ""),
    ({"senderIpAddresses": ["40.107.22.1"], "connectorType": "OnPremises"}, ""),
]


@pytest.mark.parametrize(("declared", "named"), ADDRESSES)
def test_addresses_that_a_whole_service_sends_from_prove_no_partner(declared: dict[str, Any], named: str) -> None:
    """Failing: who follows the advice to go by addresses lists those of Microsoft 365, and is told nothing."""
    by_address = {
        "name": "A Bank",
        "senderDomains": ["abank.example"],
        "restrictDomainsToIpAddresses": True,
        **declared,
    }
    found = [one for one in check(Direction.INBOUND, by_address).findings if one.rule == "shared"]
    assert [one.path for one in found] == (["senderIpAddresses"] if named else [])
    assert all(f"every customer of Microsoft 365 sends from {named}, so" in one.reason for one in found)
