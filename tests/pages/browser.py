"""Debian's Chromium, driven by Playwright; axe, which knows what people with a handicap cannot read; pages of a PDF."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pypdfium2
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Page, Request, sync_playwright

from tools.servers import program

#: A small telephone and a desk.
WIDTHS = (375, 1400)
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but this machine has a name.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
#: How wide the page is beyond the window; 0 where nobody has to scroll sideways.
_BEYOND = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
#: Texts that stand over the edge of the window, outside of what scrolls by itself.
_CUT = """() => [...document.querySelectorAll('main *, header *')]
  .filter(e => !e.closest('.s') && !e.closest('.t thead') && e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""


_LETTERS = "() => getComputedStyle(document.body).color"
#: Words of a drawing that reach over its edge.
_OVERFULL = """() => [...document.querySelectorAll('svg')].flatMap(drawing => [...drawing.querySelectorAll('tspan')]
  .filter(e => e.getBoundingClientRect().right > drawing.getBoundingClientRect().right - 1).map(e => e.textContent))"""


@dataclass
class Opened:
    """A page in the browser.

    Attributes:
        problems: what it wrote to the console as an error, what failed in it, and what it asked of others.
        pictures: where its screenshots go.
    """

    page: Page
    pictures: Path
    problems: list[str] = field(default_factory=list)

    def watch(self, own: str) -> None:
        """Notes everything that a page which runs nothing and fetches nothing does not do.

        Args:
            own: how the addresses begin that it may ask for.
        """

        def said(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.problems.append(f"console: {message.text}")

        def asked(request: Request) -> None:
            if not request.url.startswith(own):
                self.problems.append(f"request: {request.url}")

        self.page.on("console", said)
        self.page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        self.page.on("request", asked)

    def looked_at(self, name: str, *, narrow: Scheme, judged: Sequence[Scheme] = SCHEMES) -> list[str]:
        """What a person would not put up with, narrow and wide, light and dark.

        Args:
            name: of the pictures, of which there are two.
            narrow: the scheme of the narrow one; the wide one has the other.
            judged: the schemes in which axe looks, for a second each. A page with every colour needs both.
        """
        found = []
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": 900})
                where = f"{name}-{width}-{scheme}"
                if beyond := self.page.evaluate(_BEYOND):
                    found.append(f"{where}: {beyond} pixels beyond the window")
                found += [f"{where}: cut off: {element}" for element in self.page.evaluate(_CUT)]
                # Which colours are too weak depends on the scheme, what overlaps on the width: each is judged once.
                if (width == WIDTHS[0]) == (scheme == narrow):
                    self.page.screenshot(path=self.pictures / f"{where}.png", full_page=True)
                    found += [f"{where}: {one}" for one in (self.violations() if scheme in judged else ())]
        return found + self.problems

    def overfull(self) -> list[str]:
        """Words that reach over the edge of their drawing, as a line of nothing but the widest letters does."""
        found: list[str] = self.page.evaluate(_OVERFULL)
        return found

    def narrow(self) -> list[str]:
        """What a person would not put up with on a telephone, without the time that axe takes for a large page."""
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        beyond = self.page.evaluate(_BEYOND)
        return [f"{beyond} pixels beyond the window"] * bool(beyond) + self.problems

    def violations(self) -> list[str]:
        """What axe finds that is more than a matter of taste."""
        result: dict[str, Any] = Axe().run(self.page).response
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {one['nodes'][0]['html'][:200]}"
            for one in result["violations"]
        ]

    def printed(self, name: str) -> Paper:
        """The page as the browser prints it, also for somebody who reads screens in the dark."""
        self.page.emulate_media(media="screen", color_scheme="light")
        letters = self.page.evaluate(_LETTERS)
        self.page.emulate_media(media="print", color_scheme="dark")
        if (printed := self.page.evaluate(_LETTERS)) != letters:
            self.problems.append(f"letters are printed in {printed}, on white paper")
        self.page.set_viewport_size({"width": WIDTHS[0], "height": 900})
        return Paper.of(self.page.pdf(prefer_css_page_size=True), self.pictures / f"{name}-printed")

    def texts(self, selector: str) -> list[str]:
        """The text of each element."""
        return [" ".join(text.split()) for text in self.page.locator(selector).all_inner_texts()]


@dataclass(frozen=True)
class Browser:
    """A running Chromium.

    Attributes:
        pictures: where pictures go: a folder that git ignores.
    """

    chromium: Chromium
    pictures: Path

    @classmethod
    @contextlib.contextmanager
    def started(cls, pictures: Path) -> Iterator[Browser]:
        """One with an empty profile of its own."""
        pictures.mkdir(exist_ok=True)
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=program("chromium"), args=_ARGUMENTS, headless=True)
            try:
                yield cls(chromium, pictures)
            finally:
                chromium.close()

    @contextlib.contextmanager
    def open(self, address: str, own: str) -> Iterator[Opened]:
        """A page that may ask only for addresses that begin so."""
        # The emulator's certificate is of its own authority, which no browser knows.
        with self.chromium.new_context(ignore_https_errors=True) as context:
            opened = Opened(context.new_page(), self.pictures)
            opened.watch(own)
            opened.page.goto(address)
            yield opened


@dataclass(frozen=True)
class Paper:
    """A PDF as somebody sees it who has printed it.

    Attributes:
        texts: of each page.
        cut: texts that reach over the edge of their page.
        dark: pages whose corner is not white.
    """

    texts: tuple[str, ...]
    cut: tuple[str, ...]
    dark: tuple[int, ...]

    @classmethod
    def of(cls, content: bytes, pictures: Path) -> Paper:
        """Its pages, each of which becomes a picture."""
        for earlier in pictures.parent.glob(f"{pictures.name}-*.png"):
            earlier.unlink()
        texts, cut, dark = [], [], []
        document = pypdfium2.PdfDocument(content)
        for number, page in enumerate(document, start=1):
            text = page.get_textpage()
            texts.append(text.get_text_bounded())
            boxes = (text.get_rect(index) for index in range(text.count_rects()))
            cut += [text.get_text_bounded(*box) for box in boxes if box[2] > page.get_width() or box[0] < 0]
            image = page.render(scale=1.3).to_pil()
            image.save(pictures.with_name(f"{pictures.name}-{number}.png"), compress_level=1)
            if image.convert("L").getpixel((2, 2)) != 255:
                dark.append(number)
        document.close()
        return cls(tuple(texts), tuple(cut), tuple(dark))
