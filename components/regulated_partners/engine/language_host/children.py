"""The processes this host has started: their output as it comes, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

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
        self, command: Sequence[str], *, cwd: Path | str | None, env: Mapping[str, str], piped: bool = False
    ) -> subprocess.Popen[bytes]:
        """Starts a process without standard input, whose output goes into pipes, or to this process's own.

        Raises:
            OSError: when it cannot be started, or when the register is already closed.
        """
        with self._lock:
            if self._closed:
                raise ProcessLookupError("the language host is shutting down")
            output = subprocess.PIPE if piped else None
            child = subprocess.Popen(
                command,
                cwd=cwd or None,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
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
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal_number)


def stream_child(
    child: subprocess.Popen[bytes], children: Children, still_wanted: Callable[[], bool]
) -> Iterator[tuple[str, bytes]]:
    """Yields what `child` writes, as soon as it writes it, each with `stdout` or `stderr`; then waits for its end.

    Args:
        child: the process, started with pipes.
        children: where it is registered.
        still_wanted: asked at the end and twice a second; once it answers False the child is ended.
    """
    written: queue.SimpleQueue[tuple[str, bytes] | None] = queue.SimpleQueue()

    def pump(stream: str, pipe: IO[bytes]) -> None:
        with pipe:
            while data := os.read(pipe.fileno(), CHUNK_BYTES):
                written.put((stream, data))
        written.put(None)

    streams = {"stdout": child.stdout, "stderr": child.stderr}
    for stream in streams.items():
        threading.Thread(target=pump, args=stream, daemon=True).start()
    open_streams = len(streams)
    try:
        while open_streams and still_wanted():
            try:
                output = written.get(timeout=0.5)
            except queue.Empty:
                continue
            if output is None:
                open_streams -= 1
            else:
                yield output
    finally:
        if not still_wanted() or open_streams:
            children.stop(child)
        children.wait(child)
