"""What a partner's declaration must not say, where the finding points, and what it tells to do."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import Direction, Severity
from regulated_partners.partners import read_partner
from tests.regulated_partners.partners.declared import accepted, fabrikam, half, said

NAME_NEEDED = "outbound.connectionSecurity: recipientCertificateMatchesDomain"

#: What is wrong, the declaration, and words of the finding by path. These are all the findings.
REFUSED: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("no certificate name", fabrikam("certificateName"), {"certificateName": f"certificate and {NAME_NEEDED}; write"}),
    (
        "no certificate name for one direction",
        fabrikam("certificateName", inbound={"certificateName": "a.com"}),
        {"certificateName": f"a name is needed by {NAME_NEEDED}; write"},
    ),
    ("every domain", fabrikam(domains=["*"]), {"domains[0]": "list them"}),
    ("every domain among others", fabrikam(domains=["a.com", " * "]), {"domains[1]": "list them"}),
    ("embedded wildcard", fabrikam(domains=["a.com", "b.*.com"]), {"domains[1]": "write the domain itself"}),
    ("no domain", fabrikam(domains=["fabrikam"]), {"domains[0]": "write a name such as fabrikam.com"}),
    ("an address as domain", fabrikam(domains=["192.0.2.1"]), {"domains[0]": "is not a domain name"}),
    ("a line break in the name", fabrikam(name="A\nB"), {"name": "'A\\nB' holds U+000A LINE FEED at place 2, a line"}),
    (
        "a name of emoji",
        fabrikam(name="\U0001f3e6" * 27),
        {"name": "shorten it by 1, or set inbound.name"},
    ),
    ("half a character", fabrikam(name="A\ud800"), {"name": "holds half of a character"}),
    ("a bell in the comment", fabrikam(comment="\a"), {"comment": "'\\x07' holds U+0007 at place 1"}),
    (
        "a hidden character in a reason",
        fabrikam(acknowledge={"reason": "SEC\u202e-1", "expires": "2999-01-01"}),
        {"acknowledge.reason": "holds U+202E RIGHT-TO-LEFT OVERRIDE at place 4, an invisible character; leave it out."},
    ),
    ("a Guid for a name", fabrikam(inbound={"name": "275ce7a6dd004450ad053ddf4c779ae8"}), {"inbound.name": "a Guid"}),
    ("letters that look alike", fabrikam(domains=["f\u0430brikam.com"]), {"domains[0]": "write xn--fbrikam-2fg.com"}),
    ("an empty domain", fabrikam(domains=[""]), {"domains[0]": "'' is not a domain name"}),
    (
        "certificate name",
        fabrikam(certificateName="mail.*.com"),
        {"certificateName": "write the domain itself, or '*.' and a domain (rule V4)."},
    ),
    (
        "certificate without TLS",
        fabrikam(inbound={"connectionSecurity": "opportunisticTls"}),
        {"inbound.restrictDomainsBy": "set it to forceTls"},
    ),
    (
        "nothing demanded",
        fabrikam(inbound={"connectionSecurity": "opportunisticTls", "restrictDomainsBy": "none"}),
        {"inbound.connectionSecurity": "(rule V13)"},
    ),
    (
        "no addresses",
        fabrikam(inbound={"restrictDomainsBy": "ipAddresses"}),
        {"inbound.restrictDomainsBy": "list the partner's sending addresses (rule V8)"},
    ),
    (
        "addresses that restrict nothing",
        fabrikam(inbound={"senderIpAddresses": ["192.0.2.1"]}),
        {"inbound.senderIpAddresses": "set it to ipAddresses"},
    ),
    (
        "wide range",
        fabrikam(inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.1", "10.0.0.0/8"]}),
        {"inbound.senderIpAddresses[1]": "ranges from /18 to /32 (rule V6)"},
    ),
    (
        "private addresses that Enhanced Filtering skips",
        fabrikam(inbound={"settings": {"efSkipIps": ["192.168.1.0/24"]}}),
        {"inbound.settings.efSkipIps": "list public addresses (rule ef)"},
    ),
    (
        "a name that nothing checks",
        fabrikam(outbound={"connectionSecurity": "trustedCertificationAuthority", "tlsDomain": "a.com"}),
        {"outbound.tlsDomain": "(rule V22)"},
    ),
    ("port", fabrikam(outbound={"smartHosts": ["a.com:25"]}), {"outbound.smartHosts[0]": "port 25 (rule V20)"}),
    (
        "no mail address",
        fabrikam(outbound={"validationRecipients": ["a@b.com", "b.com"]}),
        {"outbound.validationRecipients[1]": "is not an SMTP address"},
    ),
    ("slash", fabrikam(name="A/S Fabrikam"), {"name": "leave the slash out"}),
    ("space around the name", fabrikam(name=" Fabrikam"), {"name": "leave the space out"}),
    ("blank name", fabrikam(name="  "), {"name": "leave the space out"}),
    ("long name of one connector", fabrikam(inbound={"name": "n" * 65}), {"inbound.name": "at most 64 (rule V3)"}),
    (
        "a connector for rules",
        fabrikam(outbound={"settings": {"isTransportRuleScoped": True}}),
        {"outbound.settings.isTransportRuleScoped": "under regulated-partners:outboundConnectors, without"},
    ),
    (
        "hybrid only",
        fabrikam(
            inbound={"settings": {"treatMessagesAsInternal": True, "cloudServicesMailEnabled": True}},
            outbound={"settings": {"senderRewritingEnabled": True, "allAcceptedDomains": True}},
        ),
        {
            "inbound.settings.treatMessagesAsInternal": "leave it out for a partner (rule V14)",
            "inbound.settings.cloudServicesMailEnabled": "leave it out for a partner (rule V15)",
            "outbound.settings.senderRewritingEnabled": "leave it out for a partner (rule V16)",
            "outbound.settings.allAcceptedDomains": "leave it out for a partner (rule V17)",
        },
    ),
    (
        "settings that the declaration decides",
        fabrikam(
            inbound={"settings": {"requireTls": False, "senderDomains": ["b.com"], "name": "x"}},
            outbound={"settings": {"useMxRecord": True, "tlsSettings": "EncryptionOnly", "enabled": False}},
        ),
        {
            "inbound.settings.requireTls": "use inbound.connectionSecurity",
            "inbound.settings.senderDomains": "use domains",
            "inbound.settings.name": "use name",
            "outbound.settings.useMxRecord": "use outbound.smartHosts",
            "outbound.settings.tlsSettings": "use outbound.connectionSecurity",
            "outbound.settings.enabled": "use enabled",
        },
    ),
    (
        "another type",
        fabrikam(inbound={"settings": {"connectorType": "OnPremises"}}),
        {"inbound.settings.connectorType": "leave it out"},
    ),
    (
        "consents among the settings",
        fabrikam(
            inbound={"settings": {"allowTenantWideRestriction": True}}, outbound={"settings": {"adoptExisting": True}}
        ),
        {
            "inbound.settings.allowTenantWideRestriction": "this is no parameter of a connector",
            "outbound.settings.adoptExisting": "this is no parameter of a connector",
        },
    ),
    (
        "unknown, reserved and wrong settings",
        fabrikam(inbound={"settings": {"efSkipIp": ["1.2.3.4"], "EFTestMode": True, "efUsers": ["laura"]}}),
        {
            "inbound.settings.efSkipIp": "did you mean efSkipIps?",
            "inbound.settings.EFTestMode": "is reserved for internal use by Microsoft; leave it out",
            "inbound.settings.efUsers[0]": "is not an SMTP address",
        },
    ),
]


@pytest.mark.parametrize(("what", "declared", "expected"), REFUSED, ids=[what for what, _, _ in REFUSED])
def test_a_mistake_is_found_where_it_stands(what: str, declared: dict[str, Any], expected: dict[str, str]) -> None:
    """A failure means that a mistake reaches the service, or that the finding points to the wrong line."""
    found = said(declared)
    assert found.keys() == expected.keys(), what
    for path, words in expected.items():
        assert words in found[path]
        assert found[path].endswith((".", "?")), "a sentence"


def test_all_mistakes_are_said_at_once() -> None:
    """A failure means that somebody has to push once for each mistake."""
    declared = {
        "name": "A/S",
        "domains": ["*", "b.*.com"],
        "enabled": "yes",
        "coment": "x",
        "inbound": {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["::1"], "settings": {"efUsers": [5]}},
        "outbound": {"smartHosts": "mx.a.com", "connectionSecurity": "tls", "validationRecipients": ["x"]},
    }
    assert set(said(declared)) == {
        "name",
        "domains[0]",
        "domains[1]",
        "enabled",
        "coment",
        "inbound.senderIpAddresses[0]",
        "inbound.settings.efUsers[0]",
        "outbound.smartHosts",
        "outbound.connectionSecurity",
        "outbound.validationRecipients[0]",
        "certificateName",
    }


def test_advice_is_a_warning_and_stops_nothing() -> None:
    """A failure means that advice blocks a deployment, or is not shown."""
    partner, findings = read_partner(
        fabrikam(outbound={"smartHosts": ["mx.a.com"], "settings": {"smtpDaneMode": "Mandatory"}})
    )
    assert partner is not None
    assert [(finding.path, finding.severity) for finding in findings] == [
        ("outbound.settings.smtpDaneMode", Severity.WARNING)
    ]


@pytest.mark.parametrize(
    ("declared", "path", "words"),
    [
        (
            {"inbound": {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["10.1.2.3", "192.0.2.1"]}},
            "inbound.senderIpAddresses",
            "(10.1.2.3: private (RFC 1918)); list the public addresses",
        ),
        (
            {
                "inbound": {
                    "restrictDomainsBy": "ipAddresses",
                    "senderIpAddresses": ["192.0.2.1"],
                    "certificateName": "mail.fabrikam.com",
                }
            },
            "inbound.certificateName",
            "since restrictDomainsBy is ipAddresses; set that to certificate",
        ),
        (
            {"inbound": {"restrictDomainsBy": "none", "certificateName": "mail.fabrikam.com"}},
            "inbound.certificateName",
            "since restrictDomainsBy is none; set that to certificate",
        ),
        ({"outbound": {"settings": {"testMode": True}}}, "outbound.settings.testMode", "not used for people's mail"),
    ],
    ids=["private address", "stored name beside addresses", "stored name", "test mode"],
)
def test_what_protects_nothing_is_warned_about(declared: dict[str, Any], path: str, words: str) -> None:
    """Failing: a partner's declaration looks like a protection and is none, and nobody is told (A37g, E35, A43g)."""
    pair, findings = read_partner(fabrikam(**declared))
    assert pair is not None
    assert {finding.severity for finding in findings} == {Severity.WARNING}
    (text,) = (finding.text for finding in findings if finding.path == path)
    assert words in text


