"""Options that several `verify` subcommands have, and those of the outputs, which all of them have."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from exchange_online.connectors import Direction
from regulated_partners.cli.options import Json
from regulated_partners.probing.names import MatchMode
from regulated_partners.probing.verdicts import Judgement
from regulated_partners.run_record import now, whoever
from regulated_partners.verify.evidence import Run
from regulated_partners.verify.outputs import FailOn, Outputs


class DirectionName(StrEnum):
    """A direction as the command line spells it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"

    @property
    def direction(self) -> Direction:
        return Direction[self.name]


Evidence = Annotated[
    list[Path] | None,
    typer.Option(
        "--evidence",
        metavar="FILE",
        help="Also write the record of this run: JSON (.json) or Markdown (.md). Repeatable.",
    ),
]
Prometheus = Annotated[
    Path | None,
    typer.Option("--prometheus", metavar="FILE", help="Also write metrics for Prometheus' textfile collector."),
]
JUnit = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE", help="Also write JUnit XML, for a pipeline's test results."),
]
FailingOn = Annotated[FailOn, typer.Option("--fail-on", help="The least that ends the command with 1.")]


BaselineFile = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="FILE", help="What was seen before; changes since are reported, news entered."),
]
UpdateBaseline = Annotated[bool, typer.Option("--update-baseline", help="With --baseline: accept what has changed.")]
RootsFile = Annotated[
    Path | None, typer.Option("--roots", metavar="FILE", help="Trusted root certificates, PEM, instead of certifi's.")
]
Match = Annotated[
    MatchMode, typer.Option("--match", help="Which names count; sources differ on what Exchange Online compares.")
]


def judging(command: Callable[..., tuple[Judgement, ...]]) -> Callable[..., None]:
    """A subcommand with the options of its outputs: its run goes where they say, and gives the exit code.

    Args:
        command: judges; its outputs are checked before it looks at anything. Its first parameter is when it began,
            in UTC, and no option.
    """
    (_, *own), shared = (
        inspect.signature(function, eval_str=True).parameters.values() for function in (command, _outputs)
    )

    @functools.wraps(command)
    def subcommand(**given: Any) -> None:
        outputs, started = _outputs(**{option.name: given.pop(option.name) for option in shared}), now()
        judged = command(started, **given)
        run = Run(f"verify {command.__name__}", judged, whoever(os.environ), started, given["stack"])
        raise typer.Exit(outputs.deliver(run))

    parameters = [*own, *shared]
    setattr(subcommand, "__signature__", inspect.Signature(parameters))  # noqa: B010 - what typer reads
    subcommand.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return subcommand


def _outputs(
    *,
    evidence: Evidence = None,
    prometheus: Prometheus = None,
    junit: JUnit = None,
    fail_on: FailingOn = FailOn.ERROR,
    json: Json = False,
) -> Outputs:
    return Outputs(json, tuple(evidence or ()), prometheus, junit, fail_on)
