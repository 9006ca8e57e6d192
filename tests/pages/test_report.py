"""The report as an auditor sees it: in a browser, printed, and as PDF."""

from __future__ import annotations

from pathlib import Path

import pytest

from regulated_partners.evidence import Report, as_html
from regulated_partners.evidence.pdf import as_pdf
from tests.pages.browser import SCHEMES, Browser, Opened, Paper
from tests.regulated_partners.evidence import examples
from tools import pictures

_SECTIONS = ["Summary", "What was declared and applied", "The partners", "Inputs"]
_NAMES = {"Dogs and Cats, Inc.", "Fabrikam Bank", "Humongous Insurance", "Woodgrove Hospital"}


@pytest.fixture(scope="module", params=["proven", "broken"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Report]:
    """Of the four example partners, and its name."""
    name: str = request.param
    root = tmp_path_factory.mktemp(name)
    return name, examples.proven(root) if name == "proven" else examples.broken(root)


def test_the_report_is_readable_by_everybody(browser: Browser, report: tuple[str, Report], tmp_path: Path) -> None:
    """Failing: an auditor misses a section, has to scroll sideways or reads pale letters; or the page asks for more."""
    name, found = report
    file = tmp_path / "report.html"
    file.write_text(as_html(found), encoding="utf-8")
    with browser.open(file.as_uri(), own=file.as_uri()) as opened:
        if name == "proven":
            assert opened.looked_at(f"report-{name}", narrow="light", judged=["light"]) == []
        else:
            assert opened.looked_at(f"report-{name}", narrow="dark") == []
        assert opened.overfull() == []
        assert opened.texts("h2") == _SECTIONS
        partners = opened.texts("section[id] h3")
        assert {title.partition(":")[0] for title in partners} == _NAMES
        assert opened.page.locator("section svg[role=img]").count() == len(_NAMES) + 2 * (name == "broken")
        # Every partner of the first table leads to its section, by what a person clicks.
        for partner in _NAMES:
            opened.page.get_by_role("link", name=partner, exact=True).click()
            assert opened.page.locator("section:target h3").inner_text().startswith(partner)
        printed = opened.printed(f"report-{name}")
        assert opened.problems == []
    _fit_for_a_file(printed)


def test_the_pdf_has_all_of_it_and_nothing_is_cut_off(browser: Browser, report: tuple[str, Report]) -> None:
    """Failing: what goes into the auditor's file lacks a section, or has letters beyond the edge of the paper."""
    name, found = report
    paper = Paper.of(as_pdf(as_html(found, paper=True)), browser.pictures / f"report-{name}-pdf")
    _fit_for_a_file(paper)
    # Each partner begins a page.
    assert len(paper.texts) >= 2 + len(_NAMES)
    assert all(f"{number} / {len(paper.texts)}" in text for number, text in enumerate(paper.texts, start=1))


@pytest.mark.parametrize("picture", sorted(pictures.FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_the_pictures_of_the_readme_are_readable(browser: Browser, picture: Path, tmp_path: Path) -> None:
    """Failing: the front door shows a torn picture, or dark letters on what is dark."""
    colours = []
    with browser.open(picture.as_uri(), own=picture.as_uri()) as opened:
        for scheme in SCHEMES:
            opened.page.emulate_media(color_scheme=scheme)
            opened.page.set_viewport_size({"width": 420, "height": 420})
            opened.page.screenshot(path=browser.pictures / f"readme-{picture.stem}-{scheme}.png")
            colours.append(
                [_colour(opened, ".bg", "fill"), _colour(opened, "tspan", "fill"), _colour(opened, ".ar", "stroke")]
            )
        assert opened.overfull() == []
        assert opened.problems == []
    # In a table, as README.md has it, an image without a size of its own has none at all.
    page = tmp_path / "page.html"
    page.write_text(f"<table><tr><td><img src='{picture.as_uri()}'></table>", encoding="utf-8")
    with browser.open(page.as_uri(), own="file:") as opened:
        assert opened.page.locator("img").evaluate("image => image.width") == 360
    assert [found[:2] for found in colours] == [
        ["rgb(255, 255, 255)", "rgb(26, 29, 33)"],
        ["rgb(20, 23, 26)", "rgb(232, 234, 237)"],
    ]
    # The arrows have the colours of a verdict, of each scheme its own, and not the black of no style.
    arrows = [found[2] for found in colours]
    assert len({"rgb(0, 0, 0)", *arrows}) == 3


def _colour(opened: Opened, part: str, name: str) -> str:
    found: str = opened.page.locator(part).first.evaluate(f"element => getComputedStyle(element).{name}")
    return found


def _fit_for_a_file(paper: Paper) -> None:
    whole = "\n".join(paper.texts)
    for title in (*_SECTIONS, *_NAMES):
        assert title in whole, title
    assert all(text.strip() for text in paper.texts)
    assert paper.cut == ()
    assert paper.dark == ()
