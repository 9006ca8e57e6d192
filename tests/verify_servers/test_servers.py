"""The probe and its verdicts on Postfix with one fault for each listener; `openssl s_client` is the oracle."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

import pytest

from regulated_partners.probing.certificates import ChainCause
from regulated_partners.probing.seen import ServerOutcome
from regulated_partners.probing.server_report import ConnectionSecurity, ServerReport
from regulated_partners.probing.verdicts import Party, Verdict
from tests.verify_servers.world import NAME, World, connector
from tests.verify_servers.zones import ADDRESSES
from tools.servers import program

ANY, TRUSTED, NAMED = (
    ConnectionSecurity.SELF_SIGNED_CERTIFICATE,
    ConnectionSecurity.TRUSTED_CERTIFICATION_AUTHORITY,
    ConnectionSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN,
)


@dataclass(frozen=True)
class Case:
    """A server, and what is expected of it.

    Attributes:
        verdicts: for DomainValidation, CertificateValidation and EncryptionOnly.
        chain: None where no certificate is seen that counts.
        satisfies: the strictest connection security that it passes.
    """

    server: str
    verdicts: tuple[str, str, str]
    chain: ChainCause | None
    satisfies: ConnectionSecurity | None


CASES = [
    Case("good", ("passed", "passed", "passed"), ChainCause.TRUSTED, NAMED),
    Case("expired", ("failed", "failed", "passed"), ChainCause.EXPIRED, ANY),
    Case("no-intermediate", ("failed", "failed", "passed"), ChainCause.INCOMPLETE, ANY),
    Case("san-only", ("passed", "passed", "passed"), ChainCause.TRUSTED, NAMED),
    Case("cn-only", ("warning", "passed", "passed"), ChainCause.TRUSTED, NAMED),
    Case("wildcard", ("passed", "passed", "passed"), ChainCause.TRUSTED, NAMED),
    Case("untrusted", ("failed", "failed", "passed"), ChainCause.UNKNOWN_ROOT, ANY),
    # OpenSSL says the same for it as for a missing intermediate: the issuer is nowhere.
    Case("unknown-ca", ("failed", "failed", "passed"), ChainCause.INCOMPLETE, ANY),
    Case("no-starttls", ("failed", "failed", "failed"), None, None),
    Case("tls12", ("passed", "passed", "passed"), ChainCause.TRUSTED, NAMED),
    Case("tls11", ("failed", "failed", "failed"), None, None),
    Case("client-certificate", ("unknown", "unknown", "unknown"), ChainCause.TRUSTED, None),
    Case("future", ("failed", "failed", "passed"), ChainCause.NOT_YET_VALID, ANY),
    Case("self-signed", ("failed", "failed", "passed"), ChainCause.SELF_SIGNED, ANY),
    Case("other-name", ("failed", "passed", "passed"), ChainCause.TRUSTED, TRUSTED),
]

#: What openssl says for each cause. Source: X509_verify_cert_error_string; measured.
_ORACLE = {
    ChainCause.TRUSTED: {0},
    ChainCause.EXPIRED: {10},
    ChainCause.NOT_YET_VALID: {9},
    ChainCause.SELF_SIGNED: {18},
    # 20: its issuer is nowhere. 21: it is alone in the chain.
    ChainCause.INCOMPLETE: {20, 21},
    ChainCause.UNKNOWN_ROOT: {19, 20},
}


def server(world: World, name: str, tls_settings: str | None = "DomainValidation") -> ServerReport:
    """The report on the one server of a domain."""
    _, servers = world.judge(connector(name, tls_settings))
    assert len(servers) == 1
    return servers[0]


def s_client(world: World, name: str, *options: str) -> str:
    """What openssl prints about a server."""
    place = f"{ADDRESSES[name]}:{world.port}"
    done = subprocess.run(
        [program("openssl"), "s_client", "-starttls", "smtp", "-connect", place, "-CAfile", str(world.roots), *options],
        input="QUIT\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.server)
def test_the_verdict_for_each_connection_security(world: World, case: Case) -> None:
    """Failing: an operator is told that forced TLS works where mail will be refused, or the other way round."""
    levels = ("DomainValidation", "CertificateValidation", "EncryptionOnly")
    reports = [server(world, case.server, level) for level in levels]
    assert tuple(report.verdict.value for report in reports) == case.verdicts, reports[0].findings
    found = reports[0]
    assert (found.chain_verdict.cause if found.chain_verdict else None) is case.chain
    assert found.satisfies is case.satisfies
    for report in reports:
        assert (report.verdict is Verdict.FAILED) == any(finding.answer for finding in report.findings)


@pytest.mark.parametrize("name", [case.server for case in CASES if case.chain is not None])
def test_chain_and_protocol_agree_with_openssl(world: World, name: str) -> None:
    """Failing: our verdict on a chain differs from what every TLS stack says about it."""
    found = server(world, name)
    printed = s_client(world, name)
    code = re.findall(r"Verify return code: (\d+)", printed)
    assert code, printed
    assert found.chain_verdict is not None
    assert int(code[0]) in _ORACLE[found.chain_verdict.cause], f"openssl: {code[0]}, ours: {found.chain_verdict}"
    assert f"New, {found.seen.version}, Cipher is {found.seen.cipher}" in printed


@pytest.mark.parametrize(("name", "agrees"), [("good", True), ("wildcard", True), ("san-only", True)])
def test_names_agree_with_openssl(world: World, name: str, agrees: bool) -> None:
    """Failing: a certificate that everybody else takes for the name is refused here."""
    printed = s_client(world, name, "-verify_hostname", NAME)
    assert ("Verify return code: 0" in printed) is agrees
    assert server(world, name).verdict is Verdict.PASSED


def test_a_name_that_openssl_refuses_is_refused(world: World) -> None:
    """Failing: somebody else's certificate passes for the partner's."""
    assert "hostname mismatch" in s_client(world, "other-name", "-verify_hostname", NAME).lower()
    found = server(world, "other-name")
    answer = next(finding.answer for finding in found.findings if finding.check == "name")
    assert answer is not None
    assert "SubjectMismatch Expected Subject: mail.fabrikam.test" in answer


def test_the_answer_names_who_must_act(world: World) -> None:
    """Failing: the operator does not learn that the partner has to switch STARTTLS on."""
    finding = server(world, "no-starttls").findings[0]
    assert finding.who is Party.PARTNER
    assert finding.answer is not None
    assert "451 5.7.3 STARTTLS is required" in finding.answer


def test_old_tls_is_told_from_no_tls(world: World) -> None:
    """Failing: a server that only needs newer settings looks like one without TLS."""
    found = server(world, "tls11")
    assert found.seen.outcome is ServerOutcome.OLD_TLS_ONLY
    assert found.seen.version == "TLSv1.1"
    assert "TLS 1.2 and 1.3 only" in found.findings[0].text
    assert "Cipher is (NONE)" in s_client(world, "tls11")


def test_a_server_that_demands_a_client_certificate(world: World) -> None:
    """Failing: a partner who demands Exchange Online's certificate is reported as broken, or as proven."""
    found = server(world, "client-certificate")
    assert found.seen.asks_client_certificate is True
    assert found.seen.outcome is ServerOutcome.CLOSED_AFTER_HANDSHAKE
    assert "mail.protection.outlook.com" in found.findings[0].text
    assert server(world, "good").seen.asks_client_certificate is False


