"""The subcommand `drift`."""

from __future__ import annotations

import datetime
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from regulated_partners.cli.options import FurtherArguments, Json, StackName, WorkingDirectory
from regulated_partners.cli.up import look_and_operate
from regulated_partners.engine.previews import count_differences, read_refresh, read_warnings
from regulated_partners.engine.pulumi_cli import EXIT_CHANGES_FOUND, Operation, PulumiCli
from regulated_partners.exit_codes import ExitCode
from regulated_partners.other_ways import Look, looked_at
from regulated_partners.partners.stack_file import StackFile, read_stack_file
from regulated_partners.progress import Progress
from regulated_partners.publish import find, issues, put
from regulated_partners.review import Drift, issue, issue_title, review_of
from regulated_partners.run_record import heading, now, whoever
from regulated_partners.table import Column, table
from regulated_partners.text import printable

_COLUMNS = (Column("partner"), Column("connector"), Column("property"), Column("declared", True), Column("found", True))


def drift(
    further: FurtherArguments = None,
    *,
    stack: StackName,
    cwd: WorkingDirectory = None,
    to_markdown: Annotated[
        Path | None,
        typer.Option("--markdown", help="Write the body of an issue to this file.", metavar="FILE", dir_okay=False),
    ] = None,
    publish: Annotated[
        bool,
        typer.Option("--publish", help="In a pipeline: keep one issue about it current, and close it when it is gone."),
    ] = False,
    to_json: Json = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show it as the Pulumi CLI does, which takes what follows --.")
    ] = False,
) -> None:
    """Show what somebody changed in the tenant outside of the stack, and other ways of its partners' mail. Reads only.

    Exit codes: 0 nothing; 1 drift; 2 usage, or could not look.
    """
    if diff and (to_json or to_markdown or publish):
        raise typer.BadParameter("--diff shows what the Pulumi CLI shows, and goes with no other way of showing")
    if further and not diff:
        raise typer.BadParameter("what follows -- goes to the Pulumi CLI, and so with --diff only")
    if diff:
        raise typer.Exit(_show_diff(stack, cwd, further or ()))
    with Progress() as progress:
        settings, started = read_stack_file(cwd, stack), now()
        progress.step(f"Comparing the tenant with what the stack {settings.name} deployed")
        drifts, others, ways = _look(settings)
    body = issue(settings.name, drifts) + ways.markdown()
    if to_markdown is not None:
        to_markdown.write_text(body, encoding="utf-8")
    if to_json:
        document = {
            **heading("drift", settings.name, whoever(os.environ), started),
            "drift": [_object(drift) for drift in drifts],
            **ways.as_object(),
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    elif drifts:
        sys.stdout.write(table(_COLUMNS, [row for drift in drifts for row in _rows(drift)]))
    for line in ways.lines():
        sys.stderr.write(f"{line}\n")
    sys.stderr.write(_conclusion(settings.name, drifts, others, ways))
    found = bool(drifts or ways.alarms)
    if publish:
        _publish(settings.name, body, there=found)
    raise typer.Exit(ExitCode.FINDINGS if found or others else ExitCode.FINE)


def _show_diff(stack: str, cwd: Path | None, further: Sequence[str]) -> ExitCode:
    exit_code, ways = look_and_operate(Operation.DRIFT, stack, cwd, further)
    if exit_code == EXIT_CHANGES_FOUND:
        sys.stderr.write(
            f"Drift: the service differs from stack {stack} as shown above. `regulated-partners up --stack {stack}` "
            "puts it back; to keep it, change the declaration.\n"
        )
        return ExitCode.FINDINGS
    if exit_code != 0:
        return ExitCode.COULD_NOT_RUN
    return ExitCode.FINDINGS if ways.alarms else ExitCode.FINE


def _look(stack: StackFile) -> tuple[tuple[Drift, ...], int, Look]:
    """What differs, how many resources differ although none of their connector's settings does, and other ways."""
    pulumi = PulumiCli(stack, os.environ)
    pulumi.start_emulator(quiet=True)
    pulumi.select(Operation.DRIFT)
    with looked_at(stack, pulumi, os.environ) as (ways, variables):
        document = pulumi.with_variables(variables).read_json(Operation.DRIFT, [], fine=(0, EXIT_CHANGES_FOUND))
    for warning in read_warnings(document):
        sys.stderr.write(f"{warning}\n")
    today = datetime.datetime.now(datetime.UTC).date()
    drifts = review_of(read_refresh(document, stack.name, stack.root), today).drifts
    return drifts, max(0, count_differences(document) - len(drifts)), ways


def _publish(stack: str, body: str, *, there: bool) -> None:
    board = issues(os.environ, issue_title(stack))
    if there:
        sys.stderr.write(f"The issue about drift of stack {stack} was {put(board, body)}.\n")
        return
    found = find(board, body)
    if found is not None:
        board.close(found)
        sys.stderr.write(f"The issue about drift of stack {stack} was closed.\n")


def _rows(drift: Drift) -> Sequence[tuple[str, ...]]:
    owner, name = printable(drift.owner), printable(drift.name)
    if not drift.found:
        return [(owner, name, "(the connector)", "there", "gone")]
    return [(owner, name, one.parameter, printable(one.before), printable(one.after)) for one in drift.settings]


def _object(drift: Drift) -> Mapping[str, Any]:
    return {
        "partner": drift.owner,
        "connector": drift.name,
        "direction": drift.direction.word,
        "gone": not drift.found,
        "properties": [setting.as_object("declared", "found") for setting in drift.settings],
        "effects": [{"class": effect.kind.value, "reason": effect.reason} for effect in drift.effects],
    }


def _conclusion(stack: str, drifts: Sequence[Drift], others: int, ways: Look) -> str:
    if drifts:
        return (
            f"Drift: the tenant differs from stack {stack} as shown. `regulated-partners up --stack {stack}` puts back "
            "what is declared; to keep a change, declare it.\n"
        )
    if others:
        return (
            f"Drift: Pulumi finds {others} resource{'' if others == 1 else 's'} of stack {stack} different, though no "
            f"setting of a connector is. Look with `regulated-partners drift --diff --stack {stack}`.\n"
        )
    if ways.alarms:
        return (
            f"Drift: the tenant has what stack {stack} deployed, and other ways for its partners' mail, as shown. "
            "Remove them, or name those that are meant in regulated-partners:knownWays.\n"
        )
    return f"No drift: the tenant has what stack {stack} deployed.\n"
