"""Messages that lead the right way: what was written, which mistake it is, and what was meant (found/exchange.md)."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import Direction, Severity, check
from regulated_partners.partners import DeclarationFinding, read_partner, read_stack
from tests.regulated_partners.partners.declared import FABRIKAM, fabrikam, settings


def findings(*partners: object, **named: object) -> tuple[DeclarationFinding, ...]:
    """What is said of a stack with these partners."""
    return read_stack(settings(partners=list(partners), **named)).findings


def lines(*partners: object, **named: object) -> list[str]:
    return [str(finding) for finding in findings(*partners, **named)]


#: A name that a partner does not have, where it stands, and what is asked.
NAMES = [
    ("", "certname", "certificateName"),
    ("", "cert-name", "certificateName"),
    ("", "certificate", "certificateName"),
    ("", "Certificate Name", "certificateName"),
    ("", "TlsSenderCertificateName", "certificateName"),
    ("", "TlsDomain", "outbound.tlsDomain"),
    ("", "SenderDomains", "domains"),
    ("", "recipientDomains", "domains"),
    ("", "Description", "comment"),
    ("", "status", "enabled"),
    ("", "SmartHosts", "outbound.smartHosts"),
    ("", "smarthost", "outbound.smartHosts"),
    ("", "EFSkipIPs", "inbound.settings.efSkipIps"),
    ("", "smtpDaneMode", "outbound.settings.smtpDaneMode"),
    ("", "SenderIPAddresses", "inbound.senderIpAddresses"),
    ("", "restrictDomainsToCertificate", "inbound.restrictDomainsBy"),
    ("", "RequireTls", "inbound.connectionSecurity"),
    ("", "connectionSecurity", "inbound.connectionSecurity or outbound.connectionSecurity"),
    ("inbound", "SenderIPAddresses", "senderIpAddresses"),
    ("inbound", "ip_addresses", "senderIpAddresses"),
    ("inbound", "TlsSenderCertificateName", "certificateName"),
    ("inbound", "certname", "certificateName"),
    ("inbound", "EFSkipIPs", "inbound.settings.efSkipIps"),
    ("inbound", "requireTls", "connectionSecurity"),
    ("inbound", "RestrictDomainsToIPAddresses", "restrictDomainsBy"),
    ("inbound", "smartHosts", "outbound.smartHosts"),
    ("inbound", "domains", "domains, of the partner itself"),
    ("outbound", "TlsSettings", "connectionSecurity"),
    ("outbound", "certificateName", "tlsDomain"),
    ("outbound", "smart-hosts", "smartHosts"),
    ("outbound", "useMxRecord", "smartHosts"),
    ("outbound", "TestMode", "outbound.settings.testMode"),
]


@pytest.mark.parametrize(("place", "name", "meant"), NAMES)
def test_a_name_of_somewhere_else_is_answered_with_its_own(place: str, name: str, meant: str) -> None:
    """Failing: who knows the cmdlet or the admin centre is led to another option, or to none (A44c)."""
    declared = fabrikam(**({place: {name: "x"}} if place else {name: "x"}))
    path = f"partners[0].{place}.{name}" if place else f"partners[0].{name}"
    assert lines(declared) == [f"{path}: there is no such name here; did you mean {meant}?"]


@pytest.mark.parametrize("name", ["certname", "certificate_name", "TlsSenderCertificateName", "Certificatename"])
def test_what_is_misspelled_is_not_missing_as_well(name: str) -> None:
    """Failing: a second error follows from the first (A44c)."""
    (line,) = lines(fabrikam("certificateName", **{name: "mail.fabrikam.com"}))
    assert "certificateName" in line
    assert line.startswith(f"partners[0].{name}: ")


def test_what_a_misspelled_name_holds_counts_for_the_rest() -> None:
    """Failing: a list of addresses under a name of its own is said to be missing."""
    restricted = {"restrictDomainsBy": "ipAddresses", "SenderIPs": ["192.0.2.1"]}
    (line,) = lines(fabrikam(inbound=restricted))
    assert line == "partners[0].inbound.SenderIPs: there is no such name here; did you mean senderIpAddresses?"


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        (
            {"inbound": {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": "192.0.2.1, 192.0.2.2"}},
            "inbound.senderIpAddresses",
        ),
        (
            {"inbound": {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": [5]}},
            "inbound.senderIpAddresses[0]",
        ),
        (
            {"certificateName": None, "inbound": {"restrictDomainsBy": "none"}, "outbound": {"tlsDomain": 5}},
            "outbound.tlsDomain",
        ),
        ({"outbound": {"smartHosts": 5}}, "outbound.smartHosts"),
    ],
)
def test_what_has_the_wrong_kind_is_not_missing_as_well(changed: dict[str, Any], path: str) -> None:
    """Failing: a list that was written as a text is said to be empty too (A37j)."""
    errors = [finding for finding in findings(fabrikam(**changed)) if finding.is_error]
    assert [finding.path for finding in errors] == [f"partners[0].{path}"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ({"certificate_name": "mail.fabrikam.com"}, "certificateName"),
        ({"adopt_existing": True}, "adoptExisting"),
        ({"inbound": {"sender_ip_addresses": []}}, "senderIpAddresses"),
        ({"outbound": {"tls_domain": "mail.fabrikam.com"}}, "tlsDomain"),
    ],
)
def test_pythons_spelling_is_for_python(written: dict[str, Any], name: str) -> None:
    """Failing: a stack file holds names that the schema and the documentation do not have (A44b)."""
    declared = fabrikam(*([name] if name in FABRIKAM else []), **written)
    (line,) = lines(declared)
    assert line.endswith(f": this is Python's spelling; in a file write {name}.")
    assert read_partner(declared)[1] == (), "an argument of a program is refused"


def test_both_spellings_of_a_name_are_one_finding() -> None:
    """Failing: what Python's spelling repeats is said to be misspelled as well."""
    (line,) = lines({**FABRIKAM, "certificate_name": "mail.fabrikam.com"})
    assert line == "partners[0].certificate_name: this is Python's spelling; in a file write certificateName."


