"""The page as PDF, by WeasyPrint, which the extra `pdf` installs."""

from __future__ import annotations

import contextlib
import logging
from typing import Any, NoReturn

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
    except ImportError:
        raise CannotRunError(f"A PDF needs WeasyPrint: {_INSTALL}. {_OTHERWISE}") from None
    except OSError as error:
        # It loads Pango's libraries as it is imported. Source: WeasyPrint, "First Steps", installation.
        raise CannotRunError(
            f"A PDF needs Pango beside WeasyPrint, and it was not found ({' '.join(str(error).split())[:200]}): on "
            f"Debian `apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0`. {_OTHERWISE}"
        ) from None
    with _quiet():
        document = HTML(string=html, url_fetcher=_refuse)
        made: bytes = document.write_pdf(pdf_tags=True, pdf_forms=False)
    return made


def _refuse(url: str, *_: Any, **__: Any) -> NoReturn:
    raise ValueError(f"the report fetches nothing, and not {url[:100]}")


@contextlib.contextmanager
def _quiet() -> Any:
    """It warns of each property that print does not know, which says nothing to the operator."""
    logger = logging.getLogger("weasyprint")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
