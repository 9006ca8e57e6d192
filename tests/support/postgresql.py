"""A real PostgreSQL server on loopback, for state that a team shares."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tools.servers import program

_USER = "postgres"
_PASSWORD = "loopback-only"
_READY_WITHIN = 30.0


class PostgreSqlServer:
    """A server with an empty database; a context manager. `variables` is what a run of the CLI needs to use it.

    It refuses to run as root, so there it runs as the user whom its Debian package has made.
    """

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="postgresql-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]
        url = f"postgres://{_USER}:{_PASSWORD}@127.0.0.1:{self._port}/postgres?sslmode=disable"
        self.variables = {"PULUMI_BACKEND_URL": url}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PostgreSqlServer:
        data, secret, log = (self._directory / name for name in ("data", "password", "log"))
        secret.write_text(_PASSWORD, encoding="utf-8")
        self._give_away()
        initialise = ["--pgdata", str(data), "--username", _USER, "--pwfile", str(secret), "--auth", "scram-sha-256"]
        subprocess.run(
            self._as_user([program("initdb"), *initialise, "--no-sync", "--no-locale", "--encoding=UTF8"]),
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self._directory,
        )
        serve = ["-D", str(data), "-h", "127.0.0.1", "-p", str(self._port), "-k", str(self._directory), "-F"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                self._as_user([program("postgres"), *serve]), stdout=output, stderr=output, cwd=self._directory
            )
        self._wait(log)
        return self

    def _give_away(self) -> None:
        if os.geteuid() == 0:
            owner = pwd.getpwnam(_USER)
            for path in (self._directory, *self._directory.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def _as_user(self, command: Sequence[str]) -> list[str]:
        if os.geteuid() != 0:
            return list(command)
        return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups", *command]

    def _wait(self, log: Path) -> None:
        end = time.monotonic() + _READY_WITHIN
        while "ready to accept connections" not in log.read_text(encoding="utf-8", errors="replace"):
            assert self._process is not None
            assert self._process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < end, log.read_text(encoding="utf-8", errors="replace")
            time.sleep(0.1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)
