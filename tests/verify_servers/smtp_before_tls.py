"""A mail server whose TLS is `openssl s_server`'s, which can be told exactly what it takes."""

from __future__ import annotations

import contextlib
import selectors
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.support.certificate_factory import Issued
from tests.verify_servers.hostile import GO, HELLO, OFFER, serving
from tests.verify_servers.processes import free_port
from tools.servers import program

_UNDER_TLS = b"250 mail\r\n221 bye\r\n"


@dataclass
class Running:
    """A server that runs: its port, and how many connections it has taken."""

    port: int = 0
    connections: int = 0


@contextlib.contextmanager
def tls_server(
    folder: Path, chains: Sequence[Sequence[Issued]], *options: str, first_replies: Sequence[bytes] = ()
) -> Iterator[Running]:
    """A server with one or two certificates, and options of `openssl s_server`.

    Args:
        folder: for the certificates.
        chains: each certificate with its issuers.
        options: such as `-tls1_2`, `-cipher`, `-groups`.
        first_replies: to STARTTLS at the first connections, instead of the consent.
    """
    arguments: list[str] = []
    for number, chain in enumerate(chains):
        key, own = folder / f"{number}.key", folder / f"{number}.pem"
        key.write_bytes(chain[0].key_pem)
        own.write_bytes(chain[0].pem)
        d = "d" if number else ""
        arguments += [f"-{d}cert", str(own), f"-{d}key", str(key)]
        if len(chain) > 1:
            above = folder / f"{number}.above.pem"
            above.write_bytes(b"".join(issuer.pem for issuer in chain[1:]))
            arguments += [f"-{d}cert_chain", str(above)]
    inner = free_port("127.0.0.1")
    command = [program("openssl"), "s_server", "-accept", f"127.0.0.1:{inner}", *arguments, *options]
    running, replies = Running(), list(first_replies)

    def behave(outer: socket.socket, stop: threading.Event) -> None:
        running.connections += 1
        for reply in (HELLO, OFFER):
            outer.sendall(reply)
            outer.recv(4096)
        if replies:
            outer.sendall(replies.pop(0))
            return
        outer.sendall(GO)
        with socket.create_connection(("127.0.0.1", inner)) as behind:
            assert process.stdin is not None
            _pass_on(outer, behind, stop, process.stdin)

    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        try:
            assert process.stdout is not None
            # A trial connection would be served like any other, and get the answer that is meant for the next one.
            assert any(line.startswith(b"ACCEPT") for line in process.stdout), f"{command} did not start"
            with serving(behave) as port:
                running.port = port
                yield running
        finally:
            process.kill()


def _pass_on(outer: socket.socket, behind: socket.socket, stop: threading.Event, console: IO[bytes]) -> None:
    """Each one's bytes to the other, until one of them ends; and the replies under TLS, once it is on its way."""
    is_told = False
    with selectors.DefaultSelector() as both:
        both.register(outer, selectors.EVENT_READ, behind)
        both.register(behind, selectors.EVENT_READ, outer)
        while not stop.is_set():
            for key, _ in both.select(0.2):
                data = key.fileobj.recv(65536) if isinstance(key.fileobj, socket.socket) else b""
                if not data:
                    return
                key.data.sendall(data)
                if key.fileobj is behind and not is_told:
                    is_told = True
                    console.write(_UNDER_TLS)
                    console.flush()
