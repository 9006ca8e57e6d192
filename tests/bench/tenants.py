"""What each further tenant of one program costs: `python -m tests.bench.tenants --tenants 1 10 50`.

A program of the native face with a provider for each tenant, and so many partners in each; the emulator holds all the
tenants at one address. The engine starts a process of the plugin for every provider, in every run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from exchange_online_emulator import EmulatorProcess
from tests.bench.measuring import PASSPHRASE, Taken, measured
from tests.engine import native
from tests.support.engine import Project

_OPERATIONS: Mapping[str, tuple[str, ...]] = {"up, first": (), "up, no change": ("--expect-no-changes",)}


@dataclass(frozen=True)
class Measured:
    """One run of a program with so many tenants."""

    tenants: int
    operation: str
    taken: Taken
    calls: int


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tenants", description=__doc__)
    parser.add_argument("--tenants", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--partners", type=int, default=2, help="in each tenant")
    parser.add_argument("--latency", type=int, default=0, help="milliseconds that each call to the service takes")
    parsed = parser.parse_args(arguments)
    rows = [row for count in parsed.tenants for row in _program(count, parsed.partners, parsed.latency)]
    print(_table(rows, parsed.partners))
    return 0


def _program(tenants: int, partners: int, latency: int) -> list[Measured]:
    held = ("--tenants", str(tenants), "--latency", str(latency))
    with tempfile.TemporaryDirectory() as folder, EmulatorProcess(None, *held) as emulator:
        project = Project(Path(folder), emulator, passphrase=PASSPHRASE)
        project.set_variables(PULUMI_SKIP_CHECKPOINTS="true", EXCHANGE_ONLINE_EMULATOR="nowhere.json")
        native.use_native(project)
        declare(project, emulator, partners)
        rows = []
        for operation, flags in _OPERATIONS.items():
            print(f"{tenants} tenants, {operation}", file=sys.stderr, flush=True)
            before = _calls(emulator)
            run, taken = measured(partial(project.up, *flags), beside=emulator.pid)
            run.succeeded()
            rows.append(Measured(tenants, operation, taken, _calls(emulator) - before))
        return rows


def declare(project: Project, emulator: EmulatorProcess, partners: int) -> None:
    """A provider for each tenant of the emulator, and so many partners in each."""
    found = list(enumerate(emulator.tenants()))
    providers = [native.provider(f"tenant-{number}", connection) for number, connection in found]
    declared = [
        native.partner(
            f"Partner {n}",
            f"Partner {n} of {number}",
            provider=f"tenant-{number}",
            domains=[f"p{n}.example"],
            certificateName=f"mail.p{n}.example",
        )
        for number, _ in found
        for n in range(partners)
    ]
    native.declare(project, *providers, *declared, cloud=None)


def _calls(emulator: EmulatorProcess) -> int:
    return sum(len(control.calls()) for control in emulator.controls())


def _table(rows: Sequence[Measured], partners: int) -> str:
    lines = [
        f"{partners} partners in each tenant",
        "",
        "| tenants | operation | seconds | a tenant | calls a tenant | processor: plugin, a tenant | all "
        "| MB: one plugin | all plugins | engine |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        taken, count = row.taken, row.tenants
        plugin = taken.megabytes.get("plugin", 0)
        cells = [
            f"{taken.seconds:.1f}",
            f"{taken.seconds / count:.2f}",
            f"{row.calls / count:.1f}",
            f"{taken.processor.get('plugin', 0) / count:.2f}",
            f"{taken.processor_seconds:.1f}",
            str(plugin),
            str(plugin * count),
            str(taken.megabytes.get("engine", 0)),
        ]
        lines.append(f"| {count} | {row.operation} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
