"""Random histories of a stack on the real engine, with faults and kills; afterwards all must be right: `make chaos`.

Each history is made from its number: what is declared and how it changes, what is done in the admin centre, what the
service does wrong, who is killed and when. Afterwards runs without trouble must bring everything in order, with the
same connectors by their Guids; one more run must send nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from exchange_online_emulator import EmulatorProcess
from tests.chaos.author import scenario
from tests.chaos.bulk import bulk_scenario
from tests.chaos.play import Outcome, play
from tests.chaos.report import Report
from tests.support.engine import Project

_CHECKPOINTS = {"on": True, "off": False}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns 0, or 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="the number of the first history")
    parser.add_argument("--count", type=int, default=25, help="how many, each with the next number")
    parser.add_argument("--jobs", type=int, default=1, help="how many at the same time")
    parser.add_argument("--checkpoints", choices=["on", "off", "both"], default="both", help="both: as the number says")
    parser.add_argument("--bulk", action="store_true", help="many connectors in each run, by our own up and destroy")
    parser.add_argument("--json", action="store_true", help="prints the report as JSON")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keeps the working copies of what is wrong there")
    parser.add_argument("--story", action="store_true", help="tells also what happened where nothing is wrong")
    parsed = parser.parse_args(arguments)
    if parsed.bulk and parsed.checkpoints != "both":
        parser.error("--bulk: there our own command decides about checkpoints")
    campaign = Campaign(parsed.checkpoints, parsed.keep, bulk=parsed.bulk)
    outcomes = []
    for outcome in campaign.run(range(parsed.seed, parsed.seed + parsed.count), parsed.jobs):
        outcomes.append(outcome)
        print(campaign.told(outcome, whole=parsed.story), file=sys.stderr, flush=True)
    report = Report.of(sorted(outcomes, key=lambda outcome: outcome.seed))
    print(report.json() if parsed.json else report.table())
    return 0 if report.right else 1


class Campaign:
    """Plays histories, each in a working copy of its own.

    Args:
        checkpoints: `on`, `off`, or `both`, where the history says which.
        keep: where the working copies of wrong ones are kept.
        bulk: whether they are those of many connectors.
    """

    def __init__(self, checkpoints: str = "both", keep: Path | None = None, *, bulk: bool = False) -> None:
        self._checkpoints = checkpoints
        self._keep = keep
        self._bulk = bulk
        self._services: SimpleQueue[EmulatorProcess] = SimpleQueue()

    def run(self, seeds: Iterable[int], jobs: int) -> Iterator[Outcome]:
        """The outcomes, in the order in which they are known when one runs at a time, else of the seeds."""
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
            for _ in range(jobs):
                self._services.put(stack.enter_context(service()))
            # What every new working copy is copied from is made once, before there are threads.
            first = self._services.get()
            Project(folder / "first", first)
            self._services.put(first)
            with ThreadPoolExecutor(jobs) as pool:
                yield from pool.map(lambda seed: self._play(seed, folder / str(seed)), seeds)

    def told(self, outcome: Outcome, *, whole: bool = False) -> str:
        """A line about a history; where it is wrong all that happened, and the command that repeats it."""
        state = "fine" if outcome.right else "WRONG"
        line = f"seed {outcome.seed}: {state}, {outcome.runs} runs, {outcome.seconds:.1f} s"
        story = [f"    {told}" for told in outcome.story] if whole or not outcome.right else []
        if outcome.right:
            return "\n".join([line, *story])
        wrong = [f"    wrong: {fault}" for fault in outcome.faults]
        return "\n".join([line, *story, *wrong, f"    again: {self.again(outcome.seed)}"])

    def again(self, seed: int) -> str:
        """The command that plays a history again."""
        forced = f" --checkpoints {self._checkpoints}" if self._checkpoints in _CHECKPOINTS else ""
        forced += " --bulk" if self._bulk else ""
        return f'make chaos ARGS="--seed {seed} --count 1{forced}"'

    def _play(self, seed: int, folder: Path) -> Outcome:
        told = bulk_scenario(seed) if self._bulk else scenario(seed)
        told = replace(told, checkpoints=_CHECKPOINTS.get(self._checkpoints, told.checkpoints))
        emulator = self._services.get()
        try:
            outcome = play(told, folder, emulator)
        finally:
            self._services.put(emulator)
        if self._keep is not None and not outcome.right:
            shutil.copytree(folder, self._keep / str(seed), dirs_exist_ok=True, symlinks=True)
        shutil.rmtree(folder, ignore_errors=True)
        return outcome


def service() -> EmulatorProcess:
    """An emulator that comes back at the same address when it was killed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # What is answered at once never meets: with this, the calls of a run do.
    return EmulatorProcess(None, "--port", str(port), "--latency", "30")


if __name__ == "__main__":
    raise SystemExit(main())
