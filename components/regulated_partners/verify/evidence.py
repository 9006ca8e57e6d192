"""The record of a run: who looked when at what, what was demanded, what was seen, what it came to, who must act."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from regulated_partners.markdown import escaped, fenced, table
from regulated_partners.probing.verdicts import Judgement, Verdict, worst
from regulated_partners.run_record import heading, tool_version


@dataclass(frozen=True)
class Run:
    """One run of a `verify` command.

    Attributes:
        command: `verify message`.
        judgements: in the order to show them.
        who: the account that ran it, or what the pipeline says about itself.
        started: UTC.
        stack: the stack whose declarations counted; None where none did.
    """

    command: str
    judgements: tuple[Judgement, ...]
    who: str
    started: datetime
    stack: str | None = None

    @property
    def verdict(self) -> Verdict:
        return worst(judgement.verdict for judgement in self.judgements)


def as_json(run: Run) -> str:
    """The run as JSON, ASCII only."""
    return "".join(json_pieces(run))


def json_pieces(run: Run) -> Iterator[str]:
    """The same piece by piece: of thousands of messages it is long, and what it is made of ten times as large."""
    document = {
        **heading(run.command, run.stack, run.who, run.started),
        "verdict": run.verdict.value,
        "judgements": [],
    }
    yield json.dumps(document, indent=2).removesuffix("]\n}")
    for number, judgement in enumerate(run.judgements):
        yield (",\n" if number else "\n") + textwrap.indent(json.dumps(_judgement(judgement), indent=2), "    ")
    yield "\n  ]\n}\n" if run.judgements else "]\n}\n"


def _judgement(judgement: Judgement) -> Mapping[str, object]:
    return {
        "kind": judgement.kind,
        "subject": judgement.subject,
        "partner": judgement.partner,
        "direction": judgement.direction.word if judgement.direction else None,
        "demand": judgement.demand or None,
        "connectorSha256": judgement.connector or None,
        "verdict": judgement.verdict.value,
        "whoMustAct": [party.value for party in judgement.who],
        "notAfter": judgement.not_after.isoformat() if judgement.not_after else None,
        "facts": [{"name": fact.name, "value": fact.value} for fact in judgement.facts],
        "findings": [
            {
                "check": finding.check,
                "level": finding.level.value,
                "text": finding.text,
                "whoMustAct": finding.who.value if finding.who else None,
                "exchangeOnlineAnswers": finding.answer,
                "source": finding.source or None,
            }
            for finding in judgement.findings
        ],
        "transcript": list(judgement.transcript),
    }


def as_markdown(run: Run) -> str:
    """The run as a document for a ticket or an auditor. Nothing that a stranger wrote is markup in it."""
    lines = [
        f"# {run.command}: {run.verdict.value}",
        "",
        f"- Run by: {escaped(run.who)}",
        f"- Time: {run.started:%Y-%m-%d %H:%M:%S} UTC",
        f"- Version: {tool_version()}",
    ]
    lines += [f"- Stack: {escaped(run.stack)}"] if run.stack else []
    for judgement in run.judgements:
        lines += ["", *_section(judgement)]
    return "\n".join(lines) + "\n"


def _section(judgement: Judgement) -> list[str]:
    lines = [f"## {escaped(judgement.subject)}: {judgement.verdict.value}", ""]
    if judgement.partner:
        lines.append(f"- Partner: {escaped(judgement.partner)}")
    if judgement.direction:
        lines.append(f"- Direction: {judgement.direction.word}")
    if judgement.demand:
        lines.append(f"- The connector demands: {escaped(judgement.demand)}")
    lines.append(f"- Who must act: {', '.join(party.value for party in judgement.who) or 'nobody'}")
    if judgement.findings:
        rows = ((item.level, item.check, item.text, item.who or "", item.answer or "") for item in judgement.findings)
        lines += ["", *table(("level", "check", "finding", "who", "Exchange Online answers"), rows)]
    if judgement.facts:
        lines += ["", *table(("seen", "value"), ((fact.name, fact.value) for fact in judgement.facts))]
    return [*lines, "", *fenced(judgement.transcript)] if judgement.transcript else lines
