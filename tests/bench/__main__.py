"""How long each operation takes, beside the same engine alone, and by the number of partners: `make bench`.

Each number of partners is a working copy of its own on the real engine and the emulator. Beside it the same engine runs
a program of the same shape whose resources do nothing, in turn, in the same run: machines are noisy, so what counts are
the ratios. The engine's checkpoints are skipped on both sides, which would drown them; `--checkpoints` measures those.
`--json FILE` keeps what was measured, and `--from FILE` prints the table of it.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from exchange_online_emulator import EmulatorProcess
from tests.bench.measuring import PASSPHRASE, measured
from tests.bench.table import Measured, Report, markdown
from tests.bench.working_copies import WorkingCopy, engine_alone, machine, ours, partners

#: Three listings: inbound, outbound, outbound in test mode.
_LISTINGS = 3
#: Before a write it is looked once for transport rules.
_RULES = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--partners", type=int, nargs="+", default=[10, 50])
    parser.add_argument("--latency", type=int, default=0, help="milliseconds that each call to the service takes")
    parser.add_argument("--checkpoints", type=int, default=10, help="so many partners with the engine's checkpoints")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep what was measured")
    parser.add_argument("--from", type=Path, metavar="FILE", dest="kept", help="only print the table of what was kept")
    parser.add_argument("--only", nargs="+", metavar="OPERATION", help="by their first words, such as `up,`")
    parsed = parser.parse_args(arguments)
    if parsed.kept:
        print(markdown(Report.read(json.loads(parsed.kept.read_text(encoding="utf-8")))))
        return 0
    rows: list[Measured] = []
    about = {**machine(), "date": datetime.datetime.now(datetime.UTC).date().isoformat(), "latency": parsed.latency}
    chosen = tuple(parsed.only or ("",))
    for count in parsed.partners:
        rows += _counted(_measure(count, parsed.latency, chosen))
        _keep(parsed.json, about, rows)
    if parsed.checkpoints:
        rows += _counted(_with_checkpoints(parsed.checkpoints, parsed.latency))
        _keep(parsed.json, about, rows)
    print(markdown(Report(about, tuple(rows))))
    return 0


def _keep(path: Path | None, about: dict[str, object], rows: Sequence[Measured]) -> None:
    if path is not None:
        document = {"machine": about, "rows": [dataclasses.asdict(row) for row in rows]}
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _counted(rows: Iterator[Measured]) -> Iterator[Measured]:
    for row in rows:
        print(f"{row.partners} partners, {row.operation}: {row.taken.seconds:.1f} s", file=sys.stderr, flush=True)
        yield row


class _Bench:
    """One number of partners: ours and the engine alone, on one emulator."""

    def __init__(self, folder: Path, emulator: EmulatorProcess, count: int) -> None:
        self.count, self._emulator = count, emulator
        self.ours = ours(folder, emulator, count)
        self.alone = engine_alone(folder, emulator, count)

    def row(
        self, operation: str, run: Callable[[], object], alone: Callable[[], object] | None = None, *, floor: int = 0
    ) -> Measured:
        """Measures one operation, and before it the engine alone with the same.

        Args:
            floor: the calls that it takes at the least.
        """
        beside = measured(alone)[1] if alone is not None else None
        self._emulator.control.clear_calls()
        _, taken = measured(run, beside=self._emulator.pid)
        calls = len(self._emulator.control.calls())
        return Measured(self.count, operation, taken, beside, calls, floor)


def _measure(count: int, latency: int, only: Sequence[str]) -> Iterator[Measured]:
    with tempfile.TemporaryDirectory() as folder, EmulatorProcess(None, "--latency", str(latency)) as emulator:
        bench = _Bench(Path(folder), emulator, count)
        for copy in (bench.ours, bench.alone):
            copy.set_variables(PULUMI_SKIP_CHECKPOINTS="true")
        for name, measure in _operations(bench):
            if name.startswith(tuple(only)):
                yield measure(name)
            elif name in ("up, first", "destroy"):
                measure(name)
    if any("adopt".startswith(word) for word in only):
        yield from _adopted(count, latency)


def _operations(bench: _Bench) -> Iterator[tuple[str, Callable[[str], Measured]]]:
    ours, alone, count = bench.ours, bench.alone, bench.count
    file = ours.directory / "preview.json"

    def both(operation: str, floor: int) -> Callable[[str], Measured]:
        return lambda name: bench.row(name, lambda: ours.run(operation), lambda: alone.run(operation), floor=floor)

    def changed(comment: str, run: Callable[[], object], listings: int) -> Callable[[str], Measured]:
        def measure(name: str) -> Measured:
            declared = partners(count)
            ours.declare(*declared[:-1], {**declared[-1], "comment": comment})
            # Each connector is written, and read until that shows.
            return bench.row(name, run, floor=listings + _RULES + 4)

        return measure

    def review(name: str) -> Measured:
        ours.declare(*partners(count))
        file.write_text(ours.preview_json(), encoding="utf-8")
        return bench.row(name, lambda: ours.command("review", str(file)))

    # `up` and `destroy` have a preview before them, which lists too.
    yield "up, first", both("up", 2 * count + _LISTINGS + _RULES)
    yield "up, no change", both("up", 2 * _LISTINGS)
    yield "up, one change", changed("another one", lambda: ours.run("up"), 2 * _LISTINGS)
    # Our command hands the listing of the preview on.
    yield "regulated-partners up, one change", changed("a third one", ours.command_up, _LISTINGS)
    yield "preview", both("preview", _LISTINGS)
    yield "drift", both("drift", _LISTINGS)
    yield "refresh", both("refresh", 2 * _LISTINGS)
    yield "review of a preview", review
    yield "inventory", lambda name: bench.row(name, lambda: ours.command("inventory", "--stack", ours.stack))
    yield "destroy", both("destroy", 2 * count + 2 * _LISTINGS + _RULES)


def _adopted(count: int, latency: int) -> Iterator[Measured]:
    """A tenant of so many pairs that nobody manages."""
    with tempfile.TemporaryDirectory() as folder, EmulatorProcess(None, "--latency", str(latency)) as emulator:
        copy = WorkingCopy(Path(folder) / "grown", emulator, passphrase=PASSPHRASE)
        copy.configure(partners=[])
        emulator.control.seed(inbound=_rows(count, inbound=True), outbound=_rows(count, inbound=False))
        emulator.control.clear_calls()
        _, taken = measured(lambda: copy.command("adopt", "--stack", copy.stack, "--write"), beside=emulator.pid)
        yield Measured(count, "adopt --write", taken, None, len(emulator.control.calls()), _LISTINGS)


def _rows(count: int, *, inbound: bool) -> list[dict[str, object]]:
    if inbound:
        return [
            {
                "Name": f"Partner {number} - inbound",
                "SenderDomains": [f"p{number}.example"],
                "RequireTls": True,
                "RestrictDomainsToCertificate": True,
                "TlsSenderCertificateName": f"mail.p{number}.example",
            }
            for number in range(count)
        ]
    return [
        {
            "Name": f"Partner {number} - outbound",
            "RecipientDomains": [f"p{number}.example"],
            "TlsSettings": "DomainValidation",
            "TlsDomain": f"mail.p{number}.example",
        }
        for number in range(count)
    ]


def _with_checkpoints(count: int, latency: int) -> Iterator[Measured]:
    with tempfile.TemporaryDirectory() as folder, EmulatorProcess(None, "--latency", str(latency)) as emulator:
        bench = _Bench(Path(folder), emulator, count)
        yield bench.row(
            "up, first, with the engine's checkpoints",
            lambda: bench.ours.run("up"),
            lambda: bench.alone.run("up"),
            floor=2 * count + _LISTINGS + _RULES,
        )


if __name__ == "__main__":
    raise SystemExit(main())
