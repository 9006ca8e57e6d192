"""The processes this host has started: their output as it comes, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

#: How long a child may take to end by itself. The engine gives the host five seconds before it kills it (Source:
#: sdk/go/common/resource/plugin/plugin.go, ExecPlugin).
GRACE_SECONDS = 2.0

#: Of one read of a child's output.
CHUNK_BYTES = 64 * 1024


class Children:
    """A thread-safe register of running child processes, each in a process group of its own.

    The groups keep the engine's SIGINT away from the programs, which would answer it with a traceback; this register
    ends them instead, with everything they started.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def start(
        self,
        command: Sequence[str],
        *,
        cwd: Path | str | None,
        env: Mapping[str, str],
        stdout: int | IO[bytes] | None = None,
        stderr: int | IO[bytes] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Starts a process without standard input; None for `stdout` or `stderr` hands down this process's own.

        Raises:
            OSError: when it cannot be started, or when the register is already closed.
        """
        with self._lock:
            if self._closed:
                raise ProcessLookupError("the language host is shutting down")
            child = subprocess.Popen(
                list(command),
                cwd=cwd or None,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                process_group=0,
            )
            self._running.add(child)
        return child

    def wait(self, child: subprocess.Popen[bytes]) -> int:
        """Waits for a child. Returns its exit code, negative for a signal."""
        try:
            return child.wait()
        finally:
            with self._lock:
                self._running.discard(child)

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        """Ends one child and its process group: SIGTERM, then SIGKILL after the grace period."""
        _signal_group(child, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=GRACE_SECONDS)
        _signal_group(child, signal.SIGKILL)
        child.wait()

    def stop_all(self, *, close: bool = False) -> None:
        """Ends all children together; with `close`, no further ones start."""
        with self._lock:
            self._closed = self._closed or close
            running = list(self._running)
        threads = [threading.Thread(target=self.stop, args=(child,), daemon=True) for child in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _signal_group(child: subprocess.Popen[bytes], signal_number: int) -> None:
    try:
        os.killpg(child.pid, signal_number)
    except (ProcessLookupError, PermissionError):
        return


@dataclass(frozen=True)
class Output:
    """Some bytes that the child wrote to one of its streams."""

    stream: Literal["stdout", "stderr"]
    data: bytes


@dataclass(frozen=True)
class Exit:
    """The end of the child: its exit code, negative for a signal."""

    code: int


def stream_child(
    child: subprocess.Popen[bytes], children: Children, still_wanted: Callable[[], bool]
) -> Iterator[Output | Exit]:
    """Yields what `child` writes, as soon as it writes it, and then its exit.

    Args:
        child: the process.
        children: where it is registered.
        still_wanted: asked at the end and twice a second; once it answers False the child is ended.
    """
    events: queue.SimpleQueue[Output | None] = queue.SimpleQueue()

    def pump(stream: Literal["stdout", "stderr"], pipe: IO[bytes]) -> None:
        with pipe:
            while data := os.read(pipe.fileno(), CHUNK_BYTES):
                events.put(Output(stream, data))
        events.put(None)

    pipes: list[tuple[Literal["stdout", "stderr"], IO[bytes] | None]] = [
        ("stdout", child.stdout),
        ("stderr", child.stderr),
    ]
    open_streams = 0
    for name, pipe in pipes:
        if pipe is not None:
            open_streams += 1
            threading.Thread(target=pump, args=(name, pipe), daemon=True).start()
    try:
        while open_streams and still_wanted():
            try:
                event = events.get(timeout=0.5)
            except queue.Empty:
                continue
            if event is None:
                open_streams -= 1
            else:
                yield event
    finally:
        if not still_wanted() or open_streams:
            children.stop(child)
        code = children.wait(child)
    yield Exit(code)
