"""Servers as child processes: started, waited for until they answer, stopped by their ids."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_START, _STOP = 30.0, 10.0


def free_port(*addresses: str) -> int:
    """A port that is free at every one of these addresses, for TCP and UDP."""
    for _ in range(50):
        with socket.socket() as first:
            first.bind((addresses[0], 0))
            port = int(first.getsockname()[1])
        if all(_is_free(address, port, kind) for address in addresses for kind in _KINDS):
            return port
    raise RuntimeError("no free port was found")


_KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


def _is_free(address: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as trial:
        try:
            trial.bind((address, port))
        except OSError:
            return False
    return True


class Server:
    """A process in a group of its own.

    Args:
        command: with the full path of the program; it stays in the foreground.
        log: gets what it writes.
        answers: whether it is up.
    """

    def __init__(self, command: Sequence[str], log: Path, answers: Callable[[], bool]) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        try:
            self._wait(answers)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """Ends it and all of its children: its group has no other members."""
        for each in (signal.SIGTERM, signal.SIGKILL):
            # One that sudo started belongs to root, and was ended by its own command before.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, each)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP)
                return

    def _wait(self, answers: Callable[[], bool]) -> None:
        end = time.monotonic() + _START
        while not answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self._process.args!r} did not start:\n{self._log.read_text(errors='replace')}")
            time.sleep(0.1)


def listens(address: str, port: int) -> bool:
    """Whether something takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
        return True
    return False
