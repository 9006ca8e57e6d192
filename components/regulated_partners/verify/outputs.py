"""Where the result of a `verify` command goes, and the exit code that it comes to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode
from regulated_partners.probing.verdicts import Verdict
from regulated_partners.verify.evidence import Run, as_json, as_markdown
from regulated_partners.verify.junit import as_junit
from regulated_partners.verify.prometheus import as_prometheus
from regulated_partners.verify.rendering import as_text


class FailOn(StrEnum):
    """The least that ends the command with 1."""

    ERROR = "error"
    WARNING = "warning"


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
Junit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML, for a pipeline's test results.")
]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="The least that ends the command with 1.")]


@dataclass(frozen=True)
class Outputs:
    """What was asked for.

    Attributes:
        json: JSON to stdout instead of text.
        evidence: files, by their extension JSON or Markdown.
        prometheus, junit: files.
        fail_on: see `exit_code`.
    """

    json: bool = False
    evidence: tuple[Path, ...] = ()
    prometheus: Path | None = None
    junit: Path | None = None
    fail_on: FailOn = FailOn.ERROR

    def __post_init__(self) -> None:
        """Raises typer.BadParameter before anything is looked at, rather than after."""
        for path in self.evidence:
            if path.suffix.lower() not in _EVIDENCE:
                raise typer.BadParameter(f"{path} ends in neither .json nor .md, so its form is not known")

    def deliver(self, run: Run) -> ExitCode:
        """Writes everything. Raises CannotRunError where a file cannot be written."""
        for path in self.evidence:
            _write(path, _EVIDENCE[path.suffix.lower()](run))
        if self.prometheus:
            _write(self.prometheus, as_prometheus(run))
        if self.junit:
            _write(self.junit, as_junit(run))
        sys.stdout.write(as_json(run) if self.json else as_text(run))
        return exit_code(run, self.fail_on)


_EVIDENCE: dict[str, Callable[[Run], str]] = {".json": as_json, ".md": as_markdown}


def exit_code(run: Run, fail_on: FailOn = FailOn.ERROR) -> ExitCode:
    """1 where forced TLS fails or is not proven, 2 where nothing could be reached, else 0.

    Args:
        run: what was judged.
        fail_on: whether a warning counts too.
    """
    verdicts = {each.verdict for each in run.judgements}
    failing = {Verdict.FAILED, Verdict.UNKNOWN} | ({Verdict.WARNING} if fail_on is FailOn.WARNING else set())
    if verdicts & failing or not verdicts:
        return ExitCode.FINDINGS
    return ExitCode.COULD_NOT_RUN if Verdict.NOT_REACHABLE in verdicts else ExitCode.FINE


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise CannotRunError(
            f"{path} cannot be written: {error.strerror}. Name a file in a directory that exists."
        ) from None
