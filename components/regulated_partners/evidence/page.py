"""The report as one HTML file: nothing is fetched, nothing runs, and nothing that somebody else wrote is markup."""

from __future__ import annotations

import base64
import hashlib
import shlex
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from exchange_online.connectors import listed
from regulated_partners.evidence import picture
from regulated_partners.evidence.report import ClaimId, PartnerReport, Report, Standing
from regulated_partners.text import printable

_TEMPLATES = Path(__file__).parent / "templates"
#: The light colours of the style sheet, for drawings on paper, with `pl` for what has no standing.
_COLOURS = {"pv": "#0a6b35", "at": "#8a4b00", "np": "#4a5563", "ct": "#b3121d", "pl": "#1a1d21"}
#: Bytes of a page: it goes by mail, and opens on a telephone.
_LARGEST = 1_950_000
#: Of so many partners no more than in short fits.
_MANY = 400


class _Level(NamedTuple):
    """How much of each partner is shown.

    Attributes:
        brief: in short.
        most: rows of one list.
        all_drawn: whether partners of whom everything is proven have a picture.
    """

    brief: bool
    most: int
    all_drawn: bool = True


#: From all to little; the first that fits counts.
_LEVELS = (_Level(False, 40), _Level(False, 8), _Level(True, 8), _Level(True, 2), _Level(True, 1, False))


def as_html(report: Report, *, paper: bool = False) -> str:
    """The page, as detailed as fits. The same report gives the same one.

    Args:
        paper: whether it is to become a PDF.
    """
    page = ""
    for level in _LEVELS if len(report.partners) < _MANY else _LEVELS[2:]:
        page = _rendered(report, level, paper=paper)
        if len(page.encode("utf-8")) <= _LARGEST:
            break
    return page


def as_svg(partner: PartnerReport) -> str:
    """The picture of a partner's mail flow as a file of its own, which is readable in the light and in the dark."""
    drawing = _environment(paper=False, brief=False).get_template("flow.svg.jinja").make_module()
    style = Markup(_style("flow"))  # noqa: S704 - the package's own
    made: str = drawing.draw(picture.flow(partner), style)  # type: ignore[attr-defined]
    return f"{made}\n"


def _rendered(report: Report, level: _Level, *, paper: bool) -> str:
    made = f"{report.started:%Y-%m-%d %H:%M} UTC"
    style = _style("flow", "page", "report").replace("MADE", made)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = _environment(paper=paper, brief=level.brief).get_template("report.html.jinja")
    page = template.render(
        r=report,
        made=made,
        today=report.started.date(),
        scope=_scope(report),
        # Both are this package's own.
        style=Markup(style),  # noqa: S704
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        standings=tuple(Standing),
        flow=picture.flow,
        planned=picture.planned,
        most=level.most,
        all_drawn=level.all_drawn,
        commands=_commands(report) if level.brief else (),
        unread=sum(bool(one.problem) and one.meant for one in report.inputs),
    )
    return f"{page}\n"


def _style(*names: str) -> str:
    return "\n".join((_TEMPLATES / f"{name}.css").read_text(encoding="utf-8").strip() for name in names)


@cache
def _environment(*, paper: bool, brief: bool) -> Environment:
    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # A member of StrEnum is equal to its text, and has its hash.
    for name, value in {"codes": picture.CODES, "signs": picture.SIGNS, "colours": _COLOURS}.items():
        found.globals[name] = value
    found.globals |= {"paper": paper, "brief": brief}
    return found


def _shown(value: object) -> object:
    """A text that nobody can hide something in: control and invisible characters are written out."""
    if isinstance(value, Markup) or not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value
    return printable(value)


def _commands(report: Report) -> tuple[tuple[ClaimId, str], ...]:
    """What proves each claim that is not proven, once for all partners."""
    found: dict[ClaimId, str] = {}
    for partner in report.partners:
        for claim in partner.claims:
            if claim.prove:
                found.setdefault(claim.id, claim.prove.replace(shlex.quote(partner.name), "NAME"))
    return tuple(found.items())


def _scope(report: Report) -> str:
    stacks = listed([stack.name for stack in report.stacks], "and")
    count = len(report.partners)
    return (
        f"{count} {'partner' if count == 1 else 'partners'} of the {'stack' if len(report.stacks) == 1 else 'stacks'} "
        f"{stacks}"
    )
