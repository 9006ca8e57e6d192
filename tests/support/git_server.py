"""A git server on loopback over HTTPS, as a forge is: `git http-backend` behind Python's web server."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import trustme

from exchange_online_emulator.proxy import Proxy

#: What it is called, at the port of HTTPS, by who goes through its proxy.
NAME = "git.contoso.example"


class GitServer:
    """Serves the bare repositories below a folder, and a proxy that leads to them by a name.

    Args:
        root: holds them; the certification authority's certificate is written beside them.

    Attributes:
        host: it without the proxy, host:port.
        proxied: the variables of who goes through the proxy. Nothing else is reached by it.
    """

    def __init__(self, root: Path) -> None:
        authority = trustme.CA()
        self.authority = root / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1", NAME).configure_cert(context)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(root))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.host = f"localhost:{self._server.server_address[1]}"
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.proxied = {
            "HTTPS_PROXY": f"http://127.0.0.1:{self._listener.getsockname()[1]}",
            "NO_PROXY": "localhost,127.0.0.1",
        }
        self._over = threading.Event()
        self._threads = [threading.Thread(target=serve) for serve in (self._server.serve_forever, self._lead)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        self._listener.close()

    def _lead(self) -> None:
        async def lead() -> None:
            proxy = Proxy((NAME,), ("127.0.0.1", self._server.server_address[1]))
            await proxy.start(self._listener)
            while not self._over.is_set():
                await asyncio.sleep(0.1)
            await proxy.stop()
            # What is closed ends with the loop's next turn.
            await asyncio.sleep(0)

        asyncio.run(lead())


def _handler(root: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            length = int(self.headers.get("Content-Length") or 0)
            variables = {
                **os.environ,
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(length),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            done = subprocess.run(
                ["git", "http-backend"], input=self.rfile.read(length), env=variables, capture_output=True, check=False
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            self.send_response(int(fields.pop("Status", "200 OK").split()[0]))
            for name, value in {**fields, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the base's name

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler
