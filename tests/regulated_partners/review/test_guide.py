"""docs/review.md shows real output: it must be what the command writes."""

from __future__ import annotations

from pathlib import Path

from regulated_partners.review import FAIL_ON, Gates, comment, refusals
from tests.regulated_partners.review.recordings import reviewed

GUIDE = Path(__file__).parents[3] / "docs" / "review.md"


def test_the_comment_in_the_guide_is_current() -> None:
    """A reader of the guide would expect another comment than the one they get."""
    found = reviewed("inbound-certificate-to-addresses")
    text = comment(found, refusals(found, Gates(fail_on=frozenset({FAIL_ON["weakens"]}))))
    assert f"````markdown\n{text}````\n" in GUIDE.read_text(encoding="utf-8")
