"""Where the result of a `verify` command goes: the terminal, JUnit XML, Prometheus metrics; and its exit code."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree

import typer

from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode
from regulated_partners.probing.verdicts import Finding, Judgement, Level, Verdict
from regulated_partners.text import printable
from regulated_partners.verify.evidence import Run, as_json, as_markdown, json_pieces
from regulated_partners.verify.mail_folders import MOST_SHOWN, is_many, summary, worth_showing

#: Columns of a sentence, and characters of a value that are shown.
_WIDTH, _LONGEST_VALUE = 110, 300
#: Facts for the evidence, too long for a terminal.
_EVIDENCE_ONLY = ("SHA-256", "public key SHA-256")
#: The same where a server is judged: many of them are shown, and what matters of these is a finding anyway.
_OF_SERVERS = ("valid from", "key", "signature", "extended key usage", "CRL", "OCSP", "revocation hosts")
#: Characters that XML 1.0 cannot hold at all. Source: XML 1.0, Char.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Verdicts that are no result of a test.
_NOT_JUDGED = (Verdict.UNKNOWN, Verdict.NOT_REACHABLE)


def as_text(run: Run) -> str:
    """Every judgement, or of many messages a table and the worst, then one line that says what it comes to."""
    if is_many(run.judgements):
        worst = worth_showing(run.judgements)
        blocks = ["\n".join(summary(run.judgements))]
        blocks += ["\n".join(_shown(judgement)) for judgement in worst[:MOST_SHOWN]]
        if len(worst) > MOST_SHOWN:
            blocks.append(f"{len(worst) - MOST_SHOWN} more that did not pass are in --json and --evidence.")
    else:
        blocks = ["\n".join(_shown(judgement)) for judgement in run.judgements]
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
    counts = {verdict: sum(judgement.verdict is verdict for judgement in run.judgements) for verdict in Verdict}
    parts = [f"{count} {verdict.value}" for verdict, count in counts.items() if count]
    return f"{run.command}: {', '.join(parts) or 'nothing was judged'}"


def as_junit(run: Run) -> str:
    """One test case for each judgement; a failed one is a failure, one that could not be judged an error."""
    failures = sum(judgement.verdict is Verdict.FAILED for judgement in run.judgements)
    errors = sum(judgement.verdict in _NOT_JUDGED for judgement in run.judgements)
    suite = ElementTree.Element(
        "testsuite",
        name=run.command,
        tests=str(len(run.judgements)),
        failures=str(failures),
        errors=str(errors),
        timestamp=f"{run.started:%Y-%m-%dT%H:%M:%S}",
    )
    for judgement in run.judgements:
        _add_case(suite, judgement)
    ElementTree.indent(suite)
    written: bytes = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    return written.decode("utf-8") + "\n"


def _add_case(suite: ElementTree.Element, judgement: Judgement) -> None:
    where = [judgement.partner, judgement.direction.word if judgement.direction else None]
    classname = ".".join([suite.attrib["name"].replace(" ", "."), *(part for part in where if part)])
    case = ElementTree.SubElement(suite, "testcase", classname=_legal(classname), name=_legal(judgement.subject))
    if judgement.verdict is Verdict.FAILED or judgement.verdict in _NOT_JUDGED:
        element = "failure" if judgement.verdict is Verdict.FAILED else "error"
        errors = [finding for finding in judgement.findings if finding.level is Level.ERROR]
        said = [finding.text for finding in errors or judgement.findings]
        message = _legal(said[0] if said else judgement.verdict.value)
        ElementTree.SubElement(case, element, type=judgement.verdict.value, message=message)
    lines = [f"{finding.level.value}: {finding.text}" for finding in judgement.findings]
    lines += [f"{fact.name}: {fact.value}" for fact in judgement.facts]
    ElementTree.SubElement(case, "system-out").text = _legal("\n".join(lines))


def _legal(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def as_prometheus(run: Run) -> str:
    """Metrics for the textfile collector of node_exporter. Of judgements with the same labels the last one counts."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()

    def gauge(name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"regulated_partners_verify_{name}", meaning, labels, registry=registry)

    judged = ("partner", "direction", "kind", "subject")
    verdicts = gauge("verdict", "1 for the verdict that a judgement came to.", *judged, "verdict")
    findings = gauge("findings", "Findings of a judgement by level.", *judged, "level")
    ends = gauge("certificate_not_after_timestamp_seconds", "When the certificate expires, Unix seconds.", *judged)
    began = gauge("run_timestamp_seconds", "When the run began, Unix seconds.", "command")
    for judgement in run.judgements:
        direction = judgement.direction.word if judgement.direction else ""
        words = (judgement.partner or "", direction, judgement.kind, judgement.subject)
        # A file's name may hold bytes that are no text.
        labels = [word.encode("utf-8", "backslashreplace").decode("utf-8") for word in words]
        for verdict in Verdict:
            verdicts.labels(*labels, verdict.value).set(judgement.verdict is verdict)
        for level in Level:
            findings.labels(*labels, level.value).set(sum(finding.level is level for finding in judgement.findings))
        if judgement.not_after:
            ends.labels(*labels).set(judgement.not_after.timestamp())
    began.labels(run.command).set(run.started.timestamp())
    return generate_latest(registry).decode("utf-8")


class FailOn(StrEnum):
    """The least that ends the command with 1."""

    ERROR = "error"
    WARNING = "warning"


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
        self.write_files(run)
        for piece in json_pieces(run) if self.json else (as_text(run),):
            sys.stdout.write(piece)
        return exit_code(run, self.fail_on)

    def write_files(self, run: Run) -> None:
        """Writes what goes to files. Raises CannotRunError where one cannot be written."""
        for path in self.evidence:
            write_file(path, _EVIDENCE[path.suffix.lower()](run))
        if self.prometheus:
            write_file(self.prometheus, as_prometheus(run))
        if self.junit:
            write_file(self.junit, as_junit(run))


_EVIDENCE: dict[str, Callable[[Run], str]] = {".json": as_json, ".md": as_markdown}


def exit_code(run: Run, fail_on: FailOn = FailOn.ERROR) -> ExitCode:
    """1 where forced TLS fails or is not proven, 2 where nothing could be reached, else 0."""
    verdicts = {judgement.verdict for judgement in run.judgements}
    failing = {Verdict.FAILED, Verdict.UNKNOWN} | ({Verdict.WARNING} if fail_on is FailOn.WARNING else set())
    if verdicts & failing or not verdicts:
        return ExitCode.FINDINGS
    return ExitCode.COULD_NOT_RUN if Verdict.NOT_REACHABLE in verdicts else ExitCode.FINE


def write_file(path: Path, text: str, name: str | None = None) -> None:
    """Writes a file, which an error calls by its name or else by its path. Raises CannotRunError."""
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        why = f"{name or path} cannot be written: {error.strerror}. Name a file in a directory that exists."
        raise CannotRunError(why) from None
