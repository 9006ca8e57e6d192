"""The checks: their names are promised, so the document lists all of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

import pytest

from regulated_partners.probing.verdicts import Check, Party
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
        for path in (FILE.parents[1] / "components" / "regulated_partners" / folder).rglob("*.py")
    )
    assert [check for check in Check if f"Check.{check.name}" not in sources] == []
    assert all(check.meaning.endswith(".") for check in Check)


_FOLDERS = [FILE.parents[1] / "components" / "regulated_partners" / folder for folder in ("probing", "verify")]


def _said() -> Iterable[tuple[str, str]]:
    """Every check and party that stand together where a finding is made."""
    for path in sorted(path for folder in _FOLDERS for path in folder.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Finding":
                names = [
                    node for argument in call.args for node in ast.walk(argument) if isinstance(node, ast.Attribute)
                ]
                of = {kind: [n.attr for n in names if ast.unparse(n.value) == kind] for kind in ("Check", "Party")}
                yield from ((check, party) for check in of["Check"] for party in of["Party"])


@pytest.mark.parametrize(("check", "party"), sorted(set(_said())))
def test_who_acts_is_as_the_document_says(check: str, party: str) -> None:
    """Failing: the document says that nobody, or another one, acts on such findings."""
    assert Party[party] in Check[check].consequence.who, "enter it in _CONSEQUENCES of probing/verdicts.py"


def test_what_is_seen_stands_in_the_document() -> None:
    """Failing: an operator searches for the text of an NDR and does not find which check explains it."""
    document = FILE.read_text(encoding="utf-8")
    for text in ("STARTTLS is required to send mail", "SubjectMismatch", "UntrustedRoot", "CertificateExpired"):
        assert f"[Message={text}" in document or f"5.7.3 {text}" in document, text
    for code in ("550 5.7.51", "450 4.7.321", "4.7.322", "4.7.323", "4.7.324", "450 4.4.8", "450 4.7.5"):
        assert code in document, code
    assert all(check.consequence.who or not check.consequence.outbound for check in Check)
