"""Writes the section of `docs/verify.md` that lists the checks: `python -m tools.checks_section`."""

from __future__ import annotations

import re
from pathlib import Path

from regulated_partners.probing.verdicts import Check

FILE = Path(__file__).parents[1] / "docs" / "verify.md"
_SECTION = re.compile(
    r"(?<=<!-- checks: made by `python -m tools.checks_section` -->\n).*(?=<!-- /checks -->)", re.DOTALL
)


def current(document: str) -> str:
    """The document with the checks of the code."""
    rows = "".join(f"| `{check}` | {check.meaning} |\n" for check in Check)
    return _SECTION.sub(f"| check | about |\n|---|---|\n{rows}", document)


if __name__ == "__main__":
    FILE.write_text(current(FILE.read_text(encoding="utf-8")), encoding="utf-8")
