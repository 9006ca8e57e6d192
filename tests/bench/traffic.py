"""A large report: `python -m tests.bench.traffic --rows 1000000`.

It says how long `verify traffic` takes for a connector report of so many rows, and how much memory, and ends with 1
where a limit is passed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.regulated_partners.verify.traffic.reports import many_rows
from tests.support.engine import ROOT

_SECONDS, _MEGABYTES = 60, 300
_PIECE = 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.traffic", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--of-partner", type=int, default=3, help="every so many rows are the partner's")
    parsed = parser.parse_args(arguments)
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


if __name__ == "__main__":
    sys.exit(main())
