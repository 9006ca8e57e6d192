"""A real HTTPS server whose answers a test writes down beforehand: token endpoint for MSAL, and InvokeCommand."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

TENANT = "11111111-2222-4333-8444-555555555555"
CLIENT = "99999999-8888-4777-8666-555555555555"


@dataclass(frozen=True)
class Reply:
    """An answer. body: bytes, or a value that is sent as JSON. delay: seconds before it."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0

    def content(self) -> bytes:
        """The bytes of the body."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


RESET = Reply(status=0)
"""The connection is closed without an answer, after the request was read."""


@dataclass(frozen=True)
class Seen:
    """A request that arrived. headers: names in lower case. port: of the client's connection."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    port: int

    @property
    def parameters(self) -> Any:
        """The cmdlet's parameters."""
        return json.loads(self.body)["CmdletInput"]["Parameters"]

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


class ScriptedService:
    """The server. `script` holds the answers to come, per kind of request; an empty one means a usual answer."""

    def __init__(self, context: ssl.SSLContext, ca_bundle: Path) -> None:
        self.ca_bundle = ca_bundle
        self.calls: list[Seen] = []
        self.token_requests: list[Seen] = []
        self.discoveries: list[Seen] = []
        self.others: list[Seen] = []
        self.script: list[Reply] = []
        self.token_script: list[Reply] = []
        self.discovery_script: list[Reply] = []
        self.other_script: list[Reply] = []
        self.running = 0
        self.most_running = 0
        self._lock = threading.Lock()
        self._issued = 0
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stops the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply(self, seen: Seen) -> Reply:
        """What to answer."""
        path = urlsplit(seen.path).path
        with self._lock:
            if path.endswith("/InvokeCommand"):
                self.calls.append(seen)
                return self.script.pop(0) if self.script else Reply(body={"value": []})
            if path.endswith("/oauth2/v2.0/token"):
                self.token_requests.append(seen)
                return self.token_script.pop(0) if self.token_script else self._token()
            if path.endswith("/openid-configuration"):
                self.discoveries.append(seen)
                return self.discovery_script.pop(0) if self.discovery_script else Reply(body=self._metadata())
            self.others.append(seen)
            return self.other_script.pop(0) if self.other_script else Reply(404)

    def entered(self, step: int) -> None:
        """Counts the calls that are on their way."""
        with self._lock:
            self.running += step
            self.most_running = max(self.most_running, self.running)

    def _token(self) -> Reply:
        self._issued += 1
        return Reply(body={"access_token": f"token-{self._issued}", "token_type": "Bearer", "expires_in": 3600})

    def _metadata(self) -> dict[str, str]:
        return {
            "issuer": f"{self.url}/{TENANT}/v2.0",
            "authorization_endpoint": f"{self.url}/{TENANT}/oauth2/v2.0/authorize",
            "token_endpoint": f"{self.url}/{TENANT}/oauth2/v2.0/token",
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


def _handler(service: ScriptedService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def do_POST(self) -> None:
            self._answer("POST")

        def do_GET(self) -> None:
            self._answer("GET")

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.entered(1)
            reply = service.reply(Seen(method, self.path, headers, body, self.client_address[1]))
            time.sleep(reply.delay)
            service.entered(-1)
            if reply is RESET:
                self.close_connection = True
                return
            content = reply.content()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            pass

    return Handler
