"""Values that are wrong by themselves, whatever else is declared, and the right ones beside them."""

from __future__ import annotations

import pytest

from exchange_online.connectors import Checked, Direction, parameters
from tests.exchange_online.connectors.declared import inbound, only, outbound, said

#: Property, refused value, rule, words of the remedy, accepted neighbour.
TEXTS = [
    ("name", "n" * 65, "V3", "at most 64", "n" * 64),
    ("comment", 5.0, "type", "a text", "5"),
    ("connectorType", "Hybrid", "V25", "Partner, OnPremises", "onpremises"),
    ("tlsSenderCertificateName", "mail.*.com", "V4", "'*.'", "*.fabrikam.com"),
    ("tlsSenderCertificateName", "*.*.com", "V4", "'*.'", "fabrikam.com."),
    ("tlsSenderCertificateName", "*", "V4", "'*.'", "mail.fabrikam.com"),
    ("tlsSettings", "Forced", "V25", "EncryptionOnly, CertificateValidation, DomainValidation", "ENCRYPTIONONLY"),
    ("smtpDaneMode", "Always", "V25", "Mandatory", "mandatory"),
    ("mtaStsMode", "Mandatory", "V25", "Opportunistic, None", "None"),
    ("tlsDomain", "a.*.com", "V4", "'*.'", "*.a.com"),
    ("requireTls", "yes", "type", "write true or false", "True"),
    ("enabled", 1, "type", "write true or false", "false"),
    ("useMxRecord", ["true"], "type", "write true or false", True),
    ("tlsDomain", ["a.com"], "type", "a text", "a.com"),
    ("senderDomains", {"a": "b"}, "type", "list of texts", "a.com"),
    ("adoptExisting", "yes", "type", "true or false", True),
    ("allowTenantWideRestriction", 1, "type", "true or false", False),
]

#: Property, refused item, rule, words of the remedy, accepted neighbour.
ITEMS = [
    ("senderDomains", "a.*.com", "V4", "'*.'", "*.a.com"),
    ("senderDomains", "*a.com", "V4", "'*.'", "smtp:*.a.com;1"),
    ("senderDomains", "", "domain", "fabrikam.com", "smtp:a.com;1"),
    ("senderDomains", "smtp:;1", "domain", "fabrikam.com", "SMTP:a.com"),
    ("senderDomains", "192.0.2.1", "domain", "fabrikam.com", "192.0.2.a1"),
    ("senderDomains", "a\n.com", "characters", "leave it out", "a.com\n"),
    ("senderDomains", "fabrikam", "domain", "fabrikam.com", "fabrik.am"),
    ("senderDomains", "-a.com", "domain", "fabrikam.com", "a-a.com"),
    ("senderDomains", "a" * 64 + ".com", "domain", "fabrikam.com", "a" * 63 + ".com"),
    ("senderDomains", "a..com", "domain", "fabrikam.com", "a.com."),
    ("senderDomains", "☃.", "domain", "fabrikam.com", "bücher.example"),
    ("senderDomains", 5.0, "type", "a text", "5.example"),
    ("recipientDomains", "a.*", "V4", "'*.'", "*"),
    ("recipientDomains", "smtp:a@b@c.com;1", "domain", "fabrikam.com", "smtp:a.com;1"),
    ("associatedAcceptedDomains", "*.a.com", "domain", "fabrikam.com", "tenant/path/a.com"),
    ("senderIpAddresses", "2001:db8::1", "V5", "IPv4", "192.0.2.1"),
    ("senderIpAddresses", "0.0.0.0/0", "V6", "leave it and the restriction to addresses out", "198.51.100.0/23"),
    ("senderIpAddresses", "10.0.0.0/8", "V6", "ask the partner for the public addresses", "198.51.100.0/32"),
    ("senderIpAddresses", "198.51.100.77/17", "V6", "ranges from /18 to /32", "198.51.100.77/18"),
    ("senderIpAddresses", "192.0.2.0-192.0.2.9", "V7", "CIDR: 192.0.2.0/29, 192.0.2.8/31", "192.0.2.1/28"),
    ("senderIpAddresses", "0.0.0.0-255.255.255.255", "V7", "CIDR ranges from /18 to /32", "192.0.2.7/24"),
    ("senderIpAddresses", "192.0.2.9-192.0.2.1", "V7", "CIDR ranges", "192.0.2.9/31"),
    ("senderIpAddresses", "192.0.2.256", "address", "192.0.2.10", "192.0.2.255"),
    ("senderIpAddresses", "mail.a.com", "address", "192.0.2.0/28", "192.0.2.0"),
    ("efSkipIps", "2001:db8::/64", "V5", "IPv4", "199.89.0.0/21"),
    ("efSkipIps", "192.0.2.9-192.0.2.1", "address", "swap", "192.0.2.1-192.0.2.9"),
    ("efSkipIps", "192.0.2.1-192.0.2", "address", "192.0.2.10", "192.0.2.9-192.0.2.9"),
    ("efUsers", "laura", "address", "mail-tls@", "laura@contoso.com"),
    ("efUsers", "Laura <laura@contoso.com>", "address", "mail-tls@", "Laura@Contoso.com"),
    ("trustedOrganizations", " ", "type", "leave the item out", "contoso.onmicrosoft.com"),
    ("smartHosts", "mx.fabrikam.com:587", "V20", "'mx.fabrikam.com': Exchange Online always uses port 25", "a.com"),
    ("smartHosts", "192.0.2.1:25", "V20", "port 25", "192.0.2.1"),
    ("smartHosts", "[192.0.2.1]:25", "V20", "port 25", "[192.0.2.1]"),
    ("smartHosts", "[2001:db8::1]", "V5", "IPv4", "198.51.100.0/22"),
    ("smartHosts", "192.0.2.999", "address", "192.0.2.10", "192.0.2.99"),
    ("smartHosts", "mail relay", "host", "mx.fabrikam.com", "mail-relay.a.com"),
    ("validationRecipients", "a.org", "address", "mail-tls@", "test@contoso.com"),
]


