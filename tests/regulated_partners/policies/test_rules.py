"""Each policy: a stack that violates it, and the nearest one that keeps it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from regulated_partners.policies import RULES, kinds, pack, waiving
from regulated_partners.policies.documentation import text as documentation
from regulated_partners.policies.rule import InboundRule, Level, Severity
from regulated_partners.policies.subjects import Configuration, Stack
from tests.regulated_partners.policies.stacks import inbound, outbound, stack, violations

BY_ID = {rule.id: rule for rule in RULES}

_RESTRICT_IP = {"restrictDomainsToIpAddresses": True, "senderIpAddresses": ["192.0.2.10"]}
_NO_CERTIFICATE = {"restrictDomainsToCertificate": False, "tlsSenderCertificateName": None}
_WAIVER = {"policy": "connector-protected", "partner": "Fabrikam", "reason": "SEC-2", "expires": "2026-12-31"}

#: Policy, a stack that violates it, a neighbour that keeps it, and a word of the sentence.
CASES: list[tuple[str, Stack, Stack, str]] = [
    ("inbound-tls-required", stack(inbound(requireTls=False)), stack(inbound()), "without TLS"),
    (
        "outbound-tls-required",
        stack(outbound(tlsSettings=None)),
        stack(outbound(tlsSettings="EncryptionOnly")),
        "unset",
    ),
    (
        "outbound-certificate-trusted",
        stack(outbound(tlsSettings="EncryptionOnly")),
        stack(outbound(tlsSettings="CertificateValidation")),
        "self-signed",
    ),
    (
        "outbound-certificate-name-checked",
        stack(outbound(tlsSettings="CertificateValidation")),
        stack(outbound()),
        "not checked",
    ),
    (
        "outbound-dane-on",
        stack(outbound(smtpDaneMode="None")),
        stack(outbound(smtpDaneMode="Mandatory")),
        "SmtpDaneMode None",
    ),
    ("outbound-mta-sts-on", stack(outbound(mtaStsMode="None")), stack(outbound()), "MtaStsMode None"),
    (
        "inbound-sender-restricted",
        stack(inbound(**_NO_CERTIFICATE)),
        stack(inbound(**_NO_CERTIFICATE, **_RESTRICT_IP)),
        "anybody's server",
    ),
    (
        "inbound-restricted-by-certificate",
        stack(inbound(**_NO_CERTIFICATE, **_RESTRICT_IP)),
        stack(inbound()),
        "addresses only",
    ),
    ("inbound-one-restriction", stack(inbound(**_RESTRICT_IP)), stack(inbound()), "in one"),
    (
        "inbound-certificate-is-the-partners",
        stack(inbound(tlsSenderCertificateName="mail.protection.outlook.com")),
        stack(inbound(senderDomains=["*"], tlsSenderCertificateName="*.mimecast.com")),
        "every customer of Microsoft 365 shows a certificate for mail.protection.outlook.com",
    ),
    (
        "inbound-no-certificate-wildcard",
        stack(inbound(tlsSenderCertificateName="*.fabrikam.com")),
        stack(inbound(tlsSenderCertificateName="mx.fabrikam.com")),
        "under fabrikam.com",
    ),
    (
        "outbound-no-certificate-wildcard",
        stack(outbound(tlsDomain="*.fabrikam.com")),
        stack(outbound(tlsDomain="mx.fabrikam.com")),
        "under fabrikam.com",
    ),
    (
        "inbound-no-tenant-wide-senders",
        stack(inbound(senderDomains=["*"])),
        stack(inbound(senderDomains=["*"], allowTenantWideRestriction=True)),
        "every sender",
    ),
    (
        "outbound-no-catch-all",
        stack(outbound(recipientDomains=["*"])),
        stack(outbound(recipientDomains=["*.fabrikam.com"])),
        "every domain",
    ),
    (
        "inbound-all-recipients",
        stack(inbound(associatedAcceptedDomains=["contoso.com"])),
        stack(inbound()),
        "contoso.com only",
    ),
    ("connector-enabled", stack(inbound(enabled=False)), stack(inbound()), "switched off"),
    ("outbound-test-mode-off", stack(outbound(testMode=True)), stack(outbound()), "test mode"),
    (
        "comment-names-owner",
        stack(inbound(comment="SEC-1234")),
        stack(inbound(comment="SEC-1234, Owner: messaging")),
        "'SEC-1234'",
    ),
    ("connector-protected", stack(inbound(protected=False)), stack(inbound(protected=False), local=True), "protect"),
    (
        "hybrid-untouched",
        stack(outbound(connectorType="OnPremises", cloudServicesMailEnabled=True)),
        stack(outbound(connectorType="OnPremises")),
        "CloudServicesMailEnabled",
    ),
    (
        "inbound-no-trusted-organizations",
        stack(inbound(trustedOrganizations=["contoso.onmicrosoft.com"])),
        stack(inbound()),
        "contoso.onmicrosoft.com",
    ),
    (
        "inbound-filtering-for-all",
        stack(inbound(efSkipLastIp=True, efUsers=["a@contoso.com"])),
        stack(inbound(efSkipLastIp=True)),
        "EFUsers",
    ),
    (
        "inbound-wildcard-filtered",
        stack(inbound(senderDomains=["*"])),
        stack(inbound(senderDomains=["*"], efSkipLastIp=True)),
        "Enhanced Filtering is off",
    ),
    ("partner-both-directions", stack(inbound()), stack(inbound(), outbound()), "no outbound connector"),
    (
        "partner-directions-agree",
        stack(inbound(), outbound(recipientDomains=["fabrikam.com", "fabrikam.net"])),
        stack(
            inbound(senderDomains=["fabrikam.com", "fabrikam.net"]),
            outbound(recipientDomains=["fabrikam.net", "FABRIKAM.com"]),
        ),
        "fabrikam.net",
    ),
    (
        "one-connector-per-domain",
        stack(inbound(), inbound(name="Second", partner=None)),
        stack(inbound(), inbound(name="Second", partner=None, enabled=False)),
        "so is 'Fabrikam - inbound'",
    ),
    (
        "direction-switched-off",
        stack(inbound(), outbound(enabled=False)),
        stack(inbound(enabled=False), outbound(enabled=False)),
        "mail to fabrikam.com goes out without TLS where the server offers none. Switch it on, or write below "
        "regulated-partners:waivers until when it is off: - {policy: direction-switched-off, partner: Fabrikam, ",
    ),
    ("waiver-complete", stack(waivers=[{**_WAIVER, "reason": ""}]), stack(waivers=[_WAIVER]), "reason is missing"),
    (
        "waiver-not-expired",
        stack(waivers=[{**_WAIVER, "expires": "2026-11-21"}]),
        stack(waivers=[{**_WAIVER, "expires": "2026-11-22"}]),
        "expired on 2026-11-21",
    ),
    (
        "waiver-names-somebody",
        stack(waivers=[{**_WAIVER, "partner": "Fabricam"}]),
        stack(waivers=[{**_WAIVER, "partner": "fabrikam"}]),
        "'Fabricam'",
    ),
    ("waiver-in-force", stack(waivers=[_WAIVER]), stack(), "until 2026-12-31: SEC-2"),
]


@pytest.mark.parametrize(("policy", "bad", "good", "word"), CASES, ids=[case[0] for case in CASES])
def test_it_stops_what_it_is_for_and_nothing_else(policy: str, bad: Stack, good: Stack, word: str) -> None:
    """An auditor's rule would not be enforced, or would stop what keeps it."""
    found = violations(BY_ID[policy], bad)
    assert found
    assert word in found[0]
    assert violations(BY_ID[policy], good) == ()


