"""One run of a command: its seconds, and what each of the processes below it took."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.support.processes import descendants

#: Keeps the secrets of every stack that is measured, as it keeps those of most: it is a part of each run's time.
PASSPHRASE = "local"

#: Between two looks at the processes. What is missed is at most what the last of these intervals added.
_INTERVAL = 0.05

#: What a process is, by words of its command line; the first that fits.
ROLES: Mapping[str, str] = {
    "pulumi.dynamic": "provider",
    "providers/plugin": "plugin",
    "pulumi-language-python-exec": "program",
    "pulumi-language-python": "language host",
    "python-host": "language host",
    "pulumi.policy": "policies",
    "exchange_online_emulator": "emulator",
    "regulated_partners": "command",
    "/pulumi ": "engine",
}

_TICKS = os.sysconf("SC_CLK_TCK")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Taken:
    """What one run took.

    Attributes:
        seconds: by the clock.
        processor: seconds of the processor, by role; of what ran more than once (a preview and an `up`) the sum.
        megabytes: the most that one process of a role held at once.
    """

    seconds: float
    processor: Mapping[str, float] = field(default_factory=dict)
    megabytes: Mapping[str, int] = field(default_factory=dict)

    @property
    def processor_seconds(self) -> float:
        """Of all processes but the emulator, which stands for a service elsewhere."""
        return sum(seconds for role, seconds in self.processor.items() if role != "emulator")


def measured(run: Callable[[], _Result], *, beside: int = 0) -> tuple[_Result, Taken]:
    """Runs something that starts processes, and watches them.

    Args:
        beside: the id of a process that does not belong to this one but works for it: the emulator.
    """
    watch = _Watch(beside)
    begun = time.perf_counter()
    with watch:
        result = run()
        seconds = time.perf_counter() - begun
    return result, Taken(seconds, watch.processor(), watch.megabytes())


class _Watch:
    """Looks at the processes below this one until it is left."""

    def __init__(self, beside: int) -> None:
        self._beside = beside
        self._seen: dict[int, tuple[str, float, int]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._before = _processor(beside) if beside else 0.0

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._over.wait(_INTERVAL):
            self._look()
        self._look()

    def _look(self) -> None:
        for pid in {*descendants(os.getpid(), ""), *filter(None, [self._beside])}:
            role = _role(pid)
            seconds, megabytes = _processor(pid), _megabytes(pid)
            if role and megabytes:
                self._seen[pid] = role, seconds, megabytes

    def processor(self) -> dict[str, float]:
        sums: dict[str, float] = {}
        for pid, (role, seconds, _) in self._seen.items():
            sums[role] = sums.get(role, 0.0) + seconds - (self._before if pid == self._beside else 0.0)
        return sums

    def megabytes(self) -> dict[str, int]:
        most: dict[str, int] = {}
        for role, _, megabytes in self._seen.values():
            most[role] = max(most.get(role, 0), megabytes)
        return most


def _role(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
    return next((role for words, role in ROLES.items() if words in command), "")


def _processor(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    # Fields 14 and 15, counted from the one behind the name, which is the third. Source: proc(5).
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _megabytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) // 1024
