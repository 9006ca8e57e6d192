"""docs/trouble.md: who searches it for the words of an error must find them, so they must be those that are written."""

from __future__ import annotations

import ast
import re

import pytest

from regulated_partners.probing.verdicts import Check
from tools.site import ROOT

PAGE = (ROOT / "docs" / "trouble.md").read_text(encoding="utf-8")
_CODE = re.compile(r"\b\d\.\d\.\d{1,3}\b")


def _section(heading: str) -> str:
    return PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def _written() -> str:
    """Every text that the product can write, with one sign for each value in it."""
    texts: list[str] = []
    for folder in ("components", "providers"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    texts.append("".join(_text(part) for part in node.values))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return "\n".join(texts)


def _text(part: ast.expr) -> str:
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "\0"


WRITTEN = _written()
OURS = re.findall(r"^\| `([^`]+)` \|", _section("What our commands say"), re.MULTILINE)


@pytest.mark.parametrize("words", OURS)
def test_the_words_of_an_error_are_those_that_we_write(words: str) -> None:
    """Failing means that an error has other words than the page, where nobody finds it by searching any more."""
    for piece in filter(None, map(str.strip, words.split("…"))):
        assert piece in WRITTEN, piece


def test_every_kind_of_error_has_its_words() -> None:
    """Failing means that the table of our errors is empty or was written otherwise than this test reads it."""
    assert len(OURS) > 15
    assert len(OURS) == _section("What our commands say").count("\n| `")


@pytest.mark.parametrize("check", [check for check in Check if check.consequence.outbound or check.consequence.inbound])
def test_every_answer_that_verify_names_is_on_the_page(check: Check) -> None:
    """Failing means that `verify` names a code of Exchange Online for which the page has no advice."""
    for code in _CODE.findall(f"{check.consequence.outbound} {check.consequence.inbound}"):
        assert code in _section("Mail comes back"), code
