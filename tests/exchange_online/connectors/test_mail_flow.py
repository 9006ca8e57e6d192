"""The sentence that says what a connector does to mail."""

from __future__ import annotations

import pytest

from exchange_online.connectors import mail_flow
from tests.exchange_online.connectors.declared import inbound, outbound

CERTIFICATE = {"restrictDomainsToCertificate": True, "tlsSenderCertificateName": "mail.fabrikam.com"}
ADDRESSES = {"restrictDomainsToIpAddresses": True, "senderIpAddresses": ["192.0.2.1", "198.51.100.0/28"]}
RELAYED = {"useMxRecord": False, "smartHosts": ["mx2.a.com", "mx1.a.com"]}
VALIDATED = {"tlsSettings": "DomainValidation", "tlsDomain": "*.fabrikam.com"}


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({}, "mail from fabrikam.com (envelope sender) is refused unless it comes over TLS"),
        ({"requireTls": False}, "mail from fabrikam.com (envelope sender) is accepted with or without TLS"),
        (
            CERTIFICATE,
            "mail from fabrikam.com (envelope sender) is refused unless it comes over TLS, with a certificate for "
            "mail.fabrikam.com",
        ),
        (
            ADDRESSES,
            "mail from fabrikam.com (envelope sender) is refused unless it comes over TLS, from 192.0.2.1 or "
            "198.51.100.0/28",
        ),
        (
            {**ADDRESSES, "requireTls": False},
            "mail from fabrikam.com (envelope sender) is refused unless it comes from 192.0.2.1 or 198.51.100.0/28",
        ),
        (
            {"enabled": False},
            "(switched off) mail from fabrikam.com (envelope sender) is refused unless it comes over TLS",
        ),
        (
            {"senderDomains": ["b.com", "*.a.com", "a.com"]},
            "mail from a.com, *.a.com and b.com (envelope sender) is refused unless it comes over TLS",
        ),
        (
            {"senderDomains": [f"{letter}.com" for letter in "abcdefg"]},
            "mail from a.com, b.com, c.com, d.com and 3 more (envelope sender) is refused unless it comes over TLS",
        ),
        (
            {"tlsSenderCertificateName": "mail.fabrikam.com"},
            "mail from fabrikam.com (envelope sender) is refused unless it comes over TLS; the certificate name "
            "mail.fabrikam.com is stored and not enforced",
        ),
    ],
)
def test_inbound(declared: dict[str, object], sentence: str) -> None:
    """A failure means that an operator, or an auditor, is told something that the connector does not do."""
    assert mail_flow(inbound(**declared).settings) == sentence


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        (
            {},
            "mail to fabrikam.com is delivered by the MX record with TLS if the server offers it, else without, unless "
            "its DANE or MTA-STS demands TLS",
        ),
        (
            {"tlsSettings": "EncryptionOnly"},
            "mail to fabrikam.com is delivered by the MX record only over TLS, with any certificate",
        ),
        (
            {"tlsSettings": "CertificateValidation"},
            "mail to fabrikam.com is delivered by the MX record only over TLS, with a certificate of a trusted CA",
        ),
        (
            VALIDATED,
            "mail to fabrikam.com is delivered by the MX record only over TLS, with a trusted certificate for "
            "*.fabrikam.com",
        ),
        (
            {**VALIDATED, **RELAYED, "enabled": False},
            "(switched off) mail to fabrikam.com is delivered through mx1.a.com or mx2.a.com only over TLS, with a "
            "trusted certificate for *.fabrikam.com",
        ),
        (
            {"recipientDomains": [], "isTransportRuleScoped": True, "tlsSettings": "EncryptionOnly"},
            "mail that a transport rule routes to it is delivered by the MX record only over TLS, with any certificate",
        ),
        (
            {
                "recipientDomains": [],
                "allAcceptedDomains": True,
                "connectorType": "OnPremises",
                "tlsSettings": "EncryptionOnly",
            },
            "mail to all accepted domains is delivered by the MX record only over TLS, with any certificate",
        ),
        (
            {"tlsSettings": "Postquantum"},
            "mail to fabrikam.com is delivered by the MX record with TlsSettings Postquantum, which this version "
            "does not know",
        ),
    ],
)
def test_outbound(declared: dict[str, object], sentence: str) -> None:
    """A failure means that an operator, or an auditor, is told something that the connector does not do."""
    assert mail_flow(outbound(**declared).settings) == sentence
