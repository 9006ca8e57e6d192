"""MTA-STS and MX records on real servers: Knot and Unbound for the records, HTTPS for the policies."""

from __future__ import annotations

import pytest

from regulated_partners.probing.mta_sts import MtaStsState
from regulated_partners.probing.verdicts import Verdict
from tests.verify_servers.world import World, connector

CASES = [
    ("sts-enforce", MtaStsState.ENFORCED, Verdict.PASSED, "valid and enforced"),
    ("sts-wildcard", MtaStsState.ENFORCED, Verdict.PASSED, "valid and enforced"),
    ("sts-testing", MtaStsState.TESTING, Verdict.PASSED, "mode testing"),
    ("sts-broken", MtaStsState.BROKEN, Verdict.WARNING, "not enforce, testing or none"),
    ("sts-redirect", MtaStsState.BROKEN, Verdict.WARNING, "a redirect, which must not be followed"),
    ("sts-bad-web", MtaStsState.BROKEN, Verdict.WARNING, "the certificate of mta-sts.sts-bad-web"),
    ("sts-two-records", MtaStsState.BROKEN, Verdict.WARNING, "2 records of v=STSv1"),
    ("sts-wrong-mx", MtaStsState.VIOLATED, Verdict.FAILED, "The policy does not name mail.fabrikam.test"),
    ("sts-wrong-mx-testing", MtaStsState.VIOLATED, Verdict.WARNING, "mode testing only reports"),
    ("sts-untrusted", MtaStsState.VIOLATED, Verdict.FAILED, "not among the trusted roots"),
    ("good", MtaStsState.ABSENT, Verdict.PASSED, "MTA-STS is absent"),
]


@pytest.mark.parametrize(("domain", "state", "verdict", "words"), CASES)
def test_the_state_of_the_policy(world: World, domain: str, state: MtaStsState, verdict: Verdict, words: str) -> None:
    """Failing: an enforced policy that refuses mail goes unnoticed, or a harmless one alarms."""
    report, _ = world.judge(connector(domain, "EncryptionOnly"))
    found = [finding for finding in report.findings if finding.check == "mta-sts"]
    assert report.mta_sts is state
    assert report.verdict is verdict
    assert words in found[0].text
    assert (verdict is Verdict.FAILED) is bool(found[0].answer)


@pytest.mark.parametrize("domain", ["sts-wrong-mx", "sts-untrusted"])
def test_mode_none_ignores_the_policy(world: World, domain: str) -> None:
    """Failing: a connector that does not go by MTA-STS fails because of it."""
    report, _ = world.judge(connector(domain, "EncryptionOnly", mta_sts_mode="None"))
    assert report.verdict is Verdict.WARNING
    assert "MtaStsMode None" in " ".join(finding.text for finding in report.findings)


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ("null", "accepts no mail"),
        ("nothere", "cannot receive mail: no such name"),
        ("no-address", "nowhere.fabrikam.test has no address"),
    ],
)
def test_a_domain_without_mail_servers(world: World, domain: str, words: str) -> None:
    """Failing: a mistyped domain passes, because there was no server that could fail."""
    report, servers = world.judge(connector(domain))
    assert servers == ()
    assert report.verdict is Verdict.FAILED
    assert words in " ".join(finding.text for finding in report.findings)


def test_a_domain_that_is_its_own_mail_server(world: World) -> None:
    """Failing: a partner without MX record is reported as one who gets no mail."""
    report, servers = world.judge(connector("implicit"))
    assert report.verdict is Verdict.PASSED
    assert [each.verdict for each in servers] == [Verdict.PASSED]


def test_the_partner_watches(world: World) -> None:
    """Failing: the record of TLS-RPT, which says to whom failures are reported, is not shown."""
    report, _ = world.judge(connector("fabrikam.test"))
    assert ("TLS-RPT", "v=TLSRPTv1; rua=mailto:tls@fabrikam.test") in {(fact.name, fact.value) for fact in report.facts}
