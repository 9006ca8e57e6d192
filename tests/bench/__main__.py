"""How long the engine, the provider and the service take, by the number of partners: `make bench`.

Each row is one working copy on the real engine and the emulator. The last columns are what matters: seconds per
partner relative to the smallest row (1.0 is linear), and how often the service was called.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from exchange_online_emulator import EmulatorProcess
from tests.support.engine import Project
from tests.support.engine_run import Run


@dataclass(frozen=True)
class Measured:
    """One operation on a number of partners."""

    partners: int
    operation: str
    seconds: float
    reads: int
    writes: int


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--partners", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--latency", type=int, default=0, help="milliseconds that each call to the service takes")
    parsed = parser.parse_args(arguments)
    rows: list[Measured] = []
    for count in parsed.partners:
        print(f"measuring {count} partners …", file=sys.stderr, flush=True)
        rows += _measure(count, parsed.latency)
    print(_table(rows))
    return 0


def _measure(count: int, latency: int) -> list[Measured]:
    with (
        tempfile.TemporaryDirectory() as folder,
        EmulatorProcess(None, "--latency", str(latency)) as emulator,
    ):
        project = Project(Path(folder), emulator)
        project.declare(
            *({"name": f"Partner {i}", "domains": [f"p{i}.example"]} | _certificate(i) for i in range(count))
        )
        operations: list[tuple[str, Callable[[], Run]]] = [
            ("up, first", project.up),
            ("up, no change", project.up),
            ("preview", project.preview),
            ("drift", project.drift),
            ("destroy", project.destroy),
        ]
        return [_timed(count, name, run, emulator) for name, run in operations]


def _certificate(index: int) -> dict[str, str]:
    return {"certificateName": f"mail.p{index}.example"}


def _timed(count: int, name: str, run: Callable[[], Run], emulator: EmulatorProcess) -> Measured:
    emulator.control.clear_calls()
    begun = time.perf_counter()
    run().succeeded()
    seconds = time.perf_counter() - begun
    calls = emulator.control.calls()
    writes = sum(call.writes for call in calls)
    return Measured(count, name, seconds, len(calls) - writes, writes)


def _table(rows: Sequence[Measured]) -> str:
    lines = ["| partners | operation | seconds | per partner, to the smallest row | reads | writes |", "|" + "---|" * 6]
    for row in rows:
        smallest = next(each for each in rows if each.operation == row.operation)
        ratio = (row.seconds / row.partners) / (smallest.seconds / smallest.partners)
        lines.append(
            f"| {row.partners} | {row.operation} | {row.seconds:.1f} | {ratio:.2f} | {row.reads} | {row.writes} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
