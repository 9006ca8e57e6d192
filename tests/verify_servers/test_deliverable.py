"""Servers that Exchange Online cannot deliver to, servers with two certificates, and remedies that fit."""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from regulated_partners.probing.seen import Asked, Cause, ServerOutcome, ServerSeen
from regulated_partners.probing.server import Target, probe_server
from regulated_partners.probing.server_report import ConnectionSecurity, Demand, ServerReport, report_server
from regulated_partners.probing.tls_client import contexts
from regulated_partners.probing.verdicts import Party
from regulated_partners.verify.partner import server_facts
from tests.support.certificate_factory import NOW, Issued, intermediate, issued, root
from tests.verify_servers import hostile
from tests.verify_servers.hostile import GO, HELLO, OFFER, Behaviour, says, serving
from tests.verify_servers.smtp_before_tls import tls_server
from tests.verify_servers.world import NAME, connector

_STEP = 3.0
_RSA = rsa.generate_private_key(65537, 2048)
RSA, EC = (issued(NAME, intermediate(), names=[NAME], key=key) for key in (_RSA, None))
RSA_OTHER, EC_OTHER = (issued("x.test", intermediate(), names=["x.test"], key=key) for key in (_RSA, None))
RSA_EXPIRED = issued(NAME, intermediate(), names=[NAME], key=_RSA, days=(-90, -2))
EDWARDS = issued(NAME, intermediate(), names=[NAME], key=ed25519.Ed25519PrivateKey.generate())


def probed(port: int, host: str = NAME, seconds: float = _STEP) -> ServerSeen:
    """What a probe of a server on loopback sees."""
    return probe_server(Target(host, "127.0.0.1", port), contexts(), seconds)


def judged(seen: ServerSeen, tls_settings: str | None = "DomainValidation") -> ServerReport:
    """The judgement for a connector that demands so much."""
    return report_server(seen, Demand(connector("good", tls_settings), [root().certificate], NOW))


def texts(report: ServerReport) -> str:
    """All that is said."""
    return " ".join(finding.text for finding in report.findings)


@dataclass(frozen=True)
class Case:
    """A server, and what is expected of it.

    Attributes:
        options: of `openssl s_server`.
        verdicts: for DomainValidation, EncryptionOnly, and opportunistic TLS.
        words: in what is said.
        certificates: that it has.
        connections: that it sees.
    """

    options: tuple[str, ...]
    verdicts: tuple[str, str, str]
    words: str = ""
    certificates: tuple[Issued, ...] = (RSA,)
    connections: int = 1