@pytest.mark.parametrize("by", ["none", "ipAddresses"])
def test_the_partners_own_name_is_not_stored_where_nothing_compares_it(by: str) -> None:
    """Failing: a name that is declared for the other direction looks, in the tenant, like a demand on this one."""
    addresses = ["192.0.2.1"] if by == "ipAddresses" else []
    pair = accepted(fabrikam(inbound={"restrictDomainsBy": by, "senderIpAddresses": addresses}))
    assert pair.inbound.settings.tls_sender_certificate_name is None
    assert pair.inbound.checked.findings == ()
    assert pair.outbound.settings.tls_domain == "mail.fabrikam.com"


def test_a_wide_range_of_a_partner_is_written_out_once() -> None:
    """Failing: a partner's range is refused by the service, or a list with a part of it shows drift for ever (E23)."""
    listed = ["198.51.101.0/24", "198.51.100.77/23", "198.51.100.10"]
    inbound = accepted(fabrikam(inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": listed})).inbound
    assert inbound.inputs["senderIpAddresses"] == ["198.51.100.0/24", "198.51.100.10", "198.51.101.0/24"]


@pytest.mark.parametrize("written", [True, " TRUE "])
def test_a_connector_for_rules_is_sent_to_its_place(written: object) -> None:
    """Failing: who wants a connector for a transport rule is told only that a partner cannot have it (E22, A43h)."""
    found = said(fabrikam(outbound={"settings": {"isTransportRuleScoped": written}}))
    assert found.keys() == {"outbound.settings.isTransportRuleScoped"}
    assert "regulated-partners:outboundConnectors" in found["outbound.settings.isTransportRuleScoped"]


@pytest.mark.parametrize(("length", "refused"), [(53, False), (54, True)])
def test_a_name_leaves_room_for_its_connectors(length: int, refused: bool) -> None:
    """A failure means that the service refuses the name of a connector (64 characters), or that we do without need."""
    declared = fabrikam(name="n" * length)
    assert ("name" in said(declared)) == refused
    if not refused:
        names = [str(half(direction, accepted(declared)).inputs["name"]) for direction in Direction]
        assert max(map(len, names)) == 64
    else:
        assert "longer than the 64 UTF-16 units" in said(declared)["name"]


def test_taking_over_is_passed_to_both_connectors() -> None:
    """A failure means that an existing connector is refused although its take-over is declared, or taken without."""
    taken = accepted(fabrikam(adoptExisting=True))
    assert all(half(direction, taken).inputs["adoptExisting"] is True for direction in Direction)
    assert all("adoptExisting" not in half(direction, accepted(fabrikam())).inputs for direction in Direction)


def test_an_earlier_name_is_what_it_was() -> None:
    """Failing: a partner whose name was accepted before cannot be renamed without a deletion."""
    pair, findings = read_partner(fabrikam(aliases=["Fabrikam\u200b"]))
    assert pair is not None
    assert [(finding.path, finding.severity) for finding in findings] == [("aliases[0]", Severity.WARNING)]
    assert "holds U+200B ZERO WIDTH SPACE at place 9" in findings[0].text


def test_connectors_with_names_of_their_own_leave_the_partner_its_own() -> None:
    """Failing: a partner's name is measured with endings that no connector has (A19c)."""
    long = "\U0001f3e6" * 30
    assert read_partner(fabrikam(name=long, inbound={"name": "in"}, outbound={"name": "out"}))[1] == ()


def test_what_is_said_twice_is_said_once() -> None:
    """Failing: both connectors of a partner say the same of one value, with and without their endings."""
    _, findings = read_partner(fabrikam(name="*Fabrikam\u00a0Bank*", domains=["xn--fabrikm-7fg.com"]))
    assert [(finding.path, finding.severity) for finding in findings] == [
        ("domains", Severity.WARNING),
        ("name", Severity.WARNING),
        ("name", Severity.WARNING),
    ]