def test_every_policy_is_tested() -> None:
    """A rule could be added that never fires."""
    assert {case[0] for case in CASES} | {rule.id for rule in kinds.RULES} == set(BY_ID)
    assert len(BY_ID) == len(RULES)


def test_a_good_stack_keeps_every_policy() -> None:
    """Nobody could deploy, or everybody would learn to ignore the pack."""
    assert {rule.id: violations(rule, stack()) for rule in RULES if violations(rule, stack())} == {}


def test_every_policy_has_its_words() -> None:
    """An auditor who reads the table would miss why a rule is there, or what to do."""
    for rule in RULES:
        assert re.fullmatch(r"[a-z][a-z-]+[a-z]", rule.id)
        for words in (rule.description, rule.remediation, rule.why):
            assert words.endswith("."), rule.id
        assert rule.source


def test_own_servers_are_not_held_to_what_is_for_partners() -> None:
    """Hybrid mail flow could not be declared: what a partner must show, one's own servers need not."""
    own = stack(
        inbound(partner=None, connectorType="OnPremises", requireTls=False, **_NO_CERTIFICATE),
        outbound(partner=None, connectorType="OnPremises", tlsSettings=None, tlsDomain=None),
        partners=(),
    )
    assert {rule.id for rule in RULES if violations(rule, own)} == set()


