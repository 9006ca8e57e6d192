"""The report as one HTML file: nothing is fetched, nothing runs, and nothing that somebody else wrote is markup."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from exchange_online.connectors import listed
from regulated_partners.evidence import picture
from regulated_partners.evidence.report import PartnerReport, Report, Standing, worst_of
from regulated_partners.text import printable

_TEMPLATES = Path(__file__).parent / "templates"
#: Classes of the style sheet.
_CODES = {
    Standing.PROVEN: "pv",
    Standing.ATTENTION: "at",
    Standing.NOT_PROVEN: "np",
    Standing.CONTRADICTED: "ct",
}
#: Rows of one table, and how many there may be of all partners together: of hundreds each shows fewer.
_MOST, _ALL, _FEWEST = 40, 4_000, 6


def as_html(report: Report) -> str:
    """The page. The same report gives the same one."""
    made = f"{report.started:%Y-%m-%d %H:%M} UTC"
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8").replace("MADE", made).strip()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = _environment().get_template("report.html.jinja")
    page = template.render(
        r=report,
        made=made,
        today=report.started.date(),
        scope=_scope(report),
        # Both are this package's own.
        style=Markup(style),  # noqa: S704
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        standings=tuple(Standing),
        codes={**_CODES, **{standing.value: code for standing, code in _CODES.items()}},
        signs={**picture.SIGNS, **{standing.value: sign for standing, sign in picture.SIGNS.items()}},
        worst=_worst,
        flow=picture.flow,
        planned=picture.planned,
        most=max(_FEWEST, min(_MOST, _ALL // max(1, len(report.partners)))),
        unread=sum(bool(one.problem) and one.meant for one in report.inputs),
    )
    return f"{page}\n"


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: object) -> object:
    """A text that nobody can hide something in: control and invisible characters are written out."""
    if isinstance(value, Markup) or not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value
    return printable(value)


def _worst(partner: PartnerReport, direction: str) -> Standing:
    return worst_of(claim.standing for claim in partner.of(direction))


def _scope(report: Report) -> str:
    stacks = listed([stack.name for stack in report.stacks], "and")
    count = len(report.partners)
    return (
        f"{count} {'partner' if count == 1 else 'partners'} of the {'stack' if len(report.stacks) == 1 else 'stacks'} "
        f"{stacks}"
    )