@pytest.mark.parametrize("direction", Direction)
def test_a_misspelled_parameter_of_a_connector(direction: Direction) -> None:
    """Failing: the same in a connector of its own: no suggestion, or a second error that follows from the first."""
    inbound = direction is Direction.INBOUND
    written = {"certname": "mail.a.example", "Description": "x", "Domain": ["a.example"]}
    needed: dict[str, object] = (
        {"restrictDomainsToCertificate": True} if inbound else {"tlsSettings": "DomainValidation"}
    )
    found = check(direction, {"name": "A", **needed, **written}).findings
    meant = ("tlsSenderCertificateName", "senderDomains") if inbound else ("tlsDomain", "recipientDomains")
    assert {finding.path: finding.remedy for finding in found} == {
        "certname": f"did you mean {meant[0]}?",
        "Description": "did you mean comment?",
        "Domain": f"did you mean {meant[1]}?",
    }


#: A value of the wrong kind, and what is said of it.
KINDS: list[tuple[dict[str, Any], str]] = [
    (
        {"certificateName": ["mx1.a.example", "mx2.a.example"]},
        "did you mean '*.a.example', which stands for all of them?",
    ),
    ({"certificateName": ["mx1.a.example", "mx2.a.example"]}, "declare a connector for each under inboundConnectors"),
    ({"certificateName": ["mx.a.example", "mx.b.example"]}, "a list is not a text; connectors compare one name"),
    ({"certificateName": ["mx.a.example"]}, "a list is not a text; write 'mx.a.example' alone"),
    ({"outbound": {"tlsDomain": ["a.a.example", "b.a.example"]}}, "did you mean '*.a.example'"),
    ({"comment": ["SEC-1", "messaging team"]}, "a list is not a text; write one text."),
    ({"comment": {"SEC": "1"}}, "a mapping is not a text; write one text, in quotation marks if it holds a colon."),
    ({"domains": [{"domain": "a.example"}]}, "a mapping is not a text; write 'a.example' alone, without 'domain:'."),
    ({"domains": [{"a.example": None}]}, "a mapping is not a text; write 'a.example' alone, without 'a.example:'."),
    ({"acknowledge": "SEC-1"}, "write acknowledge: {reason: 'SEC-1', expires: 2027-03-31}."),
    ({"inbound": "forceTls"}, "'forceTls' is not a mapping; write 'name: value' lines: connectionSecurity: forceTls."),
    ({"inbound": "ipAddresses"}, "write 'name: value' lines: restrictDomainsBy: ipAddresses."),
    ({"acknowledge": {"reason": "SEC-1", "until": "2027-03-31"}}, "did you mean expires?"),
    (
        {"outbound": {"validationRecipients": ["a@b.example, c@d.example"]}},
        "write each as an item of its own: [a@b.example, c@d.example]",
    ),
    ({"comment": 5}, "5 is not a text; put it into quotation marks."),
    ({"comment": True}, "true is not a text; put it into quotation marks."),
    (
        {"domains": ["a.example", ["b.example"]]},
        "a list is not a text; write each text as an item of its own, after '- '.",
    ),
    ({"domains": ["a.example", None]}, "null is not a text; write one, or leave the line out."),
    ({"inbound": {"connectionSecurity": "ForceTLS"}}, "Did you mean forceTls?"),
    ({"inbound": {"connectionSecurity": "Force TLS"}}, "Did you mean forceTls?"),
    ({"inbound": {"restrictDomainsBy": "ip"}}, "Did you mean ipAddresses?"),
    ({"inbound": {"restrictDomainsBy": "IP Addresses"}}, "Did you mean ipAddresses?"),
    ({"inbound": {"restrictDomainsBy": False}}, "Did you mean none?"),
    ({"outbound": {"connectionSecurity": "DomainValidation"}}, "Did you mean recipientCertificateMatchesDomain?"),
    ({"outbound": {"connectionSecurity": "CertificateValidation"}}, "Did you mean trustedCertificationAuthority?"),
    ({"outbound": {"connectionSecurity": "EncryptionOnly"}}, "Did you mean selfSignedCertificate?"),
    ({"outbound": {"connectionSecurity": "self-signed"}}, "Did you mean selfSignedCertificate?"),
]