def test_nothing_beyond_hello_is_said(world: World) -> None:
    """Failing: the probe sends more than EHLO, STARTTLS, QUIT; a partner may take it for an attack or for mail."""
    said = [line for line in server(world, "good").seen.transcript if line.startswith("C: ")]
    assert said == ["C: EHLO [127.0.0.1]", "C: STARTTLS", "C: EHLO [127.0.0.1]", "C: QUIT"]
    assert " from=<" not in world.postfix.log.read_text(), "Postfix has seen MAIL FROM"


def test_opportunistic_tls_allows_clear_text(world: World) -> None:
    """Failing: a connector that demands nothing fails, or its clear text goes unmentioned."""
    found = server(world, "no-starttls", None)
    assert found.verdict is Verdict.WARNING
    assert "clear text" in found.findings[0].text


@pytest.mark.parametrize(
    ("name", "tls_settings", "advice"),
    [
        ("good", "EncryptionOnly", "recipientCertificateMatchesDomain with tlsDomain: mail.fabrikam.test"),
        ("good", None, "recipientCertificateMatchesDomain with tlsDomain: mail.fabrikam.test"),
        ("other-name", "CertificateValidation", "recipientCertificateMatchesDomain with tlsDomain: other.fabrikam"),
        ("self-signed", None, "selfSignedCertificate"),
        ("good", "DomainValidation", None),
        ("expired", "EncryptionOnly", None),
    ],
)
def test_a_stricter_setting_is_offered(world: World, name: str, tls_settings: str | None, advice: str | None) -> None:
    """Failing: a connector stays weaker than the partner's servers allow, or one is advised that would lose mail."""
    route, _ = world.judge(connector(name, tls_settings))
    offered = [finding.text for finding in route.findings if finding.check == "stricter"]
    assert bool(offered) is (advice is not None), offered
    assert advice is None or advice in offered[0]
    for domain in re.findall(r"tlsDomain: (\S+)\. ", offered[0] if offered else ""):
        assert server_passes(world, name, domain)


def server_passes(world: World, name: str, tls_domain: str) -> bool:
    """Whether the advice holds when it is followed."""
    _, servers = world.judge(connector(name, tls_domain=tls_domain))
    return servers[0].verdict in (Verdict.PASSED, Verdict.WARNING)


def test_one_expiring_soon_is_reported_before_it_breaks(world: World) -> None:
    """Failing: mail stops on the day that the certificate ends, without notice."""
    found = server(world, "soon")
    assert found.satisfies is NAMED
    assert [finding.check for finding in found.findings] == ["expiry"]
    assert "expires in 4 days" in found.findings[0].text


def test_every_host_and_every_address_counts(world: World) -> None:
    """Failing: half of the mail is refused, because only one of the partner's servers was looked at."""
    _, hosts = world.judge(connector("two-hosts"))
    assert [(each.seen.host, each.verdict.value) for each in hosts] == [
        ("mx-good.fabrikam.test", "passed"),
        ("mx-other-name.fabrikam.test", "failed"),
    ]
    _, addresses = world.judge(connector("two-addresses"))
    assert {(each.seen.address, each.verdict.value) for each in addresses} == {
        (ADDRESSES["good"], "passed"),
        (ADDRESSES["expired"], "failed"),
    }


def test_smart_hosts_instead_of_mx(world: World) -> None:
    """Failing: the MX servers are judged, though the connector's mail goes through the smart hosts."""
    hosts = ("mx-good.fabrikam.test", ADDRESSES["expired"])
    route, servers = world.judge(connector("expired", smart_hosts=hosts, use_mx_record=False))
    assert [(each.seen.host, each.verdict.value) for each in servers] == [
        ("mx-good.fabrikam.test", "passed"),
        (ADDRESSES["expired"], "failed"),
    ]
    assert route.route.domain is None


def test_nothing_listens(world: World) -> None:
    """Failing: a closed port 25, as in most clouds, is taken for the partner's fault."""
    found = server(world, "silent")
    assert found.verdict is Verdict.NOT_REACHABLE
    assert not [finding for finding in found.findings if finding.answer or finding.who]
