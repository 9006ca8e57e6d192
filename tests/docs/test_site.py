"""`make docs`: the site that it makes, and what it says of pages that are not right."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tools import facts, site
from tools.servers import program

#: Drives the search as a page does, and writes the places that it has found.
_SEARCHING = """\
<!DOCTYPE html><body><script src="assets/javascripts/site_worker.js"></script><script src="search.js"></script><script>
const worker = new Worker("assets/javascripts/workers/{worker}");
const found = ({{ items }}) => (document.title = items.map(({{ id }}) => __index.items[id].location).join(" "));
const filter = {{
  input: {{ type: "operator", data: {{ operator: "and", operands: [] }} }},
  aggregation: {{ input: [{{ type: "term", data: {{ field: "tags" }} }}] }},
}};
worker.onmessage = ({{ data }}) => {{
  if (data.type === 1) worker.postMessage({{ type: 2, data: {{ input: "envelope sender", filter }} }});
  if (data.type === 3) found(data.data);
}};
worker.postMessage({{ type: 0, data: __index }});
</script></body>
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of this working copy, as `make docs` builds it: no page out of place, every link leads somewhere."""
    return site.build(tmp_path_factory.mktemp("site") / "a folder, with a space")


def test_every_page_is_reached_and_found(built: Path) -> None:
    """Failing means that a page is in the working copy and no reader of the site comes to it."""
    index = json.loads((built / "search.json").read_text(encoding="utf-8"))["items"]
    searched = {item["location"].partition("#")[0] for item in index}
    navigation = _Links((built / "index.html").read_text(encoding="utf-8")).found
    for page in site.pages():
        name = site.built_as(page)
        assert name in searched, page
        assert name in navigation or f"./{name}" in navigation or name == "index.html", page
    assert len(site.pages()) > 20


def test_the_site_needs_nobody_else(built: Path) -> None:
    """Failing means that who reads the site offline, or on a network without a way out, lacks a script or a font."""
    for page in built.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "iframe-worker" not in text, page
        assert "fonts.googleapis.com" not in text, page


def test_the_search_works_in_a_folder_that_is_opened_as_files(built: Path, tmp_path: Path) -> None:
    """Failing means that a search in the site that was handed on as a folder finds nothing, or never ends."""
    (worker,) = (built / "assets" / "javascripts" / "workers").glob("search.*.js")
    page = built / "searching.html"
    page.write_text(_SEARCHING.format(worker=worker.name), encoding="utf-8")
    command = [
        *(program("chromium"), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"),
        *(
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--virtual-time-budget=20000",
            "--dump-dom",
            page.as_uri(),
        ),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert "<title>docs/glossary.html#envelope-sender " in done.stdout, done.stdout[:2000] + done.stderr[-2000:]


def test_facts_explain_their_short_names() -> None:
    """Failing means that the list of sources on the page of facts names some that no fact rests on."""
    tables = facts.document().partition("## The sources")[0]
    assert [name for name in facts.SOURCES if name not in tables] == []


_CONFIGURATION = """\
[project]
site_name = "Trial"
docs_dir = "pages"
site_dir = "site"
nav = [{nav}]
[project.theme]
font = false
[project.plugins.offline]
"""


def _copy(directory: Path, nav: str, **pages: str) -> Path:
    """A working copy with these pages of docs/."""
    (directory / "docs").mkdir(parents=True)
    (directory / "README.md").write_text("# Front door\n\nA sentence.\n", encoding="utf-8")
    (directory / site.CONFIGURATION).write_text(_CONFIGURATION.format(nav=nav), encoding="utf-8")
    for name, text in pages.items():
        (directory / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
    return directory


def test_a_page_out_of_the_navigation_is_told_what_to_do(tmp_path: Path) -> None:
    """Failing means that who adds a page does not learn where it goes, or that a line without a page stays."""
    root = _copy(tmp_path / "copy", '"README.md", "README.md", {Old = ["docs/gone.md"]}', new="# New\n")
    with pytest.raises(site.SiteError) as told:
        site.build(tmp_path / "out", root)
    assert str(told.value).splitlines() == [
        "docs/new.md is not in the navigation, so nobody finds it: give it a line under `nav` in zensical.toml, in the "
        "section of its readers.",
        "zensical.toml has docs/gone.md under `nav`, and there is no such page: take the line out, or correct it.",
        "zensical.toml has README.md twice under `nav`: keep one line.",
    ]
    assert not (tmp_path / "out").exists()


def test_a_warning_of_the_builder_fails(tmp_path: Path) -> None:
    """Failing means that `make docs` passes with a link that leads nowhere."""
    root = _copy(
        tmp_path / "copy", '"README.md", "docs/new.md"', new="# New\n\n[there](../README.md#no-such-heading)\n"
    )
    with pytest.raises(
        site.SiteError, match=r"zensical has built no site:(.|\n)*docs/new.md:3(.|\n)*no-such-heading"
    ) as told:
        site.build(tmp_path / "out", root)
    assert "Traceback" not in str(told.value)


def test_what_the_builder_does_not_look_at(tmp_path: Path) -> None:
    """Failing means that a link to a file that is gone, an address that is none or a tracking pixel gets through."""
    text = (
        "# New\n\n[file](../LICENCE.txt) [plain](http://plain.example/) [host](https://nohost/) [fine](https://example.com/)"
        ' <img src="https://example.com/pixel.png"> <img src="gone.svg">\n'
    )
    root = _copy(tmp_path / "copy", '"README.md", "docs/new.md"', new=text)
    for _ in range(2):
        with pytest.raises(site.SiteError) as told:
            site.build(tmp_path / "out", root)
    complaints = str(told.value).splitlines()
    for expected in (
        "docs/new.md links to ../LICENCE.txt, which is not in the site",
        "docs/new.md links to http://plain.example/, which is no https address",
        "docs/new.md links to https://nohost/, which is no https address",
        "docs/new.md loads https://example.com/pixel.png from another server",
        "docs/new.md shows gone.svg, and there is no such file",
    ):
        assert sum(complaint.startswith(expected) for complaint in complaints) == 1, complaints
    assert len(complaints) == 5, complaints


class _Links(HTMLParser):
    """Where the links of a page lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.update(value for name, value in attrs if name == "href" and value)