@pytest.mark.parametrize(("changed", "words"), KINDS)
def test_a_value_of_the_wrong_kind_is_answered_by_its_kind(changed: dict[str, Any], words: str) -> None:
    """Failing: a list of names is to be put into quotation marks (A35b), or a choice is not found (A53)."""
    (line,) = lines(fabrikam(**changed))
    assert words in line


@pytest.mark.parametrize(("way", "other"), [("inbound", "outbound"), ("outbound", "inbound")])
@pytest.mark.parametrize("unwanted", [False, "none", "off"])
def test_a_partner_of_one_direction(way: str, other: str, unwanted: object) -> None:
    """Failing: nobody learns how mail of one direction is declared (A42c, A63)."""
    (line,) = lines(fabrikam(**{way: unwanted}))
    assert "write 'name: value' lines" not in line
    assert f"write 'enabled: false' below {way}" in line
    assert f"declare the {other} one under {other}Connectors" in line


#: What is written as a domain of a partner, and the one thing that is said of it.
DOMAINS = [
    ("*.", "'*.' is not a domain name"),
    ("*fabrikam.com", "did you mean '*.fabrikam.com'?"),
    ("postmaster@fabrikam.com", "did you mean fabrikam.com?"),
    ("https://fabrikam.com/", "did you mean fabrikam.com?"),
    ("192.0.2.1", "addresses that the partner sends from stand in senderIpAddresses"),
    ("a.example, b.example", "write each as an item of its own: [a.example, b.example]"),
    ("mail_gw.fabrikam.com", "it holds '_'"),
    ("smtp:*;1", "'smtp:*;1' stands for every domain"),
    ("*", "'*' stands for every domain"),
]


@pytest.mark.parametrize(("domain", "words"), DOMAINS)
def test_a_wrong_domain_is_one_finding(domain: str, words: str) -> None:
    """Failing: both connectors of a partner say the same of one domain, or what was written is not quoted."""
    (line,) = lines(fabrikam(domains=[domain]))
    assert line.startswith("partners[0].domains[0]: ")
    assert words in line


def test_the_name_of_a_certificate_that_one_direction_takes() -> None:
    """Failing: the finding speaks of a domain where somebody copied issuer and subject (A34d, A34e)."""
    name = "<I>CN=Example CA, O=Example, C=US<S>CN=mail.fabrikam.com"
    (line,) = lines(fabrikam(certificateName=name))
    assert "did you mean mail.fabrikam.com?" in line
    assert "in a partner as inbound.certificateName" in line
    assert lines(fabrikam(inbound={"certificateName": name})) == [], "the way that the sentence tells is closed"
    (line,) = lines(fabrikam(certificateName="CN=mail.fabrikam.com, O=Fabrikam, C=US"))
    assert "did you mean mail.fabrikam.com?" in line


