"""The subcommand `verify traffic`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from regulated_partners.cli.options import Json, StackName, WorkingDirectory
from regulated_partners.cli.verify_options import Evidence, FailingOn, JUnit, Prometheus
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.progress import SILENCE, Progress
from regulated_partners.run_record import now, whoever
from regulated_partners.text import printable
from regulated_partners.verify.declared import named_partners
from regulated_partners.verify.evidence import Run
from regulated_partners.verify.mail_folders import files_in
from regulated_partners.verify.outputs import FailOn, Outputs, exit_code, write_file
from regulated_partners.verify.traffic import (
    Traffic,
    judge_traffic,
    read_report,
    traffic_csv,
    traffic_json,
    traffic_prometheus,
    traffic_text,
)

_STDIN = "-"


def traffic(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Reports of Exchange Online (CSV), TLS reports (JSON, gzip, mail, mbox), a folder; - is stdin.",
        ),
    ],
    *,
    stack: StackName,
    cwd: WorkingDirectory = None,
    partner: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="NAME", help="Only this declared partner; repeatable. All unless given."),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also write the counts as CSV, by day.")
    ] = None,
    evidence: Evidence = None,
    prometheus: Prometheus = None,
    junit: JUnit = None,
    fail_on: FailingOn = FailOn.ERROR,
    json: Json = False,
) -> None:
    """How did a month's mail with each partner cross?

    Counts, for each declared partner and direction, messages by TLS version, without TLS, by connector and outside the
    pair, day by day: from message traces, connector reports and messages reports of Exchange Online as CSV, and from
    TLS reports (RFC 8460) that partners send about us.

    Exit codes: 0 all with TLS; 1 some without, or not shown; 2 usage, or could not run.
    """
    outputs, started = Outputs(json, tuple(evidence or ()), None, junit, fail_on), now()
    counted = Traffic(named_partners(read_stack_file(cwd, stack), partner or ()))
    with Progress(SILENCE) as progress:
        for name in files:
            if name != _STDIN:
                progress.step(f"Reading {printable(name)}")
            _read(name, counted)
    run = Run("verify traffic", judge_traffic(counted, named=bool(partner)), whoever(os.environ), started, stack)
    outputs.write_files(run)
    if csv:
        write_file(csv, traffic_csv(counted))
    if prometheus:
        write_file(prometheus, traffic_prometheus(run, counted))
    sys.stdout.write(traffic_json(run, counted) if json else traffic_text(run, counted))
    raise typer.Exit(exit_code(run, fail_on))


def _read(name: str, counted: Traffic) -> None:
    if name == _STDIN:
        read_report(sys.stdin.buffer, "standard input", counted)
        return
    found = False
    for path in _paths(name):
        found = True
        try:
            with path.open("rb") as file:
                read_report(file, str(path), counted)
        except OSError as error:
            raise CannotRunError(
                f"{path} cannot be read: {error.strerror}. Name files, or - for standard input."
            ) from None
    if not found:
        raise CannotRunError(f"{name} holds no files, so nothing was counted. Name the folder that holds the reports.")


def _paths(name: str) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        yield from files_in(path)
    else:
        yield path
