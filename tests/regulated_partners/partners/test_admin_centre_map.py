"""Each option of the admin centre, and the cmdlet parameters that it becomes.

Source: connector reference, section 6 and 6.1; the two articles of 2014 that describe the scenario.
"""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import Direction
from tests.regulated_partners.partners.declared import FABRIKAM, fabrikam, sent

ABSENT = object()

STRICTEST_INBOUND = {
    "Name": "Fabrikam Bank - inbound",
    "ConnectorType": "Partner",
    "Enabled": True,
    "SenderDomains": ["fabrikam.com", "*.fabrikam.com"],
    "RequireTls": True,
    "RestrictDomainsToCertificate": True,
    "RestrictDomainsToIPAddresses": False,
    "TlsSenderCertificateName": "mail.fabrikam.com",
}
STRICTEST_OUTBOUND = {
    "Name": "Fabrikam Bank - outbound",
    "ConnectorType": "Partner",
    "Enabled": True,
    "RecipientDomains": ["fabrikam.com", "*.fabrikam.com"],
    "UseMXRecord": True,
    "TlsSettings": "DomainValidation",
    "TlsDomain": "mail.fabrikam.com",
}


def test_three_lines_are_forced_tls_in_both_directions() -> None:
    """A failure means that the shortest declaration is not the strictest, or sends what nobody declared."""
    assert sent(Direction.INBOUND, FABRIKAM) == STRICTEST_INBOUND
    assert sent(Direction.OUTBOUND, FABRIKAM) == STRICTEST_OUTBOUND


#: The option in the words of the articles, what is declared, and what differs from the strictest connector.
INBOUND: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("name", {"name": "Dogs and Cats"}, {"Name": "Dogs and Cats - inbound"}),
    ("name of this connector", {"inbound": {"name": "From Fabrikam"}}, {"Name": "From Fabrikam"}),
    ("comment", {"comment": "SEC-1234"}, {"Comment": "SEC-1234"}),
    ("comment of this connector", {"comment": "a", "inbound": {"comment": "b"}}, {"Comment": "b"}),
    ("enabled", {"enabled": True}, {"Enabled": True}),
    ("not enabled", {"enabled": False}, {"Enabled": False}),
    ("domains", {"domains": ["dogsandcats.com"]}, {"SenderDomains": ["dogsandcats.com"]}),
    (
        "connection security: Force TLS",
        {"inbound": {"connectionSecurity": "forceTls"}},
        {"RequireTls": True},
    ),
    (
        "connection security: Opportunistic TLS (with a restriction by IP addresses)",
        {
            "inbound": {
                "connectionSecurity": "opportunisticTls",
                "restrictDomainsBy": "ipAddresses",
                "senderIpAddresses": ["192.0.2.1"],
            }
        },
        {
            "RequireTls": False,
            "RestrictDomainsToCertificate": False,
            "RestrictDomainsToIPAddresses": True,
            "SenderIPAddresses": ["192.0.2.1"],
            "TlsSenderCertificateName": ABSENT,
        },
    ),
    (
        "certificate field",
        {"certificateName": "mail.dogsandcats.com"},
        {"TlsSenderCertificateName": "mail.dogsandcats.com"},
    ),
    (
        "certificate field of this direction",
        {"inbound": {"certificateName": "*.out.fabrikam.com"}},
        {"TlsSenderCertificateName": "*.out.fabrikam.com"},
    ),
    (
        "domain restrictions: none",
        {"inbound": {"restrictDomainsBy": "none"}},
        {"RestrictDomainsToCertificate": False, "TlsSenderCertificateName": ABSENT},
    ),
    (
        "domain restrictions: by certificate",
        {"inbound": {"restrictDomainsBy": "certificate"}},
        {"RestrictDomainsToCertificate": True, "RequireTls": True},
    ),
    (
        "domain restrictions: by IP addresses",
        {"inbound": {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["203.0.113.9/28", "192.0.2.1"]}},
        {
            "RestrictDomainsToCertificate": False,
            "RestrictDomainsToIPAddresses": True,
            "SenderIPAddresses": ["192.0.2.1", "203.0.113.0/28"],
            "TlsSenderCertificateName": ABSENT,
        },
    ),
    (
        "identified by IP addresses, nothing restricted but TLS",
        {"inbound": {"restrictDomainsBy": "none", "senderIpAddresses": ["192.0.2.1"]}},
        {
            "RestrictDomainsToCertificate": False,
            "SenderIPAddresses": ["192.0.2.1"],
            "TlsSenderCertificateName": ABSENT,
        },
    ),
    (
        "further parameters",
        {"inbound": {"settings": {"efSkipIps": ["198.51.100.1"], "efUsers": ["laura@contoso.com"]}}},
        {"EFSkipIPs": ["198.51.100.1"], "EFUsers": ["laura@contoso.com"]},
    ),
]