#: Domains that are hardly a partner's, and a word of the reason.
DOUBTFUL = [
    ("contoso.local", ".local"),
    ("*.contoso.LOCAL", ".local"),
    ("smtp:contoso.local;1", ".local"),
    ("mail.contoso.internal", ".internal"),
    ("contoso.onion", ".onion"),
    ("contoso.home.arpa", ".arpa"),
    ("contoso.corp", ".corp"),
    ("contoso.lan", ".lan"),
    ("contoso.invalid", ".invalid"),
    ("contoso.onmicrosoft.com", "Microsoft 365 gives a tenant"),
    ("contoso.mail.onmicrosoft.com", "Microsoft 365 gives a tenant"),
    ("contoso.onmicrosoft.us", "Microsoft 365 gives a tenant"),
    ("*.onmicrosoft.com", "every tenant of Microsoft 365"),
]


@pytest.mark.parametrize(("domain", "words"), DOUBTFUL)
def test_a_domain_that_is_hardly_a_partners_is_a_warning(domain: str, words: str) -> None:
    """Failing: a connector is made that no mail will ever match (A26c), or one of the tenant's own names (A56)."""
    (finding,) = findings(fabrikam(domains=["fabrikam.com", domain]))
    assert (finding.path, finding.severity) == ("partners[0].domains[1]", Severity.WARNING)
    assert words in finding.text
    beside = {"name": "X", "senderDomains": [domain]}
    (finding,) = findings(inboundConnectors=[beside])
    assert (finding.path, finding.severity) == ("inboundConnectors 'X'.senderDomains", Severity.WARNING)
    assert findings(inboundConnectors=[{**beside, "connectorType": "OnPremises"}]) == (), "servers of one's own"


@pytest.mark.parametrize("domain", ["a.example", "example.com", "*.example.net", "a.test", "local.com", "mail.de"])
def test_other_domains_are_no_doubt(domain: str) -> None:
    """Failing: each run warns of what is right."""
    assert findings(fabrikam(domains=[domain])) == ()


#: A choice that protects less, where it is said, and what it leaves open.
CHOICES: list[tuple[dict[str, Any], str, str]] = [
    ({"outbound": {"connectionSecurity": "opportunisticTls"}}, "outbound.connectionSecurity", "goes in clear"),
    ({"inbound": {"restrictDomainsBy": "none"}}, "inbound.restrictDomainsBy", "any server that speaks TLS"),
    (
        {
            "inbound": {
                "connectionSecurity": "opportunisticTls",
                "restrictDomainsBy": "ipAddresses",
                "senderIpAddresses": ["192.0.2.1"],
            }
        },
        "inbound.connectionSecurity",
        "accepted without TLS too",
    ),
]


@pytest.mark.parametrize(("changed", "path", "words"), CHOICES)
def test_a_choice_that_protects_less_says_so(changed: dict[str, Any], path: str, words: str) -> None:
    """Failing: a partner of forced TLS has none, and only a policy that few use says it (A38d, A53e)."""
    (finding,) = findings(fabrikam(**changed))
    assert (finding.path, finding.severity) == (f"partners[0].{path}", Severity.WARNING)
    assert words in finding.text
    assert findings(fabrikam(enabled=False, **changed)) == (), "what is not in use protects nothing anyway"


def test_one_name_in_both_directions_is_a_warning() -> None:
    """Failing: the second half of a partner is refused by the service for the name of the first (A61, E24)."""
    (finding,) = findings(fabrikam(inbound={"name": "NW"}, outbound={"name": "nw"}))
    assert (finding.path, finding.severity) == ("partner Fabrikam Bank", Severity.WARNING)
    assert "named 'nw', and so is its own inbound one" in finding.text
    other = {**FABRIKAM, "name": "B Bank", "domains": ["b.example"], "outbound": {"name": "Fabrikam Bank - inbound"}}
    (finding,) = findings(FABRIKAM, other)
    assert "and so is the inbound one of partner Fabrikam Bank" in finding.text


def test_the_other_partner_is_quoted_as_it_is_written() -> None:
    """Failing: the finding names a partner that nobody finds (A48)."""
    (line,) = lines(FABRIKAM, {**FABRIKAM, "name": "fabrikam bank", "domains": ["b.example"]})
    assert line == "partners[1].name: partners[0] has the name 'Fabrikam Bank' already; give each partner its own."


@pytest.mark.parametrize("length", [64, 65, 200])
def test_a_partner_is_as_long_as_it_likes_where_its_connectors_have_names(length: int) -> None:
    """Failing: a name is refused for endings that no connector has (A19c)."""
    assert lines(fabrikam(name="N" * length, inbound={"name": "NW in"}, outbound={"name": "NW out"})) == []
    (line,) = lines(fabrikam(name="N" * length, outbound={"name": "NW out"}))
    assert f"'{'N' * length} - inbound' would be longer" in line
