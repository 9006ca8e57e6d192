"""Ends a process of the engine's when the engine is gone: its provider, its program, its policy pack.

A killed `pulumi` ends none of them, for each runs in a process group of its own; nor does one whose output nobody
reads any more, as in `pulumi up | head`. Source: measured, CLI 3.259.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import select
import signal
import socket
import stat
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

#: How the engine writes where it listens.
ADDRESS = re.compile(r"^[\w.\-\[\]:]*:\d+$")

#: Between two looks, and before one is taken again.
_SECONDS = 2.0
_AGAIN_SECONDS = 0.2
#: What is being written may be finished: its answer is lost either way, but half of a pair is not made.
_FINISH_SECONDS = 10.0

_EXECUTOR = "pulumi-language-python-exec"
_PROVIDER = "pulumi.dynamic"
_STDIN = 0

_PROCESSES = Path("/proc")
#: The name of a process that watches, for those who look: Linux keeps 15 characters.
_NAME = "exchange-online"

_WATCHING = threading.Lock()
_GONE = threading.Event()

#: Takes up nothing once Python ends, and its threads wait for the calls that are still answered: then it says so.
_UNTIL_THE_END = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine-watch")


@dataclass(frozen=True)
class _Role:
    """What this process is to the engine.

    Attributes:
        engine: where the engine listens, host:port.
        has_host: whether its parent is the language host, without which it is nothing. A provider's parent is a shell.
        ending: what ends it: the signal that the engine or the language host would send.
    """

    engine: str
    has_host: bool
    ending: signal.Signals


def end_with_engine(engine: str = "") -> None:
    """Watches from a thread, where this process is one that the engine has started; a second call does nothing.

    A program that uses the Automation API is not: it has started the engine.

    Args:
        engine: where it listens, host:port, of a process that knows that it is a plugin.
    """
    role = _Role(engine, has_host=False, ending=signal.SIGINT) if engine else _role(sys.orig_argv, sys.argv)
    if role is not None and _WATCHING.acquire(blocking=False):
        with contextlib.suppress(OSError):
            (_PROCESSES / "self" / "comm").write_text(_NAME, encoding="ascii")
        if role.has_host:
            # A program that cannot reach its engine ends by itself, before it is looked for.
            atexit.register(_end_unwatched, role.engine)
        threading.Thread(target=_watch, args=(role,), name="engine-watch", daemon=True).start()


def engine_of_process() -> str:
    """Where the engine that has started this process listens, host:port; empty for a process of anybody else's."""
    role = _role(sys.orig_argv, sys.argv)
    return role.engine if role is not None else ""


def run_is_over() -> bool:
    """Whether nobody waits for this process any more: the engine is gone, or has told it to end (Ctrl-C, twice).

    What is being sent then is finished; nothing further may be sent, for the next run would not know of it.
    """
    if _GONE.is_set():
        return True
    try:
        _UNTIL_THE_END.submit(int)
    except RuntimeError:
        return True
    return False


def _role(original: Sequence[str], arguments: Sequence[str]) -> _Role | None:
    """The role by the words that this process was started with; `arguments` are what Python has made of them."""
    if any(Path(word).name == _EXECUTOR for word in original):
        after = iter(original)
        engine = next((next(after, "") for word in after if word == "--engine"), "")
        return _Role(engine, has_host=True, ending=signal.SIGTERM) if ADDRESS.match(engine) else None
    if "pulumi.policy" in original:
        engine = next(filter(ADDRESS.match, original), "")
        return _Role(engine, has_host=True, ending=signal.SIGTERM) if engine else None
    module = getattr(getattr(sys.modules.get("__main__"), "__spec__", None), "name", "")
    engine = next(filter(ADDRESS.match, reversed(arguments[1:])), "")
    if engine and module.startswith(_PROVIDER):
        # What Ctrl-C in the engine sends: the provider finishes what it does, and takes up nothing further.
        return _Role(engine, has_host=False, ending=signal.SIGINT)
    return None


def _watch(role: _Role) -> None:
    host, stdin = os.getppid(), _stdin_from_engine()
    while _answers(role.engine) and not (role.has_host and os.getppid() != host):
        if stdin is None:
            time.sleep(_SECONDS)
        elif stdin.poll(_SECONDS * 1000):
            # The engine held the other end. A process that dies closes one thing after the other.
            stdin = None
            time.sleep(_AGAIN_SECONDS)
    _GONE.set()
    _end_unwatched(role.engine)
    _end(role.ending)


def _end(ending: signal.Signals) -> None:
    main = threading.main_thread().ident
    with contextlib.suppress(OSError, ValueError):
        # To the main thread: another one's would not wake it.
        signal.pthread_kill(main or 0, ending)
    time.sleep(_FINISH_SECONDS)
    os._exit(1)


def _end_unwatched(engine: str) -> None:
    """Ends what the engine, if it is gone, has started as a provider and asked nothing yet.

    Such a process is the SDK's alone: it has no code of ours that would watch, and would wait for ever. Where processes
    cannot be looked at, it does. Source: measured, CLI 3.259 killed within a second after the provider's start.
    """
    if _answers(engine):
        return
    for ending, seconds in ((signal.SIGINT, _FINISH_SECONDS), (signal.SIGKILL, 0.0)):
        deadline = time.monotonic() + seconds
        for pid in (left := _unwatched(engine)):
            with contextlib.suppress(OSError):
                os.kill(pid, ending)
        while left and time.monotonic() < deadline:
            time.sleep(_AGAIN_SECONDS)
            left = _unwatched(engine)


def _unwatched(engine: str) -> list[int]:
    found = []
    for process in _PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if {_PROVIDER.encode(), engine.encode()} <= set(words) and (process / "comm").read_text().strip() != _NAME:
                found.append(int(process.name))
    return found


def _stdin_from_engine() -> select.poll | None:
    """What tells when standard input, a pipe from the engine, has ended; None where it is no pipe."""
    with contextlib.suppress(OSError):
        if stat.S_ISFIFO(os.fstat(_STDIN).st_mode):
            poll = select.poll()
            # Nothing is read: only the hang-up is of interest, which is reported always.
            poll.register(_STDIN, 0)
            return poll
    return None


def _answers(engine: str) -> bool:
    # One refused connection may be chance; two, at the address the engine listens on all its life, are not.
    if _listens(engine):
        return True
    time.sleep(_AGAIN_SECONDS)
    return _listens(engine)


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS):
            return True
    except ConnectionError:
        return False
    except OSError:
        # Nothing can be told.
        return True
