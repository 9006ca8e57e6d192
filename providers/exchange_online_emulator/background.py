"""The emulator in the background: start, find, stop, reset."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from exchange_online_emulator.connection import ConnectionFile, ConnectionFileError
from exchange_online_emulator.control import Control, ControlError

PREFERRED_PORT = 8443
_READY_WITHIN = 30.0
_STOPPED_WITHIN = 10.0


class CannotStartError(Exception):
    """The emulator did not come up; the text says why and what to do."""


def running(state: Path, connection: Path | None = None) -> ConnectionFile | None:
    """The connection of the emulator that serves this state and answers now, None when none does."""
    try:
        found = ConnectionFile.read(_connection_path(state, connection))
        with contextlib.closing(Control(found.url, found.ca_bundle)) as control:
            answering = control.status().tenant == found.tenant
    except (ConnectionFileError, ControlError, OSError, requests.RequestException):
        return None
    return found if answering else None


def start(state: Path, connection: Path | None = None, latency: float = 0, seed: Path | None = None) -> ConnectionFile:
    """Start one detached unless one answers already; waits until it is ready.

    Takes port 8443, or any free one when that is taken. `latency` in milliseconds. Raises `CannotStartError`.
    """
    state.parent.mkdir(parents=True, exist_ok=True)
    with _starting(state):
        found = running(state, connection)
        if found is not None:
            if seed is not None:
                _plant(found, seed)
            return found
        path = _connection_path(state, connection)
        path.unlink(missing_ok=True)
        log = state.with_suffix(".log")
        arguments = ["--latency", str(latency), *(["--seed", str(seed)] if seed else [])]
        for port in (PREFERRED_PORT, 0):
            process = _spawn(state, path, port, arguments, log)
            if _wait(process, path):
                return ConnectionFile.read(path)
            if process.poll() is None:
                process.terminate()
        raise CannotStartError(f"The emulator did not start. The end of {log}:\n{_tail(log)}")


def _plant(found: ConnectionFile, seed: Path) -> None:
    with contextlib.closing(Control(found.url, found.ca_bundle)) as control:
        try:
            control.seed_file(seed)
        except (ControlError, OSError, ValueError) as error:
            raise CannotStartError(f"The seed file {seed} cannot be used: {error}") from error


def stop(state: Path, connection: Path | None = None) -> bool:
    """Stop the emulator that serves this state and wait; False when none answers."""
    found = running(state, connection)
    if found is None:
        _connection_path(state, connection).unlink(missing_ok=True)
        return False
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOPPED_WITHIN
    while _locked(state) and time.monotonic() < deadline:
        time.sleep(0.02)
    return True


def reset(state: Path, connection: Path | None = None) -> None:
    """Forget the tenant's objects, in the running emulator or in the state file; identity, CA and keys stay."""
    found = running(state, connection)
    if found is not None:
        with contextlib.closing(Control(found.url, found.ca_bundle)) as control:
            control.reset()
        return
    from exchange_online_emulator.storage import Store

    if state.exists():
        Store(state).clear()


def _connection_path(state: Path, connection: Path | None) -> Path:
    return (connection or state.with_name("connection.json")).absolute()


def _spawn(state: Path, path: Path, port: int, arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "exchange_online_emulator",
        "serve",
        "--state",
        str(state),
        "--connection",
        str(path),
    ]
    command += ["--port", str(port), *arguments]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes], path: Path) -> bool:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists():
            return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def _starting(state: Path) -> Iterator[None]:
    # Two `start` at once: the second waits for the first and finds its emulator.
    with state.with_suffix(".starting").open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _locked(state: Path) -> bool:
    with state.with_suffix(".lock").open("w", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:]) if log.exists() else ""