OUTBOUND: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("name", {"name": "Dogs and Cats"}, {"Name": "Dogs and Cats - outbound"}),
    ("name of this connector", {"outbound": {"name": "To Fabrikam"}}, {"Name": "To Fabrikam"}),
    ("comment", {"comment": "SEC-1234"}, {"Comment": "SEC-1234"}),
    ("comment of this connector", {"comment": "a", "outbound": {"comment": "b"}}, {"Comment": "b"}),
    ("enabled", {"enabled": False}, {"Enabled": False}),
    ("not the other one", {"inbound": {"enabled": True}}, {}),
    ("domains", {"domains": ["dogsandcats.com"]}, {"RecipientDomains": ["dogsandcats.com"]}),
    (
        "option 1: Opportunistic TLS",
        {"outbound": {"connectionSecurity": "opportunisticTls"}},
        {"TlsSettings": ABSENT, "TlsDomain": ABSENT},
    ),
    (
        "option 2: self-signed certificate",
        {
            "outbound": {"connectionSecurity": "selfSignedCertificate"},
            "inbound": {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.1"]},
        },
        {"TlsSettings": "EncryptionOnly", "TlsDomain": ABSENT},
    ),
    (
        "option 3: trusted certification authority (CA)",
        {"outbound": {"connectionSecurity": "trustedCertificationAuthority"}},
        {"TlsSettings": "CertificateValidation", "TlsDomain": ABSENT},
    ),
    (
        "option 4: recipient certificate matches domain",
        {"outbound": {"connectionSecurity": "recipientCertificateMatchesDomain"}},
        {"TlsSettings": "DomainValidation", "TlsDomain": "mail.fabrikam.com"},
    ),
    (
        "option 4 with a wildcard for server1 and server2",
        {"outbound": {"tlsDomain": "*.partner.com"}},
        {"TlsDomain": "*.partner.com"},
    ),
    ("mail delivery: MX record", {"outbound": {"smartHosts": []}}, {"UseMXRecord": True, "SmartHosts": ABSENT}),
    (
        "mail delivery: smart hosts",
        {"outbound": {"smartHosts": ["mx2.fabrikam.com", "MX1.fabrikam.com", "[192.0.2.1]"]}},
        {"UseMXRecord": False, "SmartHosts": ["192.0.2.1", "mx1.fabrikam.com", "mx2.fabrikam.com"]},
    ),
    (
        "validation",
        {"outbound": {"validationRecipients": ["postmaster@fabrikam.com"]}},
        {"ValidationRecipients": ["postmaster@fabrikam.com"]},
    ),
    (
        "stronger: DANE",
        {"outbound": {"settings": {"smtpDaneMode": "Mandatory", "mtaStsMode": "None"}}},
        {"SmtpDaneMode": "Mandatory", "MtaStsMode": "None"},
    ),
]


def merged(strictest: dict[str, Any], differs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**strictest, **differs}.items() if value is not ABSENT}


@pytest.mark.parametrize(("option", "declared", "differs"), INBOUND, ids=[option for option, _, _ in INBOUND])
def test_an_option_for_mail_from_the_partner(option: str, declared: dict[str, Any], differs: dict[str, Any]) -> None:
    """A failure means that an option does something else than the admin centre's option of the same words."""
    expected = merged(STRICTEST_INBOUND, differs)
    assert sent(Direction.INBOUND, fabrikam(**declared)) == expected, option


@pytest.mark.parametrize(("option", "declared", "differs"), OUTBOUND, ids=[option for option, _, _ in OUTBOUND])
def test_an_option_for_mail_to_the_partner(option: str, declared: dict[str, Any], differs: dict[str, Any]) -> None:
    """A failure means that an option does something else than the admin centre's option of the same words."""
    expected = merged(STRICTEST_OUTBOUND, differs)
    assert sent(Direction.OUTBOUND, fabrikam(**declared)) == expected, option


def test_an_option_of_one_direction_leaves_the_other_alone() -> None:
    """A failure means that loosening one direction loosens the other."""
    for _, declared, _ in INBOUND:
        if set(declared) == {"inbound"}:
            assert sent(Direction.OUTBOUND, fabrikam(**declared)) == STRICTEST_OUTBOUND
    for _, declared, _ in OUTBOUND:
        if set(declared) == {"outbound"}:
            assert sent(Direction.INBOUND, fabrikam(**declared)) == STRICTEST_INBOUND


def test_different_names_for_sending_and_receiving_servers() -> None:
    """A failure means that a partner whose servers show two certificates cannot be declared."""
    declared = fabrikam(
        "certificateName", inbound={"certificateName": "out.fabrikam.com"}, outbound={"tlsDomain": "in.fabrikam.com"}
    )
    assert sent(Direction.INBOUND, declared)["TlsSenderCertificateName"] == "out.fabrikam.com"
    assert sent(Direction.OUTBOUND, declared)["TlsDomain"] == "in.fabrikam.com"


def test_a_partner_without_certificate_names() -> None:
    """A failure means that a partner known by addresses, with any trusted certificate, must name one all the same."""
    declared = fabrikam(
        "certificateName",
        inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.1"]},
        outbound={"connectionSecurity": "trustedCertificationAuthority"},
    )
    assert "TlsSenderCertificateName" not in sent(Direction.INBOUND, declared)
    assert "TlsDomain" not in sent(Direction.OUTBOUND, declared)


@pytest.mark.parametrize("nothing", [None, "", []])
def test_nothing_written_is_the_default(nothing: object) -> None:
    """A failure means that a line left empty in YAML loosens a connector, or refuses the file."""
    texts = None if nothing == [] else nothing
    declared = fabrikam(
        comment=texts,
        aliases=nothing,
        inbound={"senderIpAddresses": nothing, "certificateName": texts, "settings": None},
        outbound={"smartHosts": nothing, "validationRecipients": nothing, "tlsDomain": texts},
    )
    assert sent(Direction.INBOUND, declared) == STRICTEST_INBOUND
    assert sent(Direction.OUTBOUND, declared) == STRICTEST_OUTBOUND
    assert sent(Direction.INBOUND, fabrikam(inbound=None, outbound=None)) == STRICTEST_INBOUND
