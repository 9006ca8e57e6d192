"""Real servers on loopback that speak as Azure Blob Storage and Amazon S3 do, for state that a team shares."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from tools import azurite
from tools.servers import program

_NAME = "state"
_READY_WITHIN = 60.0


class ObjectStore:
    """A server with an empty container; a context manager.

    Attributes:
        variables: what a run of the CLI needs to keep its state there.
    """

    variables: Mapping[str, str]

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="object-store-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def _command(self) -> Sequence[str]:
        raise NotImplementedError

    def _own_variables(self) -> Mapping[str, str]:
        return {}

    def _make_container(self) -> requests.Response:
        raise NotImplementedError

    def __enter__(self) -> Self:
        log = self._directory / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self._directory,
                env={**os.environ, **self._own_variables()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        end = time.monotonic() + _READY_WITHIN
        while not self._answers():
            assert self._process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < end, log.read_text(encoding="utf-8", errors="replace")
            time.sleep(0.1)
        self._make_container().raise_for_status()
        return self

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port)).close()
        except OSError:
            return False
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            # Both keep all in memory: there is nothing to end in order.
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)


class AzuriteServer(ObjectStore):
    """Azure Blob Storage, by Azurite, with an account and a key of its own."""

    _ACCOUNT = "account"

    def __init__(self) -> None:
        super().__init__()
        self._key = base64.b64encode(secrets.token_bytes(64)).decode()
        where = f"storage_account={self._ACCOUNT}&protocol=http&domain=127.0.0.1:{self._port}&localemu=true"
        self.variables = {
            "PULUMI_BACKEND_URL": f"azblob://{_NAME}?{where}",
            "AZURE_STORAGE_ACCOUNT": self._ACCOUNT,
            "AZURE_STORAGE_KEY": self._key,
        }

    def _command(self) -> Sequence[str]:
        quiet = ("--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck")
        return [program("node"), str(azurite.server()), "--blobPort", str(self._port), *quiet]

    def _own_variables(self) -> Mapping[str, str]:
        return {"AZURITE_ACCOUNTS": f"{self._ACCOUNT}:{self._key}"}

    def _make_container(self) -> requests.Response:
        """Signed by the shared key. Source: Azure Storage REST, Create Container, Authorize with Shared Key."""
        now = datetime.datetime.now(datetime.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        headers = {"x-ms-date": now, "x-ms-version": "2021-08-06"}
        canonical = "".join(f"{name}:{value}\n" for name, value in headers.items())
        signed = "PUT" + "\n" * 12 + f"{canonical}/{self._ACCOUNT}/{self._ACCOUNT}/{_NAME}\nrestype:container"
        digest = hmac.new(base64.b64decode(self._key), signed.encode(), hashlib.sha256).digest()
        headers["Authorization"] = f"SharedKey {self._ACCOUNT}:{base64.b64encode(digest).decode()}"
        where = f"http://127.0.0.1:{self._port}/{self._ACCOUNT}/{_NAME}?restype=container"
        return requests.put(where, headers=headers, timeout=_READY_WITHIN)


class S3Server(ObjectStore):
    """Amazon S3, by moto."""

    def __init__(self) -> None:
        super().__init__()
        self._url = f"http://127.0.0.1:{self._port}"
        self.variables = {
            "PULUMI_BACKEND_URL": f"s3://{_NAME}?region=us-east-1&endpoint={self._url}&s3ForcePathStyle=true",
            "AWS_ACCESS_KEY_ID": "loopback-only",
            "AWS_SECRET_ACCESS_KEY": "loopback-only",
        }

    def _command(self) -> Sequence[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self._port)]

    def _make_container(self) -> requests.Response:
        return requests.put(f"{self._url}/{_NAME}", timeout=_READY_WITHIN)
