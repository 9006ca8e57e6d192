"""A real HTTPS server with the policies of MTA-STS, one for each host name."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that refuses the certificate is what some tests are about."""


class PolicyServer:
    """Serves policies on loopback.

    Args:
        address: of the server; the port is a free one.
        certificates: for each host name the chain and the key, chosen by SNI.
        policies: for each host name the text of its policy, or a redirect for one that begins with `https:`.
    """

    def __init__(
        self, address: str, certificates: Mapping[str, tuple[Path, Path]], policies: Mapping[str, str]
    ) -> None:
        contexts = {name: _context(*files) for name, files in certificates.items()}
        first = next(iter(contexts.values()))
        first.sni_callback = lambda connection, name, _: _choose(connection, contexts.get(name or ""))
        self._server = _QuietServer((address, 0), _handler(policies))
        self._server.socket = first.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _context(chain: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def _choose(connection: Any, context: ssl.SSLContext | None) -> None:
    if context is not None:
        connection.context = context


def _handler(policies: Mapping[str, str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            text = policies.get(self.headers.get("Host", ""))
            known = text is not None and self.path == "/.well-known/mta-sts.txt"
            if known and text is not None and text.startswith("https:"):
                self.send_response(301)
                self.send_header("Location", text)
                self.end_headers()
                return
            body = (text or "no such policy").encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            """Says nothing: the tests look at the answers."""

    return Handler
