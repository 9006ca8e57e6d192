"""The report on paper."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from regulated_partners.errors import CannotRunError
from regulated_partners.evidence import as_html
from regulated_partners.evidence.pdf import as_pdf
from tests.regulated_partners.evidence.records import FABRIKAM, Project


def test_the_pdf_is_one_and_the_same_for_the_same_report(tmp_path: Path) -> None:
    """Failing: there is no PDF, or the digests of two of the same report differ."""
    page = as_html(Project.of(tmp_path, FABRIKAM).report(), paper=True)
    made = as_pdf(page)
    assert made.startswith(b"%PDF-")
    assert made == as_pdf(page)


def test_a_page_that_asks_for_something_gets_nothing(tmp_path: Path) -> None:
    """Failing: making a PDF reads files of this machine, or asks other machines."""
    secret = tmp_path / "secret.css"
    secret.write_text("p{font-size:40pt}", encoding="utf-8")
    page = '<meta charset="utf-8">{}<p>x'
    asking = page.format(f'<link rel="stylesheet" href="{secret.as_uri()}"><style>@import "{secret.as_uri()}";</style>')
    assert as_pdf(asking) == as_pdf(page.format(""))


def test_without_weasyprint_the_operator_learns_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing: `--output report.pdf` ends in a traceback about a module that nobody has heard of."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(CannotRunError, match=r"pip install 'regulated-partners\[pdf\]'.*open the HTML in a browser"):
        as_pdf("<p>x")


def test_without_pango_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing: as above, of a library that pip does not install."""
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango')\n", encoding="utf-8")
    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(CannotRunError, match="apt install libpango"):
        as_pdf("<p>x")
