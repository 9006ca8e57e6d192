"""Texts that stand where a domain, a certificate's name or a server belongs, and the sentences about them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.connectors import Checked, check
from tests.exchange_online.connectors.declared import inbound, only, outbound

#: What is written as a domain, which mistake it is, and what was meant.
DOMAINS = [
    ("", "is empty", ""),
    ("*.", "no domain follows", ""),
    ("*..", "no domain follows", ""),
    ("*northwind.example", "a wildcard without a dot after it", "'*.northwind.example'"),
    ("**.northwind.example", "more than one wildcard in front", "'*.northwind.example'"),
    ("*.*.northwind.example", "more than one wildcard in front", "'*.northwind.example'"),
    ("**northwind.example", "more than one wildcard in front", "'*.northwind.example'"),
    ("mail.*.northwind.example", "a wildcard that is not in front", "'*.northwind.example'"),
    ("mail*.northwind.example", "a wildcard that is not in front", "'*.northwind.example'"),
    ("a.*.com", "a wildcard that is not in front", ""),
    ("northwind.*", "a wildcard that is not in front", ""),
    ("*.com", "everything below a top-level domain", ""),
    (".northwind.example", "begins with a dot", "northwind.example or '*.northwind.example'"),
    ("northwind..example", "two dots in a row", "northwind.example"),
    ("*.northwind..example", "two dots in a row", "'*.northwind.example'"),
    ("postmaster@northwind.example", "but a mail address", "northwind.example"),
    ("@northwind.example", "but a mail address", "northwind.example"),
    ("*@northwind.example", "but a mail address", "northwind.example"),
    ("mailto:postmaster@northwind.example", "but a mail address", "northwind.example"),
    ("Northwind <postmaster@northwind.example>", "but a mail address", "northwind.example"),
    ("smtp:*.;1", "no domain follows", ""),
    ("smtp:a.*.northwind.example;1", "a wildcard that is not in front", "'*.northwind.example'"),
    ("smtp:postmaster@northwind.example", "but a mail address", "northwind.example"),
    ("https://northwind.example/", "but a URL", "northwind.example"),
    ("HTTPS://user:secret@Mail.northwind.example:8443/owa?a=b#c", "but a URL", "Mail.northwind.example"),
    ("smtp://northwind.example", "but a URL", "northwind.example"),
    ("//northwind.example", "but a URL", "northwind.example"),
    ("northwind.example/contact", "goes on with a path", "northwind.example"),
    ("northwind.example:25", "names a port", "northwind.example"),
    ('"northwind.example"', "in brackets or quotation marks", "northwind.example"),
    ("<northwind.example>", "in brackets or quotation marks", "northwind.example"),
    ("[northwind.example", "in brackets or quotation marks", "northwind.example"),
    ("\u201cnorthwind.example\u201d", "in brackets or quotation marks", "northwind.example"),
    ("northwind,example", "it holds ','", "northwind.example"),
    ("north wind.example", "it holds a space", "northwind.example"),
    ("northwind.example,", "it holds ','", "northwind.example"),
    ("north!wind.example", "it holds '!'", ""),
    ("mail_gw.northwind.example", "it holds '_'", ""),
    ("northwind", "one word without a dot", ""),
    ("-northwind.example", "'-northwind' begins or ends with a hyphen", ""),
    ("a" * 64 + ".example", "64 characters, and 63 is the most", ""),
    (".".join(["a" * 50] * 5), "254 characters, and 253 is the most", ""),
    ("192.0.2.1", "but an IP address", ""),
    ("192.0.2.0/24", "but an IP address", ""),
    ("2001:db8::1", "but an IP address", ""),
    ("[2001:db8::1]", "but an IP address", ""),
    ("north.wind.123", "'123' is no top-level domain", ""),
    ("\u2603.", "its letters make no internationalised domain name", ""),
    ("CN=northwind.example, O=Northwind, C=US", "but a certificate's subject", "northwind.example"),
]


def meant(remedy: str) -> str:
    """What a remedy offers."""
    _, asked, offered = remedy.partition("did you mean ")
    return offered.partition("?")[0] if asked else ""


@pytest.mark.parametrize(("written", "mistake", "offered"), DOMAINS)
def test_a_domain_that_is_none(written: str, mistake: str, offered: str) -> None:
    """Failing: who wrote it learns neither which mistake it is nor what to write (A26 to A31)."""
    for checked in (inbound(senderDomains=[written]), outbound(recipientDomains=[written])):
        finding = only(checked)
        assert repr(written) in finding.reason, "what was written is not quoted"
        assert mistake in finding.reason
        assert meant(finding.remedy) == offered


#: What is written as a certificate's name, which mistake it is, what was meant, and what else is said.
CERTIFICATES = [
    ("*", "a wildcard with no domain after it", "", "'*.' and a domain"),
    ("CN=mail.northwind.example, O=Northwind, C=US", "subject", "mail.northwind.example", "the name in its CN"),
    ("O=Northwind, CN = *.northwind.example", "subject", "'*.northwind.example'", ""),
    ("/C=US/O=Northwind/CN=mail.northwind.example", "subject", "mail.northwind.example", ""),
    ("O=Northwind, C=US", "a certificate's subject", "", "mail.fabrikam.com"),
    ("CN=Northwind Health Ltd, C=US", "with no such name in it", "", "alternative names"),
    ("A1B2C3D4E5F6A1B2C3D4E5F6A1B2C3D4E5F6A1B2", "but a certificate's thumbprint", "", "mail.fabrikam.com"),
    ("a1:b2:c3:d4:e5:f6:a1:b2:c3:d4:e5:f6:a1:b2:c3:d4:e5:f6:a1:b2", "but a certificate's thumbprint", "", ""),
    ("DNS:mail.northwind.example", "it holds ':'", "mail.northwind.example", ""),
    ("DNS Name=mail.northwind.example", "it holds a space and '='", "mail.northwind.example", ""),
    ("subject: CN=mail.northwind.example", "it holds a space and ':' and '='", "mail.northwind.example", ""),
    ("mailgw", "one word without a dot", "", "mail.fabrikam.com"),
    ("192.0.2.1", "but an IP address", "", "connectors compare names"),
    ("smtp:mail.northwind.example;1", "how the service stores one", "mail.northwind.example", ""),
    ("postmaster@northwind.example", "but a mail address", "northwind.example", ""),
    (
        "mx1.northwind.example, mx2.northwind.example",
        "2 names in one text",
        "'*.northwind.example', which stands for all of them",
        "a connector for each",
    ),
    ("mx.northwind.example; mx.fabrikam.com", "2 names in one text", "", "a connector for each"),
]


@pytest.mark.parametrize(("written", "mistake", "offered", "said"), CERTIFICATES)
def test_a_certificates_name_that_is_none(written: str, mistake: str, offered: str, said: str) -> None:
    """Failing: who copied the name out of a certificate is told that it is no domain (A34, A35)."""
    for checked in (named(written), outbound(tlsSettings="DomainValidation", tlsDomain=written)):
        finding = only(checked)
        assert repr(written) in finding.reason
        assert mistake in finding.reason
        assert meant(finding.remedy) == offered
        assert said in finding.remedy


def named(written: object) -> Checked:
    return inbound(tlsSenderCertificateName=written, restrictDomainsToCertificate=True)


def test_issuer_and_subject_are_for_the_inbound_half() -> None:
    """Failing: nobody learns why the same name is right in one direction and wrong in the other (A34e)."""
    name = "<I>CN=Example CA, O=Example, C=US<S>CN=mail.northwind.example"
    assert named(name).findings == ()
    finding = only(outbound(tlsSettings="DomainValidation", tlsDomain=name))
    assert "but a certificate's issuer and subject" in finding.reason
    assert meant(finding.remedy) == "mail.northwind.example"
    assert "count for an inbound connector only" in finding.remedy
    assert "inbound.certificateName" in finding.remedy


@pytest.mark.parametrize("names", [["mx1.northwind.example", "mx2.northwind.example"], ["a.example", "b.example"]])
def test_a_list_for_one_name(names: list[str]) -> None:
    """Failing: two servers of a partner are to be put into quotation marks (A35b)."""
    for checked in (named(names), outbound(tlsSettings="DomainValidation", tlsDomain=names)):
        finding = next(found for found in checked.findings if found.rule == "type")
        assert "quotation marks" not in str(finding)
        assert "declare a connector for each" in finding.remedy
        assert ("'*.northwind.example'" in finding.remedy) == ("northwind" in names[0])


#: What is written as a smart host, which mistake it is, and what was meant.
HOSTS = [
    ("smtp://relay.northwind.example", "but a URL", "relay.northwind.example"),
    ("smtp://192.0.2.1", "but a URL", "192.0.2.1"),
    ("https://relay.northwind.example:443/x", "but a URL", "relay.northwind.example"),
    ("postmaster@relay.northwind.example", "but a mail address", "relay.northwind.example"),
    ("*.northwind.example", "a wildcard stands for many", "northwind.example"),
    ("relay", "one word without a dot", ""),
    ("relay.northwind.example/x", "goes on with a path", "relay.northwind.example"),
    ("relay_1..northwind.example", "two dots in a row", "relay_1.northwind.example"),
    ("a.northwind.example 192.0.2.1", "2 names in one text", ""),
    ("MX mx.northwind.example", "it holds a space", "mx.northwind.example"),
    ("10 mx.northwind.example", "it holds a space", "mx.northwind.example"),
    ("relay.northwind.example:smtp", "it holds ':'", "relay.northwind.example"),
]


@pytest.mark.parametrize(("written", "mistake", "offered"), HOSTS)
def test_a_host_that_is_none(written: str, mistake: str, offered: str) -> None:
    """Failing: a relay that was pasted as a URL is said to be no IPv4 address (A39b)."""
    finding = only(outbound(useMxRecord=False, smartHosts=[written]))
    assert f"{written!r} is neither a host name nor an IPv4 address" in finding.reason
    assert mistake in finding.reason
    assert meant(finding.remedy) == offered


@pytest.mark.parametrize("between", [", ", ",", "; ", " ", "\t", " | "])
def test_two_domains_in_one_text(between: str) -> None:
    """Failing: two domains that share a text are said to be none (A11b)."""
    written = f"northwind.example{between}*.fabrikam.com"
    if "\t" in between:
        # A tab is refused as what cannot be seen, and by that first.
        assert only(inbound(senderDomains=[written])).rule == "characters"
        return
    for checked in (inbound(senderDomains=[written]), outbound(recipientDomains=[written])):
        finding = only(checked)
        assert "2 names in one text" in finding.reason
        assert finding.remedy == "write each as an item of its own: [northwind.example, '*.fabrikam.com']"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("smtp:Northwind.example;1", "northwind.example"),
        ("SMTP:northwind.example", "northwind.example"),
        ("smtp:*.northwind.example;1", "*.northwind.example"),
        ("smtp:*;1", "*"),
    ],
)
def test_what_the_service_stores_is_taken_in_both_directions(written: str, stored: str) -> None:
    """Failing: a domain that was copied from the tenant is right in one direction and wrong in the other (A33)."""
    assert inbound(senderDomains=[written]).inputs()["senderDomains"] == [stored]
    assert outbound(recipientDomains=[written]).inputs()["recipientDomains"] == [stored]
    assert outbound(recipientDomains=[written]).findings == ()


@pytest.mark.parametrize("name", ["mail_gw.northwind.example", "*.mail_gw.northwind.example", "_a.b_.bücher.example"])
def test_servers_and_certificates_have_underscores(name: str) -> None:
    """Failing: a certificate or a relay that is in use cannot be declared, and its connector not be adopted (A36)."""
    assert named(name).findings == ()
    assert outbound(tlsSettings="DomainValidation", tlsDomain=name).findings == ()
    if "*" not in name:
        relay = outbound(useMxRecord=False, smartHosts=[name])
        assert relay.findings == ()
        assert check(relay.settings.direction, relay.inputs()).inputs() == relay.inputs()


@pytest.mark.parametrize(
    ("written", "meant_value"),
    [
        ("Domain", "DomainValidation"),
        ("domain_validation", "DomainValidation"),
        ("recipientCertificateMatchesDomain", "DomainValidation"),
        ("trustedCertificationAuthority", "CertificateValidation"),
        ("selfSignedCertificate", "EncryptionOnly"),
        ("Encryption", "EncryptionOnly"),
        ("xyz", ""),
    ],
)
def test_a_value_of_an_enum_that_there_is_not(written: str, meant_value: str) -> None:
    """Failing: who writes the partner's word for a parameter's value has to search the list."""
    assert meant(only(outbound(tlsSettings=written)).remedy) == meant_value


def test_a_text_that_is_far_too_long_is_quoted_in_part() -> None:
    """Failing: one wrong value floods the log."""
    assert len(str(only(outbound(recipientDomains=["a b" * 10_000])))) < 300


@given(st.text(alphabet="ab.*-_@:/,; <>[]\"'=CN1\u2603", max_size=24))
def test_what_is_offered_is_right(text: str) -> None:
    """Failing: somebody follows the advice, and is refused again; or a text ends in a traceback."""
    for finding in inbound(senderDomains=[text]).findings:
        for offered in meant(finding.remedy).replace("'", "").split(" or "):
            assert not offered or inbound(senderDomains=[offered]).findings == (), offered
    for finding in outbound(useMxRecord=False, smartHosts=[text]).findings:
        offered = meant(finding.remedy)
        assert not offered or outbound(useMxRecord=False, smartHosts=[offered]).findings == (), offered
