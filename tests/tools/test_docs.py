"""The pages for people: their links lead somewhere, and the front door says what a connector does not do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

_LINK = re.compile(r"\]\((?P<path>[^)#:\s]*)(?:#(?P<heading>[^)\s]+))?\)")
_FENCE = re.compile(r"^ *(`{3,})[^\n]*\n.*?^ *\1 *$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_of_a_page_leads_to_a_heading_that_is_there(page: Path) -> None:
    """Failing: a reader who wants to know what a warning or a table only names ends at the top of a page."""
    for link in _LINK.finditer(_prose(page)):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        assert target.exists(), f"{page.name}: {link[0]}"
        if link["heading"] and target.suffix == ".md":
            assert link["heading"] in _headings(target), f"{page.name}: {link[0]}"


@pytest.mark.parametrize("page", ["README.md", "docs/declaration.md", "docs/review.md", "docs/verify.md"])
def test_a_page_that_promises_something_about_mail_says_which_sender_it_means(page: str) -> None:
    """Failing: an administrator takes `mail from fabrikam.com` for what a mail program shows."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert re.search(r"envelope\s+sender", text)
    assert "#which-sender-a-connector-goes-by" in text


def test_the_section_on_senders_covers_each_kind_of_mail() -> None:
    """Failing: one of the ways in which mail meets a connector otherwise than its reader thinks is no longer told."""
    text = (ROOT / "docs" / "declaration.md").read_text(encoding="utf-8")
    section = text.partition("## Which sender a connector goes by")[2].partition("\n## ")[0]
    for word in ("MAIL FROM", "`From:`", "DMARC", "`<>`", "service that sends", "over IPv6", "SRS", "inferred"):
        assert word in section


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def _headings(page: Path) -> set[str]:
    """The anchors of a page. Source: GitHub's rule (lower case, punctuation gone, spaces to hyphens)."""
    found = re.findall(r"^#+ +(.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}
