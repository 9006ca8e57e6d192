"""`python -m tools.pipelines [DIRECTORY]`: checks pipelines/. Exit codes: 0 fine, 1 findings, 2 could not check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from regulated_partners.errors import InstallError
from tools.pipelines.schemas import check_files
from tools.pipelines.workflows import check_workflows

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tools.pipelines", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "pipelines")
    directory: Path = parser.parse_args(arguments).directory
    try:
        findings = [*check_workflows(directory / "github"), *check_files(directory)]
    except InstallError as error:
        print(error, file=sys.stderr)
        return 2
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
