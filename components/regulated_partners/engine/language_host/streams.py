"""The output of a child process as it comes, and its exit code at the end."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Literal

from .children import Children

CHUNK_BYTES = 64 * 1024


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
