"""`regulated-partners review`."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from regulated_partners.cli.options import Json
from regulated_partners.engine.plan import Plan
from regulated_partners.engine.preview_json import read_preview
from regulated_partners.engine.saved_plan import is_saved_plan, read_saved_plan
from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode
from regulated_partners.review.gates import FAIL_ON, Gates, refusals
from regulated_partners.review.markdown import MAXIMUM, markdown
from regulated_partners.review.rendering import as_json, show
from regulated_partners.review.report import Review
from regulated_partners.review.review import review as review_of


def percentage(text: str) -> float:
    try:
        percent = float(text.removesuffix("%").strip())
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise typer.BadParameter(f"{text!r} is no share; write one from 0% to 100%, such as 30%.")
    return percent


def change_class(text: str) -> str:
    if text not in FAIL_ON:
        raise typer.BadParameter(f"{text!r} is no class that can be asked for; write {' or '.join(FAIL_ON)}.")
    return text


FailOn = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        parser=change_class,
        metavar="CLASS",
        help="weakens or outage-risk: exit 1 when a change does that and is not acknowledged.",
    ),
]
MaxChanged = Annotated[
    float | None,
    typer.Option(
        "--max-changed",
        parser=percentage,
        metavar="SHARE",
        help="Exit 1 when more of the existing partners of a stack change or go away, such as 30%.",
    ),
]


def review(
    *,
    plan: Annotated[
        str, typer.Argument(help="A file of `pulumi preview --json` or `--save-plan`; - is standard input.")
    ] = "-",
    state: Annotated[
        Path | None,
        typer.Option("--state", help="With a saved plan: the file of `pulumi stack export`.", metavar="FILE"),
    ] = None,
    fail_on: FailOn = None,
    max_changed: MaxChanged = None,
    to_json: Json = False,
    to_markdown: Annotated[
        bool, typer.Option("--markdown", help="Write Markdown to a terminal too; elsewhere it always is.")
    ] = False,
    maximum: Annotated[
        int, typer.Option("--max-length", min=1000, help="Characters that the Markdown may have.", metavar="COUNT")
    ] = MAXIMUM,
) -> None:
    """Say what a plan does to mail, for a pull request. Exit codes: 0 fine, 1 a gate says no, 2 could not run."""
    found = review_of(_read(plan, state), datetime.datetime.now(datetime.UTC).date())
    gates = Gates(frozenset(FAIL_ON[each] for each in fail_on or ()), max_changed)
    refused = refusals(found, gates)
    _write(found, refused, to_json=to_json, to_markdown=to_markdown, maximum=maximum)
    if refused:
        sys.stderr.write("".join(f"{sentence}\n" for sentence in refused))
        raise typer.Exit(ExitCode.FINDINGS)


def _write(found: Review, refused: tuple[str, ...], *, to_json: bool, to_markdown: bool, maximum: int) -> None:
    if to_json:
        sys.stdout.write(as_json(found, refused) + "\n")
    elif sys.stdout.isatty() and not to_markdown:
        show(Console(highlight=False), found, refused)
    else:
        sys.stdout.write(markdown(found, refused, maximum))


def _read(plan: str, state: Path | None) -> Plan:
    document = _json(plan)
    if is_saved_plan(document):
        return read_saved_plan(document, None if state is None else _json(str(state)))
    return read_preview(document)


def _json(source: str) -> object:
    named = "standard input" if source == "-" else source
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise CannotRunError(f"{named} cannot be read: {error.strerror or type(error).__name__}.") from None
    except UnicodeDecodeError:
        raise CannotRunError(f"{named} is not UTF-8 text, so it is no plan.") from None
    if not text.strip():
        raise CannotRunError(f"{named} is empty: did `pulumi preview --json` fail? Look at its error output.")
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        raise CannotRunError(
            f"{named} is not JSON: give what `pulumi preview --json` writes, without its error output."
        ) from None
    return document
