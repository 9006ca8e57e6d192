"""The subcommand `review`."""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from regulated_partners.cli.options import Json, WorkingDirectory
from regulated_partners.engine.plan import Plan
from regulated_partners.engine.previews import is_saved_plan, read_preview, read_saved_plan
from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode
from regulated_partners.partners.stack_file import StackFile, read_stack_file
from regulated_partners.progress import Progress
from regulated_partners.publish import comments, put
from regulated_partners.review import FAIL_ON, MAXIMUM, Gates, Review, as_json, comment, few, refusals, review_of, show
from regulated_partners.review.stacks import (
    COMMENT,
    Previewed,
    preview_stack,
    run_all,
    summary_json,
    summary_markdown,
    summary_table,
)
from regulated_partners.text import printable

#: One preview keeps a core busy: its CLI, program and provider.
_PARALLEL = 2

SUMMARY = "summary.md"

#: Parameters of `review` that go with --stack only, and with a file only.
_OF_STACKS = {"cwd": "--cwd", "output": "--output", "policy_pack": "--policy-pack", "publish": "--publish"}
_OF_A_FILE = {"plan": "a file", "state": "--state", "to_markdown": "--markdown"}


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
    ctx: typer.Context,
    *,
    plan: Annotated[
        str,
        typer.Argument(help="A file of `pulumi preview --json` or `--save-plan`; - is standard input.", metavar="PLAN"),
    ] = "-",
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", "-s", help="Preview this stack; give the option once for each.", metavar="NAME"),
    ] = None,
    cwd: WorkingDirectory = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="With a saved plan: the file of `pulumi stack export`.", metavar="FILE"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="With --stack: where the files go, in a folder for each: plan.json, review.md, review.json. "
            "Default: .review in the project's directory.",
            file_okay=False,
            metavar="DIRECTORY",
        ),
    ] = None,
    fail_on: FailOn = None,
    max_changed: MaxChanged = None,
    policy_pack: Annotated[
        list[Path] | None,
        typer.Option(
            "--policy-pack", exists=True, metavar="DIRECTORY", help="With --stack: as `pulumi preview` takes it."
        ),
    ] = None,
    publish: Annotated[
        bool,
        typer.Option(
            "--publish",
            help="With --stack, in a pipeline: keep one comment for each stack on the pull request current.",
        ),
    ] = False,
    parallel: Annotated[
        int, typer.Option("--parallel", "-p", min=1, help="With --stack: how many at a time.")
    ] = _PARALLEL,
    to_json: Json = False,
    to_markdown: Annotated[
        bool, typer.Option("--markdown", help="Write Markdown to a terminal too; elsewhere it always is.")
    ] = False,
    maximum: Annotated[
        int, typer.Option("--max-length", min=1000, help="Characters that the Markdown may have.", metavar="COUNT")
    ] = MAXIMUM,
) -> None:
    """Say what a plan does to mail, for a pull request.

    With --stack it previews the stacks, reads only, and saves for each the plan that `up --plan` applies. Without, it
    reads one plan that the Pulumi CLI has written.

    Exit codes: 0 fine; 1 a gate says no; 2 usage, or one could not run.
    """
    _refuse_other(ctx, _OF_A_FILE if stack else _OF_STACKS, "without --stack" if stack else "with --stack")
    gates = Gates(frozenset(FAIL_ON[name] for name in fail_on or ()), max_changed)
    if stack:
        with Progress() as progress:
            progress.step("Reading the stacks' settings")
            stacks = {name: read_stack_file(cwd, name) for name in dict.fromkeys(stack)}
        folder = output or next(iter(stacks.values())).root / ".review"
        previews = _previews(stacks, folder, gates, policy_pack or (), parallel)
        sys.stdout.write(summary_json(previews) if to_json else summary_table(previews))
        for previewed in previews:
            for line in (*previewed.holds, *previewed.ways.lines()):
                sys.stderr.write(f"{printable(previewed.stack)}: {line}\n")
        sys.stderr.write(f"The comments and plans are in {folder}.\n")
        if publish:
            _publish(folder, previews)
        raise typer.Exit(_exit_code(previews))
    found = review_of(_read(plan, state), datetime.datetime.now(datetime.UTC).date())
    refused = refusals(found, gates)
    _write(found, refused, to_json=to_json, to_markdown=to_markdown, maximum=maximum)
    if refused:
        sys.stderr.write("".join(f"{sentence}\n" for sentence in few(refused)))
        raise typer.Exit(ExitCode.FINDINGS)


def _refuse_other(ctx: typer.Context, names: dict[str, str], only: str) -> None:
    sources = {name: ctx.get_parameter_source(name) for name in names}
    given = [names[name] for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    if given:
        raise typer.BadParameter(f"{' and '.join(given)} {'goes' if len(given) == 1 else 'go'} only {only}")


def _previews(
    stacks: Mapping[str, StackFile], folder: Path, gates: Gates, packs: Sequence[Path], parallel: int
) -> tuple[Previewed, ...]:
    def one(name: str) -> Previewed:
        return preview_stack(stacks[name], os.environ, gates, _of(folder, name), packs)

    previews = run_all(tuple(stacks), one, parallel)
    (folder / SUMMARY).write_text(summary_markdown(previews), encoding="utf-8")
    return previews


def _publish(folder: Path, previews: tuple[Previewed, ...]) -> None:
    board = comments(os.environ)
    for previewed in previews:
        text = (_of(folder, previewed.stack) / COMMENT).read_text(encoding="utf-8")
        sys.stderr.write(f"The comment about stack {previewed.stack} was {put(board, text)}.\n")


def _of(folder: Path, stack: str) -> Path:
    return folder / stack.replace("/", "-")


def _exit_code(previews: tuple[Previewed, ...]) -> ExitCode:
    if any(previewed.review is None for previewed in previews):
        return ExitCode.COULD_NOT_RUN
    return ExitCode.FINDINGS if any(previewed.refused for previewed in previews) else ExitCode.FINE


def _write(found: Review, refused: tuple[str, ...], *, to_json: bool, to_markdown: bool, maximum: int) -> None:
    if to_json:
        sys.stdout.write(as_json(found, refused) + "\n")
    elif sys.stdout.isatty() and not to_markdown:
        show(Console(highlight=False), found, refused)
    else:
        sys.stdout.write(comment(found, refused, maximum))


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
