"""A large report, and damaged files without end: `python -m tests.bench.traffic --rows 1000000`, or `--minutes 60`.

The first says how long `verify traffic` takes for a connector report of so many rows, and how much memory; the second
damages messages and reports of every kind, by a seed that is counted up, and stops at the first that raises, takes more
than 5 seconds, or makes the process larger than 300 MB. Both end with 1 where a limit is passed.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from regulated_partners.verify.traffic import judge_traffic
from tests.regulated_partners.verify.messages import judged
from tests.regulated_partners.verify.test_returned_messages import KINDS as MESSAGES
from tests.regulated_partners.verify.traffic.reports import counted, many_rows
from tests.regulated_partners.verify.traffic.test_command import KINDS as REPORTS
from tests.support.damage import damaged
from tests.support.engine import ROOT

#: Seconds and megabytes for a report, seconds for a damaged file.
_SECONDS, _MEGABYTES, _SECONDS_EACH = 60, 300, 5
_PIECE = 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.traffic", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--of-partner", type=int, default=3, help="every so many rows are the partner's")
    parser.add_argument("--minutes", type=float, default=0.0, help="damage files for so long instead")
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args(arguments)
    if parsed.minutes:
        return _damage(parsed.minutes, parsed.seed)
    return _measure(parsed.rows, parsed.of_partner)


def _measure(rows: int, of_partner: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.csv"
        with report.open("wb") as file:
            # In pieces: what this process takes would count for the one that it starts.
            for first in range(0, rows, _PIECE):
                file.write(many_rows(min(_PIECE, rows - first), of_partner, first))
        command = [sys.executable, "-m", "regulated_partners", "verify", "traffic", str(report), "--stack", "dev"]
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
        seconds = time.monotonic() - began
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{rows} rows: {seconds:.1f} s, {megabytes:.0f} MB, exit code {done.returncode}")
    return int(done.returncode != 0 or seconds > _SECONDS or megabytes > _MEGABYTES)


def _damage(minutes: float, seed: int) -> int:
    kinds = [("message", *item) for item in MESSAGES.items()] + [("report", *item) for item in REPORTS.items()]
    ends, slowest, count = time.monotonic() + 60 * minutes, 0.0, 0
    while time.monotonic() < ends:
        for what, name, data in kinds:
            chance = random.Random(f"{seed} {name}")  # noqa: S311 - played again by its seed
            broken, began = damaged(data, chance), time.monotonic()
            if what == "message":
                judged(broken)
            else:
                judge_traffic(counted(broken), named=False)
            seconds = time.monotonic() - began
            slowest, count = max(slowest, seconds), count + 1
            megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            if seconds > _SECONDS_EACH or megabytes > _MEGABYTES:
                print(f"seed {seed}, {name}: {seconds:.1f} s, {megabytes:.0f} MB")
                return 1
        seed += 1
    print(f"{count} damaged files, up to seed {seed - 1}: the slowest took {slowest:.2f} s, {megabytes:.0f} MB at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
