"""The processes below one that a test has started (Linux: it reads `/proc`), and waiting for what they do."""

from __future__ import annotations

import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path


def descendants(pid: int, command_part: str) -> tuple[int, ...]:
    """The ids of the processes below `pid` whose command line holds `command_part`."""
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (parent := _parent(folder)) is not None:
            children[parent].append(int(folder.name))
    found, waiting = [], list(children[pid])
    while waiting:
        each = waiting.pop()
        waiting += children[each]
        if command_part in _command_line(each):
            found.append(each)
    return tuple(found)


def started_with(variable: str) -> dict[int, str]:
    """The command lines of the living processes whose environment holds `variable`, NAME=value, by their ids.

    It finds what has changed its parent, its process group and its directory. The emulator, which a run may start in
    the background, is meant to stay and is left out.
    """
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        # A dead process whose parent has not asked for it yet has no command line.
        command = _command_line(int(folder.name))
        if variable.encode() in variables and command and "exchange_online_emulator" not in command:
            found[int(folder.name)] = command
    return found


def _parent(folder: Path) -> int | None:
    try:
        status = (folder / "stat").read_text()
    except OSError:
        return None
    # The name stands in brackets and may hold spaces and brackets itself.
    return int(status.rpartition(")")[2].split()[1])


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def kill_working_in(directory: Path) -> None:
    """Ends every process whose current directory is `directory` or below: what a killed run leaves behind.

    A provider whose engine was killed goes on with what it does, and would reach into the next test's tenant.
    """
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            cwd = (entry / "cwd").readlink()
            if cwd.is_relative_to(directory):
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            continue  # It ended meanwhile, or is somebody else's.


def until(happened: Callable[[], bool], seconds: float = 60) -> None:
    """Waits until something has happened; an AssertionError where it does not."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