PASSED, FAILED = ("passed", "passed", "passed"), ("failed", "failed", "warning")
ONLY_1_2 = ("-tls1_2", "-cipher")
CASES = {
    "RSA": Case((), PASSED),
    "ECDSA": Case((), PASSED, certificates=(EC,), connections=2),
    "TLS 1.2": Case(("-tls1_2",), PASSED),
    "DHE alone": Case((*ONLY_1_2, "DHE-RSA-AES256-GCM-SHA384"), FAILED, "DHE-RSA-AES256-GCM-SHA384", connections=2),
    "ChaCha20 alone": Case((*ONLY_1_2, "ECDHE-RSA-CHACHA20-POLY1305"), FAILED, "CHACHA20", connections=2),
    "Camellia alone": Case((*ONLY_1_2, "ECDHE-RSA-CAMELLIA256-SHA384"), FAILED, "CAMELLIA", connections=2),
    "CCM alone": Case((*ONLY_1_2, "AES256-CCM"), FAILED, "AES256-CCM", connections=2),
    "RSA without ECDHE and GCM": Case((*ONLY_1_2, "AES256-SHA256"), FAILED, "AES256-SHA256", connections=2),
    "ECDHE with CBC": Case((*ONLY_1_2, "ECDHE-RSA-AES256-SHA384"), PASSED),
    "ECDHE with CBC and SHA-1": Case((*ONLY_1_2, "ECDHE-RSA-AES128-SHA"), PASSED),
    "RSA with GCM": Case((*ONLY_1_2, "AES256-GCM-SHA384"), ("warning",) * 3, "does not keep recorded mail secret"),
    "ChaCha20 preferred": Case((*ONLY_1_2, "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256"), PASSED),
    "TLS 1.3 with ChaCha20 alone": Case(
        ("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"), FAILED, "TLS_CHACHA20_POLY1305_SHA256", (RSA,), 2
    ),
    "TLS 1.3 with ChaCha20 preferred": Case(
        ("-serverpref", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"), PASSED, "", (RSA,), 2
    ),
    "X448 alone": Case(("-groups", "X448"), FAILED, "the group X448", connections=2),
    "P-521 alone": Case(("-groups", "P-521"), FAILED, "the group P-521", connections=2),
    "P-521 alone, TLS 1.2": Case(("-groups", "P-521", *ONLY_1_2, "ECDHE"), FAILED, "the group P-521", connections=2),
    "ffdhe alone": Case(("-groups", "ffdhe2048", "-tls1_3"), FAILED, "the group ffdhe2048", connections=2),
    "P-384 alone": Case(("-groups", "P-384"), PASSED),
    "X448 preferred": Case(("-serverpref", "-groups", "X448:X25519", "-tls1_2"), PASSED, connections=2),
    "Ed25519": Case((), FAILED, "Ed25519", (EDWARDS,), 2),
    "Ed25519 and RSA": Case((), PASSED, "", (EDWARDS, RSA), 2),
    "Ed25519 and RSA for another name": Case(("-tls1_3",), ("failed", "passed", "passed"), "", (EDWARDS, RSA_OTHER), 2),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_exchange_online_can_deliver_to(tmp_path: Path, case: Case) -> None:
    """Failing: a server passes to which Exchange Online has nothing to offer, or one fails that it can deliver to."""
    with tls_server(tmp_path, [(own, intermediate()) for own in case.certificates], *case.options) as server:
        seen = probed(server.port)
    reports = [judged(seen, demanded) for demanded in ("DomainValidation", "EncryptionOnly", None)]
    assert tuple(report.verdict.value for report in reports) == case.verdicts, (seen, texts(reports[0]))
    assert case.words in texts(reports[0])
    assert server.connections == case.connections
    assert len([fact for fact in server_facts(reports[0], NOW) if fact.name.startswith("asked ")]) == len(seen.answers)
    if case.verdicts == FAILED:
        (finding,) = reports[1].findings
        assert (finding.who, bool(finding.answer)) == (Party.PARTNER, True)
        assert reports[1].satisfies is None
        assert "in clear text" in texts(reports[2])


@dataclass(frozen=True)
class Two:
    """A server with two certificates. `verdicts` are for DomainValidation, CertificateValidation and EncryptionOnly."""

    certificates: tuple[Issued, Issued]
    verdicts: tuple[str, str, str]
    satisfies: ConnectionSecurity
    words: str = ""


_NAMED = ConnectionSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN
_TRUSTED = ConnectionSecurity.TRUSTED_CERTIFICATION_AUTHORITY
_ANY = ConnectionSecurity.SELF_SIGNED_CERTIFICATE
TWO = {
    "both right": Two((RSA, EC), PASSED, _NAMED),
    "RSA with another name": Two((RSA_OTHER, EC), ("failed", "passed", "passed"), _TRUSTED, "the RSA key (CN=x.test)"),
    "ECDSA with another name": Two((RSA, EC_OTHER), ("failed", "passed", "passed"), _TRUSTED, "the EC key (CN=x.test)"),
    "RSA expired": Two((RSA_EXPIRED, EC), ("failed", "failed", "passed"), _ANY, "expired on"),
    "neither": Two((RSA_OTHER, EC_OTHER), ("failed", "passed", "passed"), _TRUSTED),
}


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("two", TWO.values(), ids=TWO)
def test_both_certificates_count(tmp_path: Path, two: Two, version: str) -> None:
    """Failing: the certificate that Exchange Online gets is not the one that was looked at."""
    chains = [(own, intermediate()) for own in two.certificates]
    # As Postfix does by default, TLS 1.3 of s_server goes by the client's order.
    with tls_server(tmp_path, chains, version) as server:
        seen = probed(server.port)
    levels = ("DomainValidation", "CertificateValidation", "EncryptionOnly")
    reports = [judged(seen, level) for level in levels]
    assert tuple(report.verdict.value for report in reports) == two.verdicts, texts(reports[0])
    assert (reports[0].satisfies, server.connections) == (two.satisfies, 2)
    answer = seen.answer(Asked.RSA_ALONE)
    assert answer is not None
    assert answer.certificates == (two.certificates[0].certificate, intermediate().certificate)
    assert two.words in texts(reports[0])
    if two.words:
        errors = [finding for finding in reports[0].findings if finding.level == "error"]
        assert len(errors) == 1
        assert errors[0].text.startswith("Of its two certificates, the one with the ")
    shown = {fact.name: fact.value for fact in server_facts(reports[0], NOW)}
    assert "RSA 2048 for" in shown["asked for an RSA certificate"]


def test_a_refusal_for_the_time_being_is_tried_again(tmp_path: Path) -> None:
    """Failing: a server that was just being restarted is blamed, or nobody hears of it."""
    with tls_server(tmp_path, [(RSA, intermediate())], first_replies=(b"454 4.7.0 TLS not available\r\n",)) as server:
        found = judged(probed(server.port))
    assert (found.verdict.value, server.connections) == ("warning", 2)
    assert "454 4.7.0 TLS not available" in texts(found)


def _resets(connection: socket.socket, _: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@dataclass(frozen=True)
class Remedy:
    """A server that misbehaves, and what is said of it: words that must be there, and words that must not."""

    behaviour: Behaviour
    outcome: ServerOutcome
    cause: Cause | None
    there: tuple[str, ...]
    not_there: tuple[str, ...] = ("must switch on TLS 1.2",)


REMEDIES = {
    "injection": Remedy(
        says(HELLO, OFFER, GO + b"250 injected\r\n"),
        ServerOutcome.HANDSHAKE_FAILED,
        Cause.INJECTED,
        ("more came in clear text before TLS began", "must update its mail server", "not documented"),
        ("must switch on TLS 1.2", "no sending server accepts"),
    ),
    "454": Remedy(
        says(HELLO, OFFER, b"454 4.7.0 TLS not available\r\n"),
        ServerOutcome.STARTTLS_REFUSED,
        Cause.TEMPORARY,
        ("454 4.7.0 TLS not available", "its key or certificate", "tries again"),
    ),
    "554 to STARTTLS": Remedy(
        says(HELLO, OFFER, b"554 5.7.0 no\r\n"),
        ServerOutcome.STARTTLS_REFUSED,
        None,
        ("why it refuses what it offers",),
    ),
    "reset after accept": Remedy(
        _resets,
        ServerOutcome.NO_ANSWER,
        Cause.RESET,
        ("accepted the connection and reset it", "the port is open from here"),
        ("cannot be reached", "Port 25 is closed in most clouds"),
    ),
    "closed at once": Remedy(
        says(b""),
        ServerOutcome.NO_ANSWER,
        Cause.CLOSED_BEFORE_GREETING,
        ("closed it without a greeting", "the port is open from here"),
        ("after the connection", "in time"),
    ),
    "closed after the banner": Remedy(
        says(HELLO),
        ServerOutcome.NO_ANSWER,
        Cause.CLOSED_IN_DIALOGUE,
        ("closed the connection after EHLO", "may refuse this machine"),
        ("in time", "hold up strangers"),
    ),
    "421 to EHLO": Remedy(
        says(HELLO, b"421 4.3.2 too many connections\r\n"),
        ServerOutcome.REFUSED,
        None,
        ("421 4.3.2 too many connections", "this machine"),
    ),
    "no ESMTP": Remedy(
        says(HELLO, b"502 what\r\n"), ServerOutcome.NO_STARTTLS, Cause.NO_EHLO, ("must let ESMTP through",)
    ),
    "a firewall": Remedy(
        says(HELLO, b"250-mail\r\n250 XXXXXXXA\r\n"),
        ServerOutcome.NO_STARTTLS,
        Cause.FIREWALL,
        ("inspection of SMTP",),
    ),
    "silence": Remedy(hostile.silent, ServerOutcome.NO_ANSWER, None, ("in time", "hold up strangers")),
}


@pytest.mark.parametrize("case", REMEDIES.values(), ids=REMEDIES)
def test_the_remedy_fits_what_was_seen(case: Remedy) -> None:
    """Failing: the partner is told to switch on what it has, while the true cause goes unnamed."""
    with serving(case.behaviour) as port:
        seen = probed(port, seconds=0.6)
    assert (seen.outcome, seen.cause) == (case.outcome, case.cause), seen
    report = judged(seen)
    (finding,) = report.findings
    for words in case.there:
        assert words in finding.text, finding.text
    for words in case.not_there:
        assert words not in finding.text
    shown = {fact.name: fact.value for fact in server_facts(report, NOW)}
    assert shown["probe"] == (case.cause or case.outcome)


@pytest.mark.parametrize(("host", "hinted"), [("127.0.0.1", True), (NAME, False)])
def test_an_address_has_no_server_name(tmp_path: Path, host: str, hinted: bool) -> None:
    """Failing: a smart host by address shows its default certificate, and nobody learns why."""
    with tls_server(tmp_path, [(RSA_OTHER, intermediate())]) as server:
        seen = probed(server.port, host)
    found = judged(seen)
    assert ("names no server (SNI)" in texts(found)) is hinted
    assert "names no server (SNI)" not in texts(judged(seen, "CertificateValidation"))


def test_what_could_not_be_seen_is_not_proven(tmp_path: Path) -> None:
    """Failing: a second connection that failed counts as the server's refusal, or as nothing."""
    with tls_server(tmp_path, [(RSA, intermediate())], "-groups", "X448") as server:
        seen = probed(server.port)
    failed = {"decided": False, "refusal": "nothing answers"}
    undecided = tuple(answer.model_copy(update=failed) for answer in seen.answers)
    found = judged(seen.model_copy(update={"answers": undecided}))
    assert found.verdict.value == "warning"
    assert "was not seen" in texts(found)
