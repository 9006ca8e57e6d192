"""Every rule over whole inbound connectors: a declaration that breaks it, and a neighbour that does not."""

from __future__ import annotations

import pytest

from exchange_online.connectors import Severity
from tests.exchange_online.connectors.declared import Case, inbound

CERTIFICATE = {"restrictDomainsToCertificate": True, "tlsSenderCertificateName": "mail.fabrikam.com"}
ADDRESSES = {"restrictDomainsToIpAddresses": True, "senderIpAddresses": ["192.0.2.1"]}
EVERYBODY = {"senderDomains": ["*"]}
ON_PREMISES = {"connectorType": "OnPremises"}
NO_TLS = {"requireTls": False}
INTERNAL = {"treatMessagesAsInternal": True}
HYBRID = {"cloudServicesMailEnabled": True}
SKIPPED = {"efSkipIps": ["198.51.100.1"]}

ON_CERTIFICATE = "restrictDomainsToCertificate"
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
    Case("ef", "efSkipIps", "public", {"efSkipIps": ["172.31.0.0/24"]}, {"efSkipIps": ["172.32.0.0/24"]}, WARNING),
    Case("ef", "efSkipIps", "public", {"efSkipIps": ["10.0.0.1-10.0.0.9"]}, SKIPPED, WARNING),
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


@pytest.mark.parametrize("declared", [{}, CERTIFICATE, ADDRESSES, EVERYBODY, SKIPPED, {**HYBRID, **ON_PREMISES}])
def test_usual_connectors_have_no_findings(declared: dict[str, object]) -> None:
    """A failure means that people learn to ignore findings."""
    assert inbound(**declared).findings == ()
