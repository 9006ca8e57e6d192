"""Where the result of a `verify` command goes: the terminal, JUnit XML, Prometheus metrics; and its exit code."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from xml.sax.saxutils import escape, quoteattr

import typer

from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode
from regulated_partners.probing.verdicts import Finding, Judgement, Level, Verdict
from regulated_partners.text import printable
from regulated_partners.verify.evidence import Run, as_json, as_markdown

#: Columns of a sentence, and characters of a value that are shown.
_WIDTH, _LONGEST_VALUE = 110, 300
#: Facts for the evidence, too long for a terminal.
_EVIDENCE_ONLY = ("SHA-256", "public key SHA-256")
#: The same where a server is judged: many of them are shown, and what matters of these is a finding anyway.
_OF_SERVERS = ("valid from", "key", "signature", "extended key usage", "CRL", "OCSP", "revocation hosts")
#: Characters that XML 1.0 cannot hold at all. Source: XML 1.0, Char.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PREFIX = "regulated_partners_verify"


def as_text(run: Run) -> str:
    """Every judgement, then one line that says what it comes to."""
    blocks = ["\n".join(_shown(each)) for each in run.judgements]
    return "\n\n".join([*blocks, _summary(run)]) + "\n"


def _shown(judgement: Judgement) -> Iterable[str]:
    words = [judgement.subject, judgement.direction.word if judgement.direction else "", judgement.partner or ""]
    yield printable(f"{judgement.verdict.value.upper()}  {'  '.join(word for word in words if word)}")
    if judgement.demand:
        yield from _wrapped("  demanded: ", judgement.demand)
    hidden = (*_EVIDENCE_ONLY, *(_OF_SERVERS if judgement.kind == "server" else ()))
    shown = [fact for fact in judgement.facts if fact.name not in hidden]
    width = max((len(fact.name) for fact in shown), default=0)
    for fact in shown:
        name = printable(fact.name)
        yield f"  {name:<{min(width, 32)}}  {_short(fact.value)}"
    for finding in judgement.findings:
        yield from _finding(finding)


def _finding(finding: Finding) -> Iterable[str]:
    sign = {Level.ERROR: "error", Level.WARNING: "warning", Level.INFO: "note"}[finding.level]
    who = f" Who must act: {finding.who.value}." if finding.who else ""
    yield from _wrapped(f"  {sign}: ", finding.text + who)
    if finding.answer:
        yield from _wrapped("    Exchange Online answers: ", finding.answer)


def _wrapped(head: str, text: str) -> Iterable[str]:
    return textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=head,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _short(value: str) -> str:
    shown = printable(value)
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[:_LONGEST_VALUE]} ..."


def _summary(run: Run) -> str:
    counts = {verdict: sum(each.verdict is verdict for each in run.judgements) for verdict in Verdict}
    parts = [f"{count} {verdict.value}" for verdict, count in counts.items() if count]
    return f"{run.command}: {', '.join(parts) or 'nothing was judged'}"


def as_junit(run: Run) -> str:
    """One test case for each judgement; a failed one is a failure, one that could not be judged an error."""
    cases = [_case(each, run.command) for each in run.judgements]
    failures = sum(each.verdict is Verdict.FAILED for each in run.judgements)
    errors = sum(each.verdict in (Verdict.UNKNOWN, Verdict.NOT_REACHABLE) for each in run.judgements)
    head = (
        f'<testsuite name={_attribute(run.command)} tests="{len(cases)}" failures="{failures}" errors="{errors}" '
        f'timestamp="{run.started:%Y-%m-%dT%H:%M:%S}">'
    )
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>"]) + "\n"


def _case(judgement: Judgement, command: str) -> str:
    where = [judgement.partner, judgement.direction.word if judgement.direction else None]
    classname = ".".join([command.replace(" ", "."), *(part for part in where if part)])
    opening = f"  <testcase classname={_attribute(classname)} name={_attribute(judgement.subject)}"
    if judgement.verdict in (Verdict.PASSED, Verdict.WARNING):
        return f"{opening}>{_output(judgement)}</testcase>"
    element = "failure" if judgement.verdict is Verdict.FAILED else "error"
    errors = [each for each in judgement.findings if each.level is Level.ERROR] or list(judgement.findings)
    message = errors[0].text if errors else judgement.verdict.value
    problem = f"<{element} type={_attribute(judgement.verdict.value)} message={_attribute(message)}/>"
    return f"{opening}>{problem}{_output(judgement)}</testcase>"


def _output(judgement: Judgement) -> str:
    lines = [f"{each.level.value}: {each.text}" for each in judgement.findings]
    lines += [f"{fact.name}: {fact.value}" for fact in judgement.facts]
    return f"<system-out>{escape(_legal(chr(10).join(lines)))}</system-out>"


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def as_prometheus(run: Run) -> str:
    """One sample for each judgement and metric."""
    lines = [
        *_metric("verdict", "1 for the verdict that a judgement came to.", _verdicts(run)),
        *_metric("findings", "Findings of a judgement by level.", _finding_counts(run)),
        *_metric(
            "certificate_not_after_timestamp_seconds", "When the certificate expires, Unix seconds.", _not_after(run)
        ),
        *_metric(
            "run_timestamp_seconds",
            "When the run began, Unix seconds.",
            [({"command": run.command}, run.started.timestamp())],
        ),
    ]
    return "\n".join(lines) + "\n"


_Sample = tuple[Mapping[str, str], float]


def _metric(name: str, help_text: str, samples: Iterable[_Sample]) -> Iterable[str]:
    yield f"# HELP {_PREFIX}_{name} {help_text}"
    yield f"# TYPE {_PREFIX}_{name} gauge"
    # Two judgements with the same labels would make the file invalid; the last one counts.
    for labels, value in {tuple(labels.items()): value for labels, value in samples}.items():
        shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
        yield f"{_PREFIX}_{name}{{{shown}}} {value:.0f}"


def _verdicts(run: Run) -> Iterable[_Sample]:
    for each in run.judgements:
        for verdict in Verdict:
            yield {**_labels(each), "verdict": verdict.value}, float(each.verdict is verdict)


def _finding_counts(run: Run) -> Iterable[_Sample]:
    for each in run.judgements:
        for level in Level:
            count = sum(finding.level is level for finding in each.findings)
            yield {**_labels(each), "level": level.value}, float(count)


def _not_after(run: Run) -> Iterable[_Sample]:
    return ((_labels(each), each.not_after.timestamp()) for each in run.judgements if each.not_after)


def _labels(judgement: Judgement) -> dict[str, str]:
    return {
        "partner": judgement.partner or "",
        "direction": judgement.direction.word if judgement.direction else "",
        "kind": judgement.kind,
        "subject": judgement.subject,
    }


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "")


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
