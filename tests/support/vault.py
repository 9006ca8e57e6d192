"""A key service on loopback: the part of Vault's transit engine that Pulumi's CLI asks to keep a stack's data key.

A passphrase costs each run of the CLI the derivation of its key, a million rounds: an eighth of what a run takes.
Source: HashiCorp, HTTP API, Transit secrets engine; gocloud.dev, secrets/hashivault.
"""

from __future__ import annotations

import json
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: The secrets provider of a stack that this service keeps the key of.
SECRETS_PROVIDER = "hashivault://tests"

_PREFIX = "vault:v1:"


class _Transit(BaseHTTPRequestHandler):
    """Gives back what it was given: what is tested here is not Vault."""

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/v1/transit/decrypt/"):
            answer = {"plaintext": asked["ciphertext"].removeprefix(_PREFIX)}
        else:
            answer = {"ciphertext": _PREFIX + asked["plaintext"]}
        body = json.dumps({"data": answer}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's name
        """Says nothing."""


@cache
def variables() -> dict[str, str]:
    """What the CLI needs to reach the service, which this process starts when it is first asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Transit)
    threading.Thread(target=server.serve_forever, name="vault", daemon=True).start()
    return {"VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_port}", "VAULT_SERVER_TOKEN": "tests"}
