"""Web servers that misbehave when they are asked for an MTA-STS policy: a verdict within the time limit."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from regulated_partners.probing.certificates import load_roots
from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.mta_sts import fetch_policy, web_context
from tests.verify_servers import hostile
from tests.verify_servers.hostile import Behaviour, serving
from tests.verify_servers.pki import SERVER, Pki, write_chain

_SECONDS = 1.0
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
Behaviours = Callable[[Behaviour], Behaviour]


@pytest.fixture
def over_tls(tmp_path: Path) -> Behaviours:
    """Makes a behaviour one over TLS, with a certificate for mta-sts.fabrikam.test below roots.pem."""
    pki = Pki()
    name = "mta-sts.fabrikam.test"
    (tmp_path / "roots.pem").write_text(pki.root.pem)
    key, chain = write_chain(tmp_path, "web", pki.leaf(name, (name,), usages=SERVER), pki.intermediate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)

    def wrap(behaviour: Behaviour) -> Behaviour:
        def behave(connection: socket.socket, stop: threading.Event) -> None:
            with context.wrap_socket(connection, server_side=True) as encrypted:
                encrypted.recv(4096)
                behaviour(encrypted, stop)

        return behave

    return wrap


_CASES: dict[str, tuple[Behaviour, str]] = {
    "silent": (hostile.silent, "no whole answer in time"),
    "byte by byte": (hostile.slowly(_HEAD), "no whole answer in time"),
    "garbage": (hostile.says(b"\x00\xff\xfe\r\n\r\n"), "no answer in HTTP"),
    "closes": (hostile.says(b""), "is not complete"),
    "without end": (hostile.floods(_HEAD + b"\r\n", b"x" * 9000), "larger than 64 kB"),
    "headers without end": (hostile.floods(_HEAD, b"X: " + b"x" * 9000 + b"\r\n"), "is not complete"),
    "says it is longer": (hostile.says(_HEAD + b"Content-Length: 999\r\n\r\nversion: STSv1\n"), "is not complete"),
    "a page": (hostile.says(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>"), "media type is text/html"),
    "not found": (hostile.says(b"HTTP/1.1 404 Not Found\r\n\r\n"), "answers 404"),
}


@pytest.mark.parametrize(("behaviour", "words"), _CASES.values(), ids=_CASES)
def test_a_policy_that_cannot_be_had(over_tls: Behaviours, tmp_path: Path, behaviour: Behaviour, words: str) -> None:
    """Failing: a web server holds up the run, ends it with an error, or fills the memory."""
    context = web_context(load_roots(tmp_path / "roots.pem"))
    with serving(over_tls(behaviour)) as port:
        begin = time.monotonic()
        policy = fetch_policy("fabrikam.test", ["127.0.0.1"], context, port, Deadline(_SECONDS))
        took = time.monotonic() - begin
    assert took < _SECONDS + 2
    assert policy.text is None
    assert words in (policy.problem or "")


@pytest.mark.usefixtures("over_tls")
def test_a_server_without_tls(tmp_path: Path) -> None:
    """Failing: what is no HTTPS server ends the command with an error."""
    context = web_context(load_roots(tmp_path / "roots.pem"))
    with serving(hostile.says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        policy = fetch_policy("fabrikam.test", ["127.0.0.1"], context, port, Deadline(_SECONDS))
    assert "TLS handshake" in (policy.problem or "")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    missing = fetch_policy("fabrikam.test", ["127.0.0.1"], context, port, Deadline(_SECONDS))
    assert not missing.reached


@pytest.mark.usefixtures("over_tls")
@pytest.mark.parametrize("behaviour", [hostile.silent, hostile.slowly(b"\x16\x03\x03\x40\x00")])
def test_a_handshake_that_does_not_end(tmp_path: Path, behaviour: Behaviour) -> None:
    """Failing: a server that never finishes the handshake stretches the time limit."""
    context = web_context(load_roots(tmp_path / "roots.pem"))
    with serving(behaviour) as port:
        begin = time.monotonic()
        policy = fetch_policy("fabrikam.test", ["127.0.0.1"], context, port, Deadline(_SECONDS))
        took = time.monotonic() - begin
    assert took < _SECONDS + 1
    assert "no whole answer in time" in (policy.problem or "")


def test_the_next_address_is_tried(over_tls: Behaviours, tmp_path: Path) -> None:
    """Failing: one dead address of several makes a policy unreachable."""
    context = web_context(load_roots(tmp_path / "roots.pem"))
    with serving(over_tls(hostile.says(_HEAD + b"\r\nversion: STSv1\n"))) as port:
        policy = fetch_policy("fabrikam.test", ["127.0.0.9", "127.0.0.1"], context, port, Deadline(_SECONDS))
    assert policy.text == "version: STSv1\n"
