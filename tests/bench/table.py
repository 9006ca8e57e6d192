"""The table of `make bench`: what was measured, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.measuring import Taken

#: The run whose table docs/behaviour.md holds; written by `make bench ARGS="… --json tests/bench/recorded.json"`.
RECORDED = Path(__file__).parent / "recorded.json"

_HEAD = (
    "partners",
    "operation",
    "calls / floor",
    "seconds",
    "engine alone",
    "ratio",
    "ratio of processor seconds",
    "processor seconds per partner, to the smallest row",
    "peak MB: engine, program, provider, command",
)


@dataclass(frozen=True)
class Measured:
    """One operation on a number of partners.

    Attributes:
        alone: what the same took the engine alone; None where there is no such thing.
        calls: to the service.
        floor: the calls that it takes at the least; 0 where none is needed.
    """

    partners: int
    operation: str
    taken: Taken
    alone: Taken | None
    calls: int
    floor: int


@dataclass(frozen=True)
class Report:
    """One run of the benchmark, and what it ran on."""

    machine: Mapping[str, object]
    rows: tuple[Measured, ...]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Report:
        """What `--json` has kept."""
        rows = [
            Measured(
                **{**row, "taken": Taken(**row["taken"]), "alone": Taken(**row["alone"]) if row["alone"] else None}
            )
            for row in document["rows"]
        ]
        return cls(document["machine"], tuple(rows))


def markdown(report: Report) -> str:
    """The table, below a line that says what it was measured on."""
    told = report.machine
    rows = [_HEAD, ("---",) * len(_HEAD), *(_cells(row, report.rows) for row in report.rows)]
    lines = (
        f"Measured on {told['date']}, commit {told['commit']}: {told['cores']} cores, {told['memory']}, load "
        f"{told['load']} at the beginning, Python {told['python']},",
        f"Pulumi {told['cli']}, file backend, emulator with {told['latency']} ms for each call.",
    )
    return "\n".join([*lines, "", *(f"| {' | '.join(cells)} |" for cells in rows)])


def _cells(row: Measured, rows: Sequence[Measured]) -> tuple[str, ...]:
    alone = row.alone
    smallest = next(each for each in rows if each.operation == row.operation)
    growth = (row.taken.processor_seconds / row.partners) / (smallest.taken.processor_seconds / smallest.partners)
    peaks = [str(row.taken.megabytes.get(role, "")) for role in ("engine", "program", "provider", "command")]
    return (
        f"{row.partners:,}",
        row.operation,
        f"{row.calls:,} / {row.floor:,}",
        f"{row.taken.seconds:.1f}",
        f"{alone.seconds:.1f}" if alone else "",
        f"{row.taken.seconds / alone.seconds:.2f}" if alone else "",
        f"{row.taken.processor_seconds / alone.processor_seconds:.2f}" if alone else "",
        f"{growth:.2f}",
        ", ".join(peak or "-" for peak in peaks),
    )