def test_the_hybrid_wizards_connectors_are_known_by_their_source() -> None:
    """A connector that the wizard overwrites would be managed by two masters."""
    assert violations(BY_ID["hybrid-untouched"], stack(inbound(source="HybridWizard")))


def test_connectors_without_a_partner_are_paired_by_their_domains() -> None:
    """Pairs that were declared by hand could have one direction only."""
    pair = inbound(partner=None, senderDomains=["a.com", "b.com"]), outbound(partner=None, recipientDomains=["a.com"])
    found = violations(BY_ID["partner-both-directions"], stack(*pair, partners=()))
    assert len(found) == 1
    assert "no outbound connector is for b.com" in found[0]
    (text,) = violations(BY_ID["partner-directions-agree"], stack(*pair, partners=()))
    assert "'Fabrikam - inbound' is for b.com too, and the other direction is not." in text
    half = stack(inbound(partner=None, enabled=False), outbound(partner=None), partners=())
    (text,) = violations(BY_ID["direction-switched-off"], half)
    assert "'Fabrikam - inbound' is switched off" in text


def test_one_violation_for_each_connector() -> None:
    """Failing: a connector with 300 domains prints 300 sentences, and what else is wrong drowns in them (E12)."""
    many = [f"d{number}.example" for number in range(300)]
    lonely = outbound(partner=None, recipientDomains=many)
    (text,) = violations(BY_ID["partner-both-directions"], stack(lonely, partners=()))
    assert "no inbound connector is for d0.example, d1.example, d10.example, d100.example and 296 more." in text
    first, second = (inbound(name=name, partner=None, senderDomains=many) for name in ("First", "Second"))
    (text,) = violations(BY_ID["one-connector-per-domain"], stack(first, second, partners=()))
    assert "'Second' is for d0.example, d1.example, d10.example, d100.example and 296 more, and so is 'First'." in text
    pair = stack(inbound(senderDomains=many), outbound())
    (text,) = violations(BY_ID["partner-directions-agree"], pair)
    assert "(d0.example, d1.example, d10.example, d100.example and 297 more)" in text
    off = stack(inbound(senderDomains=many, enabled=False), outbound(recipientDomains=many))
    (text,) = violations(BY_ID["direction-switched-off"], off)
    assert "mail from d0.example, d1.example, d10.example, d100.example and 296 more is accepted" in text


def test_no_sentence_of_a_policy_is_longer_than_a_screen() -> None:
    """Failing: one list that an administrator pasted makes every other violation of the run unreadable."""
    many = [f"organization-{number}.example" for number in range(300)]
    long = stack(
        inbound(
            senderDomains=many,
            comment="x" * 5000,
            enabled=False,
            associatedAcceptedDomains=many,
            trustedOrganizations=many,
            restrictDomainsToIpAddresses=True,
            senderIpAddresses=[f"192.0.2.{number}" for number in range(250)],
            efSkipLastIp=True,
            efUsers=[f"a{number}@contoso.com" for number in range(300)],
        ),
        inbound(partner=None, name="Second", senderDomains=many),
        outbound(recipientDomains=["fabrikam.com", *many], comment="x" * 5000),
        outbound(partner=None, name="Third", recipientDomains=many),
    )
    texts = [text for rule in RULES for text in violations(rule, long)]
    assert len(texts) > 8
    assert [len(text) for text in texts if len(text) > 600] == []


