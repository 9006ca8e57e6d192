"""Fails unless the tests on the real Pulumi engine ran: `python -m tools.ci REPORT --at-least N`.

It is also the pytest plugin (`-p tools.ci`) that writes each test's project marks into the JUnit report it reads.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

MARKS = ("engine", "provider")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Adds a property `mark` to every test that has one of `MARKS`."""
    for item in items:
        item.user_properties.extend(("mark", mark) for mark in MARKS if item.get_closest_marker(mark))


def complaint(report: Path, *, mark: str, at_least: int) -> str | None:
    """What is wrong with a JUnit report made with this plugin, in one sentence; None if nothing.

    At least `at_least` tests with the mark must have run, and none of them may have been skipped.
    """
    try:
        cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314 - made by our own run
        marked = [
            case
            for case in cases
            if any(p.get("name") == "mark" and p.get("value") == mark for p in case.iter("property"))
        ]
    except (OSError, ElementTree.ParseError) as error:
        return f"The test report {report} cannot be read ({error}): did the tests run at all?"
    skipped = [f"{case.get('classname')}::{case.get('name')}" for case in marked if case.find("skipped") is not None]
    if skipped:
        return f"{len(skipped)} tests marked {mark} were skipped: {', '.join(skipped[:5])}. They must run in CI."
    if len(marked) < at_least:
        return f"{len(marked)} tests marked {mark} ran, and at least {at_least} must: is the mark or the CLI missing?"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns 0, or 1 with the complaint on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tools.ci", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("--at-least", type=int, required=True)
    parser.add_argument("--mark", default="engine")
    parsed = parser.parse_args(arguments)
    found = complaint(parsed.report, mark=parsed.mark, at_least=parsed.at_least)
    if found is not None:
        print(found, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
