"""An HTTPS server on loopback that publishes a Pulumi release as get.pulumi.com does."""

from __future__ import annotations

import hashlib
import http.server
import io
import ssl
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from regulated_partners.engine.install.cache import EXECUTABLES, Version
from regulated_partners.engine.install.release import archive_name


def pretend_cli(version: Version | str) -> bytes:
    """A `pulumi` that only knows its version."""
    return f"#!/bin/sh\necho v{version}\n".encode()


def archive(files: Mapping[str, bytes]) -> bytes:
    """A .tar.gz with these files, all executable."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o755
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def release_files(version: Version) -> dict[str, bytes]:
    """What the official archive holds that matters here, and something that does not."""
    files = {f"pulumi/{name}": b"#!/bin/sh\n" for name in EXECUTABLES}
    return {**files, "pulumi/pulumi": pretend_cli(version), "pulumi/pulumi-language-go": b"#!/bin/sh\n"}


@dataclass
class ReleaseServer:
    """The server. `answers` holds what it serves, path to content; `requested` the paths it was asked for.

    A content of None is announced with its length and then cut off in the middle.
    """

    url: str
    ca_file: Path
    answers: dict[str, bytes] = field(default_factory=dict)
    cut_off: set[str] = field(default_factory=set)
    requested: list[str] = field(default_factory=list)

    def publish(self, version: Version, content: bytes, *, checksum: str | None = None) -> None:
        """Publishes an archive with its checksum file, or with another checksum."""
        name = archive_name(version)
        self.answers[f"/{name}"] = content
        digest = checksum or hashlib.sha256(content).hexdigest()
        other = "0" * 64
        lines = f"{other}  pulumi-v{version}-windows-x64.zip\n{digest}  {name}\n"
        self.answers[f"/pulumi-{version}-checksums.txt"] = lines.encode()


@contextmanager
def release_server(directory: Path) -> Iterator[ReleaseServer]:
    """Runs the server, with a certificate of its own CA, until the block ends."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.requested.append(self.path)
            content = served.answers.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if self.path in served.cut_off else content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        served = ReleaseServer(f"https://127.0.0.1:{server.server_port}", directory / "ca.pem")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
