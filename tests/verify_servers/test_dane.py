"""DANE on real servers: Knot signs, Unbound validates, Postfix shows the certificate, openssl is the oracle."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from regulated_partners.probing.certificates import load_roots
from regulated_partners.probing.collect import Questions, collect
from regulated_partners.probing.dane import DaneState
from regulated_partners.probing.dns_client import DnsClient
from regulated_partners.probing.route import ProbeIndex, routes
from regulated_partners.probing.route_report import RouteReport, report_route
from regulated_partners.probing.seen import DnsProblem
from regulated_partners.probing.server_report import Demand
from regulated_partners.probing.verdicts import Verdict
from tests.verify_servers.world import World, connector
from tools.servers import program

#: Domain, state, what Exchange Online answers.
CASES = [
    ("fabrikam.test", DaneState.VALID, None),
    ("dane-good", DaneState.VALID, None),
    ("dane-rollover", DaneState.VALID, None),
    ("dane-ta", DaneState.VALID, None),
    ("dane-wrong", DaneState.BROKEN, "4.7.323 tlsa-invalid"),
    ("dane-expired", DaneState.BROKEN, "4.7.322 certificate-expired"),
    ("dane-ta-name", DaneState.BROKEN, "4.7.323 tlsa-invalid"),
    ("dane-no-tls", DaneState.BROKEN, "4.7.321 starttls-not-supported"),
    ("bogus.test", DaneState.BROKEN, "4.7.324 dnssec-invalid"),
    ("dane-unusable", DaneState.UNUSABLE, None),
    ("unsigned.test", DaneState.ABSENT, None),
    ("good", DaneState.ABSENT, None),
]


def about_dane(report: RouteReport) -> list[str]:
    """The texts of the findings about DANE."""
    return [finding.text for finding in report.findings if finding.check == "dane"]


@pytest.mark.parametrize(("domain", "state", "answer"), CASES)
def test_the_state_and_the_answer(world: World, domain: str, state: DaneState, answer: str | None) -> None:
    """Failing: broken DANE, for which Exchange Online refuses mail by default, goes unnoticed, or sound DANE alarms."""
    report, _ = world.judge(connector(domain, "EncryptionOnly"))
    assert report.dane is state, report.facts
    answers = [finding.answer for finding in report.findings if finding.check == "dane" and finding.answer]
    assert (report.verdict is Verdict.FAILED) is (answer is not None)
    assert answer is None or answer in answers[0]


@pytest.mark.parametrize("domain", ["dane-good", "dane-rollover", "dane-ta", "dane-wrong", "dane-ta-name"])
def test_the_comparison_agrees_with_openssl(world: World, domain: str) -> None:
    """Failing: our comparison of a TLSA record with a certificate differs from OpenSSL's."""
    settings = connector(domain)
    probe = world.probe(settings)
    seen, host = probe.servers[0], probe.hosts[0]
    records = [option for each in host.tlsa.records for option in ("-dane_tlsa_rrdata", str(each))]
    place = f"{seen.address}:{seen.port}"
    command = [program("openssl"), "s_client", "-starttls", "smtp", "-connect", place, *records]
    done = subprocess.run(
        # Usage 3 has no name to check: RFC 7672 3.1.1.
        [*command, "-dane_tlsa_domain", seen.host, "-dane_ee_no_namechecks"],
        input="QUIT\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    report, _ = world.judge(settings)
    code = re.findall(r"Verify return code: (\d+)", done.stdout)
    assert code, done.stdout + done.stderr
    assert (code[0] == "0") is (report.dane is DaneState.VALID), done.stdout


@pytest.mark.parametrize(
    ("domain", "mode", "verdict", "words"),
    [
        ("dane-good", "Opportunistic", Verdict.PASSED, "Mandatory would pass too"),
        ("dane-good", "Mandatory", Verdict.PASSED, "as SmtpDaneMode Mandatory demands"),
        ("dane-wrong", "Mandatory", Verdict.FAILED, "The partner must correct its DNS or its certificate"),
        ("dane-wrong", "None", Verdict.WARNING, "ignores by SmtpDaneMode None"),
        ("unsigned.test", "Opportunistic", Verdict.PASSED, "keep SmtpDaneMode Opportunistic"),
        ("unsigned.test", "Mandatory", Verdict.FAILED, "Choose Opportunistic"),
        ("dane-unusable", "Mandatory", Verdict.FAILED, "Choose Opportunistic"),
    ],
)
def test_the_mode_to_choose(world: World, domain: str, mode: str, verdict: Verdict, words: str) -> None:
    """Failing: the advice on SmtpDaneMode loses mail, or leaves a protection unused."""
    report, _ = world.judge(connector(domain, "EncryptionOnly", smtp_dane_mode=mode))
    assert report.verdict is verdict
    assert words in " ".join(about_dane(report))


def test_a_resolver_that_is_not_trusted_proves_nothing(world: World) -> None:
    """Failing: anybody on the way to a resolver could forge the AD flag, and DANE would count as proven."""
    address, port = world.resolver.split(":")
    stranger = DnsClient((address,), int(port), trusted=False)
    at = replace(world.surroundings(), dns=stranger)
    settings = connector("dane-good", "EncryptionOnly")
    probe = collect(Questions(settings.recipient_domains), at, datetime.now(UTC))
    demand = Demand(settings, load_roots(world.roots), datetime.now(UTC))
    report = report_route(routes(demand, ProbeIndex(probe))[0], demand)
    assert report.dane is DaneState.UNKNOWN
    assert "--resolver" in " ".join(fact.value for fact in report.facts)


def test_forged_answers_are_told_from_missing_ones(world: World) -> None:
    """Failing: a broken zone looks like a resolver that is down, and nobody tells the partner."""
    probe = world.probe(connector("bogus.test"))
    assert probe.domains[0].mx.problem is DnsProblem.BOGUS
    assert world.probe(connector("nothere")).domains[0].mx.problem is DnsProblem.NO_SUCH_NAME
