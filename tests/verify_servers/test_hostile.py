"""Servers that never answer, answer byte by byte, or send garbage: a verdict within the time limit, never an error."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from datetime import UTC, datetime

import pytest

from regulated_partners.probing.collect import Questions, Surroundings, collect
from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.dns_client import DnsClient
from regulated_partners.probing.seen import AddressAnswer, Probe, ServerOutcome, ServerSeen
from regulated_partners.probing.server import Target, probe_server
from regulated_partners.probing.server_report import Demand, report_server
from regulated_partners.probing.tls_client import contexts
from regulated_partners.probing.verdicts import Verdict
from tests.verify_servers import hostile
from tests.verify_servers.hostile import GO, HELLO, OFFER, Behaviour, says, serving
from tests.verify_servers.world import connector

_STEP = 0.6
#: Three steps for each of two connections, and some time for a machine that is busy.
_LIMIT = 6 * _STEP + 3

CASES: dict[str, tuple[Behaviour, ServerOutcome, str]] = {
    "silent": (hostile.silent, ServerOutcome.NO_ANSWER, "unknown"),
    "byte by byte": (hostile.slowly(b"220-mail is slow\r\n"), ServerOutcome.NO_ANSWER, "unknown"),
    "closes at once": (says(b""), ServerOutcome.NO_ANSWER, "unknown"),
    "garbage": (says(b"\x00\xff\x1b[31m\x07 garbage\r\n"), ServerOutcome.NOT_SMTP, "unknown"),
    "a web server": (says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ServerOutcome.NOT_SMTP, "unknown"),
    "a line without end": (hostile.floods(b"220 ", b"x" * 4096), ServerOutcome.NOT_SMTP, "unknown"),
    "lines without end": (hostile.floods(b"", b"220-mail\r\n" * 100), ServerOutcome.NOT_SMTP, "unknown"),
    "refuses strangers": (says(b"554 5.7.1 not for dynamic addresses\r\n"), ServerOutcome.REFUSED, "unknown"),
    "silent after EHLO": (hostile.silent_after(HELLO), ServerOutcome.NO_ANSWER, "unknown"),
    "no EHLO": (says(HELLO, b"500 what\r\n"), ServerOutcome.NO_STARTTLS, "failed"),
    "no STARTTLS": (says(HELLO, b"250-mail\r\n250 SIZE\r\n"), ServerOutcome.NO_STARTTLS, "failed"),
    "a firewall": (says(HELLO, b"250-mail\r\n250 XXXXXXXA\r\n"), ServerOutcome.NO_STARTTLS, "failed"),
    "refuses STARTTLS": (says(HELLO, OFFER, b"454 no\r\n"), ServerOutcome.STARTTLS_REFUSED, "failed"),
    "garbage for TLS": (says(HELLO, OFFER, GO, b"\xff" * 500), ServerOutcome.HANDSHAKE_FAILED, "failed"),
    "clear text after STARTTLS": (
        says(HELLO, OFFER, GO + b"250 injected\r\n"),
        ServerOutcome.HANDSHAKE_FAILED,
        "failed",
    ),
    "silent handshake": (hostile.silent_after(HELLO, OFFER, GO), ServerOutcome.HANDSHAKE_FAILED, "failed"),
}


def judged(seen: ServerSeen) -> Verdict:
    """The verdict for a connector that demands a certificate for a name."""
    return report_server(seen, Demand(connector("good"), (), datetime.now(UTC))).verdict


@pytest.mark.parametrize(("behaviour", "outcome", "verdict"), CASES.values(), ids=CASES)
def test_a_verdict_within_the_time_limit(behaviour: Behaviour, outcome: ServerOutcome, verdict: str) -> None:
    """Failing: one partner's server holds up the run, or ends it with an error."""
    with serving(behaviour) as port:
        begin = time.monotonic()
        seen = probe_server(Target("mail.fabrikam.test", "127.0.0.1", port), contexts(), _STEP)
        took = time.monotonic() - begin
    assert took < _LIMIT
    assert seen.outcome is outcome, seen
    assert judged(seen).value == verdict
    assert seen.detail.endswith(".")
    assert all(line.isprintable() for line in seen.transcript), "a stranger's control characters reach the terminal"


