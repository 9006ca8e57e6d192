"""`make docs`: the pages for people as a site that can be read and searched without a server, in .docs/site.

The pages are copied as they lie in the working copy, README.md and docs/ side by side, so that their links are the same
on a forge and on the site. Then zensical builds them, and what it has built is checked: every page is in the navigation
and in the search, every link leads somewhere, and nothing is loaded from another server. A complaint fails the build.

Source of the choice: zensical is MIT-licensed, and by the authors of Material for MkDocs, who have ended that; MkDocs
itself has had no release since August 2024.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
CONFIGURATION = "zensical.toml"
#: Where `make docs` builds.
TARGET = ROOT / ".docs"
#: What the search runs by where the site is opened as files.
WORKER = ROOT / "tools" / "site_worker.js"
#: What the pages look like beside the theme.
STYLE = ROOT / "tools" / "site.css"
#: What the theme would fetch for that.
_THEIRS = re.compile(r"https://[^\"\s<>]+/iframe-worker/shim")

_LINK = re.compile(r"\]\((?P<path>[^)#\s]+)")
#: What a page loads by itself, by element and attribute.
_LOADED = {("script", "src"), ("img", "src"), ("source", "srcset"), ("iframe", "src"), ("object", "data")}
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class SiteError(Exception):
    """The site was not built, or is not as it has to be: one complaint a line, each with what to do."""


def pages(root: Path = ROOT) -> tuple[str, ...]:
    """The pages of a working copy, by their paths in it: those beside README.md, then those of docs/."""
    found = [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]
    return tuple(page.relative_to(root).as_posix() for page in found)


def build(target: Path, root: Path = ROOT) -> Path:
    """Builds the site of a working copy. Returns its folder.

    Args:
        target: is emptied first.

    Raises:
        SiteError: with all complaints.
    """
    if complaints := _misplaced(root):
        raise SiteError("\n".join(complaints))
    if target.exists():
        shutil.rmtree(target)
    _copy(root, target)
    command = [sys.executable, "-m", "zensical", "build", "--clean", "--strict"]
    done = subprocess.run(command, cwd=target, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = _COLOURS.sub("", f"{done.stdout}{done.stderr}")
        # It writes what is wrong with which page, and then its own traceback, of which the last line is enough.
        told, _, trace = said.partition("Traceback (most recent call last):")
        raise SiteError("\n".join(["zensical has built no site:", told.strip(), *trace.strip().splitlines()[-1:]]))
    site = (target / "site").resolve()
    _keep_to_itself(site)
    if complaints := list(_complaints(site, {page: built_as(page) for page in pages(root)})):
        raise SiteError("\n".join(complaints))
    return site


def built_as(page: str) -> str:
    """The file of the site that a page becomes."""
    return "index.html" if page == "README.md" else f"{page.removesuffix('.md')}.html"


def _misplaced(root: Path) -> list[str]:
    """Pages that the navigation does not have, and entries of it without a page."""
    configuration = tomllib.loads((root / CONFIGURATION).read_text(encoding="utf-8"))
    listed = list(_entries(configuration["project"]["nav"]))
    there = pages(root)
    return [
        *(
            f"{page} is not in the navigation, so nobody finds it: give it a line under `nav` in {CONFIGURATION}, in "
            "the section of its readers."
            for page in there
            if page not in listed
        ),
        *(
            f"{CONFIGURATION} has {page} under `nav`, and there is no such page: take the line out, or correct it."
            for page in listed
            if page not in there
        ),
        *(
            f"{CONFIGURATION} has {page} twice under `nav`: keep one line."
            for page in sorted({page for page in listed if listed.count(page) > 1})
        ),
    ]


def _entries(navigation: object) -> Iterator[str]:
    if isinstance(navigation, str):
        yield navigation
    elif isinstance(navigation, Mapping):
        yield from _entries(list(navigation.values()))
    elif isinstance(navigation, list):
        for entry in navigation:
            yield from _entries(entry)


def _copy(root: Path, target: Path) -> None:
    """The pages with all that they lead to, pictures and files, where they lie in the working copy."""
    copied = target / "pages"
    shutil.copytree(root / "docs", copied / "docs")
    shutil.copy(root / CONFIGURATION, target / CONFIGURATION)
    shutil.copy(STYLE, copied / STYLE.name)
    for page in pages(root):
        source = root / page
        (copied / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copied / page)
        for link in _LINK.finditer(source.read_text(encoding="utf-8")):
            linked = (source.parent / unquote(link["path"])).resolve()
            if linked.is_file() and linked.is_relative_to(root) and linked.suffix != ".md":
                place = copied / linked.relative_to(root)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(linked, place)


def _keep_to_itself(site: Path) -> None:
    """Puts our script in the place of the one that the theme fetches for a search without a server."""
    place = site / "assets" / "javascripts" / WORKER.name
    shutil.copy(WORKER, place)
    for page in site.rglob("*.html"):
        ours = os.path.relpath(place, page.parent).replace(os.sep, "/")
        page.write_text(_THEIRS.sub(ours, page.read_text(encoding="utf-8")), encoding="utf-8")


@dataclass
class _Page(HTMLParser):
    """What a built page has and leads to.

    Attributes:
        anchors: its ids.
        links: where its links lead.
        loads: what it loads by itself.
    """

    file: Path
    anchors: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if not value:
                continue
            if name == "id":
                self.anchors.add(value)
            elif (tag, name) == ("a", "href"):
                self.links.append(value)
            elif (tag, name) in _LOADED:
                self.loads.append(value)


def _complaints(site: Path, built: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with a site.

    Args:
        built: the pages, each with the file that it has become.
    """
    index = json.loads((site / "search.json").read_text(encoding="utf-8"))["items"]
    searched = {item["location"].partition("#")[0] for item in index}
    read = {name: _Page(site / name) for name in built.values()}
    for page, name in built.items():
        if name not in searched:
            yield f"{page} is not in the search: give it a heading and a sentence."
        for link in read[name].links:
            if wrong := _wrong(link, site, site / name, read):
                yield f"{page} links to {link}, {wrong}"
        for loaded in read[name].loads:
            if urlsplit(loaded).netloc:
                yield (
                    f"{page} loads {loaded} from another server, which no reader shall need: give the site a file of "
                    "its own."
                )
            elif not (site / name).parent.joinpath(urlsplit(loaded).path).is_file():
                yield f"{page} shows {loaded}, and there is no such file: correct it, or put the file beside the page."


def _wrong(link: str, site: Path, source: Path, read: Mapping[str, _Page]) -> str:
    """What is wrong with a link, as the rest of a sentence; empty where nothing is. Of other servers only the form."""
    address = urlsplit(link)
    if address.scheme == "mailto":
        return ""
    if address.scheme or address.netloc:
        if address.scheme == "https" and _HOST.fullmatch(address.hostname or ""):
            return ""
        return "which is no https address of a host: correct it."
    target = (source.parent / unquote(address.path)).resolve() if address.path else source
    if not target.is_relative_to(site) or not target.is_file():
        return "which is not in the site: correct the path, or link to something that the working copy has."
    name = target.relative_to(site).as_posix()
    anchor = unquote(address.fragment)
    if anchor and name in read and anchor not in read[name].anchors:
        return "and that page has no such heading: correct the part behind the #."
    return ""


def main() -> int:
    """The command. Returns 0, or 1 with the complaints on stderr."""
    try:
        site = build(TARGET)
    except SiteError as error:
        print(error, file=sys.stderr)
        return 1
    index = (site / "index.html").relative_to(ROOT)
    print(f"{len(pages())} pages, to be read and searched without a server: open {index}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
