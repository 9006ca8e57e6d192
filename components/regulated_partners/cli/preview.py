"""The subcommand `preview`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from regulated_partners.cli.options import Json, WorkingDirectory
from regulated_partners.cli.review import FailOn, MaxChanged
from regulated_partners.exit_codes import ExitCode
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.progress import Progress
from regulated_partners.publish import comments, put
from regulated_partners.review.gates import FAIL_ON, Gates
from regulated_partners.review.several import run_all
from regulated_partners.review.stack_review import COMMENT, Previewed, preview_stack
from regulated_partners.review.summary import summary_json, summary_markdown, summary_table

#: One preview keeps a core busy: its CLI, program and provider.
_PARALLEL = 2

SUMMARY = "summary.md"


def preview(
    stack: Annotated[
        list[str], typer.Option("--stack", "-s", help="A stack; give the option once for each.", metavar="NAME")
    ],
    *,
    cwd: WorkingDirectory = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Where the files go, in a folder for each stack: plan.json, review.md, review.json. "
            "Default: .review in the project's directory.",
            file_okay=False,
            metavar="DIRECTORY",
        ),
    ] = None,
    fail_on: FailOn = None,
    max_changed: MaxChanged = None,
    policy_pack: Annotated[
        list[Path] | None,
        typer.Option("--policy-pack", exists=True, metavar="DIRECTORY", help="As `pulumi preview` takes it."),
    ] = None,
    publish: Annotated[
        bool,
        typer.Option("--publish", help="In a pipeline: keep one comment for each stack on the pull request current."),
    ] = False,
    parallel: Annotated[int, typer.Option("--parallel", "-p", min=1, help="Stacks at a time.")] = _PARALLEL,
    json: Json = False,
) -> None:
    """Preview stacks: say what each would do to mail, and save the plan that `make up PLAN=…` applies.

    Reads only. Exit codes: 0 each may be applied; 1 a gate says no; 2 usage, or one could not run.
    """
    names = list(dict.fromkeys(stack))
    gates = Gates(frozenset(FAIL_ON[each] for each in fail_on or ()), max_changed)
    with Progress() as progress:
        progress.step("Reading the stacks' settings")
        stacks = {name: read_stack_file(cwd, name) for name in names}
        folder = output or next(iter(stacks.values())).root / ".review"

    def one(name: str) -> Previewed:
        return preview_stack(stacks[name], os.environ, gates, _of(folder, name), policy_pack or ())

    previews = run_all(names, one, parallel)
    (folder / SUMMARY).write_text(summary_markdown(previews), encoding="utf-8")
    sys.stdout.write(summary_json(previews) if json else summary_table(previews))
    sys.stderr.write(f"The comments and plans are in {folder}.\n")
    if publish:
        _publish(folder, names)
    raise typer.Exit(_exit_code(previews))


def _publish(folder: Path, names: list[str]) -> None:
    board = comments(os.environ)
    for name in names:
        text = (_of(folder, name) / COMMENT).read_text(encoding="utf-8")
        sys.stderr.write(f"The comment about stack {name} was {put(board, text)}.\n")


def _of(folder: Path, stack: str) -> Path:
    return folder / stack.replace("/", "-")


def _exit_code(previews: tuple[Previewed, ...]) -> ExitCode:
    if any(each.review is None for each in previews):
        return ExitCode.COULD_NOT_RUN
    return ExitCode.FINDINGS if any(each.refused for each in previews) else ExitCode.FINE