def test_ones_own_servers_may_serve_a_partners_domain_too() -> None:
    """An OnPremises and a Partner connector for one domain may coexist. Source: Exchange Online mail flow pages."""
    own = inbound(name="Own", partner=None, connectorType="OnPremises")
    assert violations(BY_ID["one-connector-per-domain"], stack(inbound(), own, outbound())) == ()


def test_two_tenants_of_a_stack_are_judged_apart() -> None:
    """Failing, one program cannot protect the same partner's mail in two tenants; or half of a pair in one tenant
    passes for the missing half of the other."""
    here = (inbound(), outbound())
    there = [
        replace(one, tenant="other", partner="Fabrikam there", urn=f"{one.urn} there")
        for one in (inbound(), outbound())
    ]
    names = ("Fabrikam", "Fabrikam there")
    both = stack(*here, *there, partners=names)
    assert {rule.id for rule in RULES if violations(rule, both)} == set()
    halves = stack(here[0], there[1], partners=names)
    assert len(violations(BY_ID["partner-both-directions"], halves)) == 2


def test_what_can_be_configured() -> None:
    """A company with other habits could not use the pack."""
    ticket = Configuration.model_validate({"ownerPattern": r"^SEC-\d+$"})
    assert violations(BY_ID["comment-names-owner"], stack(inbound(comment="SEC-1234")), ticket) == ()
    stacks = Configuration.model_validate({"stacks": ["other"]})
    assert violations(BY_ID["connector-protected"], stack(inbound(protected=False)), stacks) == ()
    here = Configuration.model_validate({"stacks": ["production"]})
    assert violations(BY_ID["connector-protected"], stack(inbound(protected=False), local=True), here)
    short = Configuration.model_validate({"maxDays": 7.0})
    (text,) = violations(BY_ID["waiver-complete"], stack(waivers=[_WAIVER]), short)
    assert "more than 7 days ahead" in text


def test_a_policy_is_added_in_one_place() -> None:
    """Failing: a policy that is written and listed is not enforced, not documented, or cannot be waived until somebody
    thinks of another file."""
    added = InboundRule(
        id="inbound-named-in-lower-case",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        description="An inbound connector is named in lower case.",
        remediation="Rename it.",
        why="It is an example.",
        source="this test",
        reads=("name",),
        test=lambda s: None if s.name.islower() else "its name has capitals",
    )
    (text,) = violations(added, stack())
    assert text == "inbound connector 'Fabrikam - inbound': its name has capitals. Rename it."
    waiver = {**_WAIVER, "policy": added.id}
    assert violations(added, stack(waivers=[waiver])) == ()
    assert pack.policy(added).name == added.id
    assert f"### {added.id}\n\n{added.description} *low, advisory, judges inbound connectors*" in documentation(
        (added,)
    )
    complete = next(rule for rule in waiving.rules((added,)) if rule.id == "waiver-complete")
    assert violations(complete, stack(waivers=[waiver])) == ()
    assert added.id not in BY_ID


def test_what_is_off_is_off_until_a_day() -> None:
    """Failing: a direction that was switched off at night stays off for ever, or cannot be switched off at all."""
    off = inbound(enabled=False), outbound()

    def waived(expires: str) -> list[str]:
        waiver = {"policy": "direction-switched-off", "partner": "Fabrikam", "reason": "SEC-9", "expires": expires}
        judged = stack(*off, waivers=[waiver])
        return [rule.id for rule in RULES if rule.level is Level.MANDATORY and violations(rule, judged)]

    assert waived("2026-11-22") == []
    assert waived("2026-11-21") == ["direction-switched-off", "waiver-not-expired"]
    beside = inbound(name="By address", partner=None, **_RESTRICT_IP, **_NO_CERTIFICATE)
    assert violations(BY_ID["direction-switched-off"], stack(*off, beside)) == ()
