"""A real emulator for tests: its own process, its own state, any free port."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from exchange_online_emulator.connection import ConnectionFile, ConnectionFileError
from exchange_online_emulator.control import Control

_READY_WITHIN = 30.0


class EmulatorStartError(Exception):
    """The process ended, or was not ready in time; the text holds what it wrote."""


class EmulatorProcess:
    """`python -m exchange_online_emulator serve` as a subprocess; a context manager.

    `directory` keeps state, connection.json and log (default: a temporary one, removed at the end); `arguments` are
    further ones for `serve`. `connection`, `connection_path` and `control` are there once started.
    """

    def __init__(self, directory: Path | None = None, *arguments: str) -> None:
        self._temporary = None if directory else tempfile.TemporaryDirectory(prefix="emulator-")
        self.directory = directory or Path(self._temporary.name if self._temporary else "")
        self.state = self.directory / "state.sqlite"
        self.connection_path = self.directory / "connection.json"
        self.log_path = self.directory / "emulator.log"
        self.connection: ConnectionFile
        self.control: Control
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id. Raises `EmulatorStartError` when it does not run."""
        if self._process is None:
            raise EmulatorStartError("The emulator was not started.")
        return self._process.pid

    def start(self) -> EmulatorProcess:
        """Start and wait until it answers. Raises `EmulatorStartError`."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.connection_path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "exchange_online_emulator", "serve", "--port", "0", "--state", str(self.state)]
        command += ["--connection", str(self.connection_path), *self._arguments]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.connection = self._wait()
        self.control = Control(self.connection.url, self.connection.ca_bundle)
        return self

    def _wait(self) -> ConnectionFile:
        deadline = time.monotonic() + _READY_WITHIN
        while time.monotonic() < deadline:
            try:
                return ConnectionFile.read(self.connection_path)
            except ConnectionFileError:
                if self._process is None or self._process.poll() is not None:
                    break
                time.sleep(0.02)
        self.kill()
        raise EmulatorStartError(f"The emulator did not start:\n{self.log()}")

    def log(self) -> str:
        """What the process wrote."""
        return self.log_path.read_text(encoding="utf-8", errors="replace") if self.log_path.exists() else ""

    def kill(self) -> None:
        """kill -9, as a crash; the state stays."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end and wait; the state stays."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if hasattr(self, "control"):
            self.control.close()

    def __enter__(self) -> EmulatorProcess:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._temporary is not None:
            self._temporary.cleanup()