def test_a_firewall_is_named() -> None:
    """Failing: nobody sees that not the server but a firewall takes STARTTLS away."""
    with serving(says(HELLO, b"250-mail\r\n250 XXXXXXXA\r\n")) as port:
        seen = probe_server(Target("mail.fabrikam.test", "127.0.0.1", port), contexts(), _STEP)
    assert "firewall" in seen.detail


def test_a_resolver_that_never_answers() -> None:
    """Failing: without DNS the command hangs, or says that the partner gets no mail."""
    at = Surroundings(DnsClient.at("127.0.0.1:9"), ssl.create_default_context(), port=9, seconds=0.5)
    begin = time.monotonic()
    probe = collect(Questions(("fabrikam.test",), ("smart.fabrikam.test",)), at, datetime.now(UTC))
    assert time.monotonic() - begin < 10
    assert probe.domains[0].mx.problem == "no answer"
    assert probe.hosts[0].addresses.problem == "no answer"


def test_the_whole_has_an_end() -> None:
    """Failing: many dead servers add up, and a pre-flight holds up `pulumi preview`."""
    hosts = tuple(f"127.0.22.{number}" for number in range(1, 9))
    with serving(hostile.silent, "127.0.22.1") as port:
        at = Surroundings(
            DnsClient.at("127.0.0.1:9"), ssl.create_default_context(), port=port, seconds=20, in_all=1.0, at_once=2
        )
        begin = time.monotonic()
        probe = collect(Questions((), hosts), at, datetime.now(UTC))
        took = time.monotonic() - begin
    assert took < 4
    assert len(probe.servers) == len(hosts)


def test_one_connection_at_a_time_and_none_repeated() -> None:
    """Failing: a partner's server is asked twice for the same, or by several connections at once, and blocks us."""
    with serving(hostile.silent) as port:
        at = Surroundings(DnsClient.at("127.0.0.1:9"), ssl.create_default_context(), port=port, seconds=0.4)
        begin = time.monotonic()
        probe = collect(Questions((), ("127.0.0.1", "127.0.0.1")), at, datetime.now(UTC))
    assert time.monotonic() - begin < 3
    assert [seen.outcome for seen in probe.servers] == [ServerOutcome.NO_ANSWER]


class _TwoAddresses(DnsClient):
    """A resolver to which every host has two addresses."""

    def addresses(self, host: str, deadline: Deadline) -> AddressAnswer:
        assert host
        assert not deadline.is_over
        return AddressAnswer(addresses=("127.0.24.1", "127.0.24.2"))


def test_two_addresses_of_a_host_are_asked_in_turn() -> None:
    """Failing: a mail server with two addresses counts two connections of ours at once, and blocks us."""
    open_now, most = 0, 0

    def behave(connection: socket.socket, stop: threading.Event) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        stop.wait(0.3)
        open_now -= 1
        connection.sendall(b"554 no\r\n")

    with serving(behave, "127.0.24.1") as port, serving(behave, "127.0.24.2", port):
        dns = _TwoAddresses(("127.0.0.1",), 9, trusted=False)
        at = Surroundings(dns, ssl.create_default_context(), port=port, seconds=2)
        probe = collect(Questions((), ("mail.fabrikam.test",)), at, datetime.now(UTC))
    assert [seen.outcome for seen in probe.servers] == [ServerOutcome.REFUSED] * 2
    assert most == 1


def test_a_probe_survives_its_file() -> None:
    """Failing: a probe made elsewhere cannot be judged here."""
    with serving(says(b"\x00\xff garbage\r\n")) as port:
        at = Surroundings(DnsClient.at("127.0.0.1:9"), ssl.create_default_context(), port=port, seconds=0.5)
        probe = collect(Questions(("fabrikam.test",), ("127.0.0.1",)), at, datetime.now(UTC))
    assert Probe.model_validate_json(probe.model_dump_json()) == probe
