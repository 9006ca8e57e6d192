"""The checks: their names are promised, so the document lists all of them."""

from __future__ import annotations

import re

from regulated_partners.probing.verdicts import Check
from tools.generated import VERIFY as FILE
from tools.generated import with_checks


def test_the_document_lists_every_check() -> None:
    """Failing: somebody filters by a check that no document names; run `make generate`."""
    document = FILE.read_text(encoding="utf-8")
    assert document == with_checks(document)
    assert re.findall(r"^\| `([a-z.-]+)` \|", document, re.MULTILINE) == [check.value for check in Check]


def test_every_check_is_used_and_said() -> None:
    """Failing: a check that nothing reports, or that says nothing about itself, is promised for ever."""
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("probing", "verify")
        for path in (FILE.parents[1] / "components" / "regulated_partners" / folder).glob("*.py")
    )
    assert [check for check in Check if f"Check.{check.name}" not in sources] == []
    assert all(check.meaning.endswith(".") for check in Check)