def declare(key: str, value: object) -> Checked:
    """The value in a connector that has this property."""
    if key in {parameter.key for parameter in parameters(Direction.INBOUND)} or key == "allowTenantWideRestriction":
        compared = {"restrictDomainsToCertificate": True} if key == "tlsSenderCertificateName" else {}
        return inbound(**compared, **{key: value})
    relay = {"useMxRecord": False} if key == "smartHosts" else {}
    return outbound(**{"tlsSettings": "DomainValidation" if key == "tlsDomain" else None, **relay, key: value})


@pytest.mark.parametrize(("key", "refused", "rule", "remedy", "_accepted"), TEXTS)
def test_a_wrong_value_is_refused_with_a_remedy(
    key: str, refused: object, rule: str, remedy: str, _accepted: object
) -> None:
    """A failure means that the service gets a value that it refuses, or that nobody learns what to write instead."""
    finding = only(declare(key, refused))
    assert (finding.rule, finding.path) == (rule, key)
    assert remedy in finding.remedy


@pytest.mark.parametrize(("key", "refused", "rule", "remedy", "accepted"), ITEMS)
def test_a_wrong_item_is_refused_at_its_place(
    key: str, refused: object, rule: str, remedy: str, accepted: object
) -> None:
    """A failure means that somebody has to look for the wrong one among two hundred items."""
    finding = only(declare(key, [accepted, refused]))
    assert (finding.rule, finding.path, finding.top_property) == (rule, f"{key}[1]", key)
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("key", "accepted"),
    [(key, accepted) for key, _, _, _, accepted in TEXTS] + [(key, [accepted]) for key, _, _, _, accepted in ITEMS],
)
def test_its_neighbour_is_accepted(key: str, accepted: object) -> None:
    """A failure means that a value which the service takes cannot be declared."""
    assert not {(rule, path) for rule, path, _ in said(declare(key, accepted)) if path.startswith(key)} - {
        ("V21", "tlsDomain")
    }


@pytest.mark.parametrize("nothing", [None, "", []])
@pytest.mark.parametrize(
    ("direction", "key"),
    [(direction, parameter.key) for direction in Direction for parameter in parameters(direction)],
)
def test_null_and_empty_declare_nothing(direction: Direction, key: str, nothing: object) -> None:
    """A failure means that a program which passes on an unset option is refused, or changes a connector."""
    declare_all = inbound if direction is Direction.INBOUND else outbound
    left_out = declare_all(**{key: None})
    given = declare_all(**{key: nothing})
    assert given.settings == left_out.settings
    assert said(given) == said(left_out)
    assert "type" not in {rule for rule, _, _ in said(given)}


def test_a_certificate_named_by_issuer_and_subject_is_left_alone() -> None:
    """A failure means that a hybrid connector cannot be taken over (N12)."""
    name = "<I>CN=Contoso CA, O=Contoso<S>CN=mail.contoso.com"
    checked = inbound(tlsSenderCertificateName=name, connectorType="OnPremises")
    assert checked.findings == ()
    assert checked.inputs()["tlsSenderCertificateName"] == name
