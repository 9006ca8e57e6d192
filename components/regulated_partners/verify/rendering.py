"""A run for the person at the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from regulated_partners.probing.verdicts import Finding, Judgement, Level, Verdict
from regulated_partners.text import printable
from regulated_partners.verify.evidence import Run

#: Columns of a sentence, and characters of a value that are shown.
_WIDTH, _LONGEST = 110, 300
#: Facts for the evidence, too long for a terminal.
_EVIDENCE_ONLY = ("SHA-256", "public key SHA-256")
#: The same where a server is judged: many of them are shown, and what matters of these is a finding anyway.
_OF_SERVERS = ("valid from", "key", "signature", "extended key usage", "CRL", "OCSP", "revocation hosts")


def as_text(run: Run) -> str:
    """Every judgement, then one line that says what it comes to."""
    blocks = ["\n".join(_judgement(each)) for each in run.judgements]
    return "\n\n".join([*blocks, _summary(run)]) + "\n"


def _judgement(judgement: Judgement) -> Iterable[str]:
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
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]} ..."


def _summary(run: Run) -> str:
    counts = {verdict: sum(each.verdict is verdict for each in run.judgements) for verdict in Verdict}
    parts = [f"{count} {verdict.value}" for verdict, count in counts.items() if count]
    return f"{run.command}: {', '.join(parts) or 'nothing was judged'}"
