"""The page as PDF, by WeasyPrint, which the extra `pdf` installs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from regulated_partners.errors import CannotRunError

_INSTALL = "pip install 'regulated-partners[pdf]'"
_OTHERWISE = "Or open the HTML in a browser and print it: its style for paper is the same."


def as_pdf(html: str) -> bytes:
    """The page of `as_html` as PDF. Nothing is fetched.

    Raises:
        CannotRunError: where WeasyPrint, or Pango, which it draws text with, is not installed.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except ImportError:
        raise CannotRunError(f"A PDF needs WeasyPrint: {_INSTALL}. {_OTHERWISE}") from None
    except OSError as error:
        # It loads Pango's libraries as it is imported. Source: WeasyPrint, "First Steps", installation.
        raise CannotRunError(
            f"A PDF needs Pango beside WeasyPrint, and it was not found ({' '.join(str(error).split())[:200]}): on "
            f"Debian `apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0`. {_OTHERWISE}"
        ) from None
    with _quiet():
        document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=()))
        made: bytes = document.write_pdf(pdf_tags=True, pdf_forms=False)
    return made


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """It warns of each property that print does not know, which says nothing to the operator."""
    logger = logging.getLogger("weasyprint")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
