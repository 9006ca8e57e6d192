"""Verdicts: what a check of a partner came to, in a form that every output is made from.

A check gives `Judgement`s. Each is about one thing that can be judged (a message, an address of a server, a
certificate), says what the connector demands of it, and holds `Finding`s: sentences, each with who must act.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from exchange_online.connectors import Direction


class Verdict(StrEnum):
    """What a judgement came to, the worst last."""

    PASSED = "passed"
    """It does what the connector demands."""
    WARNING = "warning"
    """It does, and something will break it or weakens it."""
    NOT_REACHABLE = "not reachable from here"
    """Nothing answered: port 25 is closed in most clouds. It says nothing about the partner."""
    UNKNOWN = "unknown"
    """It was looked at, and does not show what was asked."""
    FAILED = "failed"
    """It does not do what the connector demands."""


class Level(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Party(StrEnum):
    """Who must act."""

    PARTNER = "partner"
    WE = "own organization"
    EITHER = "either side"


@dataclass(frozen=True)
class Finding:
    """One thing there is to say.

    Attributes:
        check: a short name that stays the same between releases: `chain`, `name`, `starttls`, `baseline.renewal`.
        level: an error means that forced TLS fails, now or at a date in the text.
        text: a sentence: what was seen, and what to do.
        who: must act; None where nobody must.
        answer: what Exchange Online answers then, such as `450 4.4.317 ...`; None where it says nothing.
        source: where the rule comes from, with `assumed` where no source states it.
    """

    check: str
    level: Level
    text: str
    who: Party | None = None
    answer: str | None = None
    source: str = ""


@dataclass(frozen=True)
class Fact:
    """One thing seen, for the evidence: `protocol`, `TLSv1.3`."""

    name: str
    value: str


@dataclass(frozen=True)
class Judgement:
    """The verdict on one message, server address, certificate or cmdlet.

    Attributes:
        kind: `message`, `server`, `certificate`, `domain` or `service`.
        subject: what was judged: `test.eml`, `mx1.fabrikam.com [192.0.2.25]:25`.
        verdict: what it came to.
        demand: a sentence: what the connector demands; empty where no partner was named.
        partner: the declared name.
        direction: of the connector.
        facts: what was seen, in the order to show it.
        findings: what there is to say, in the order to show it.
        transcript: the raw evidence: header lines, the SMTP dialogue.
        not_after: when the certificate that was seen expires, UTC.
    """

    kind: str
    subject: str
    verdict: Verdict
    demand: str = ""
    partner: str | None = None
    direction: Direction | None = None
    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()
    transcript: tuple[str, ...] = field(default=(), repr=False)
    not_after: datetime.datetime | None = None

    @property
    def who(self) -> tuple[Party, ...]:
        """Who must act, each once."""
        return tuple(dict.fromkeys(finding.who for finding in self.findings if finding.who is not None))


_ORDER = tuple(Verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several verdicts; of none, `UNKNOWN`: what was not looked at is not proven."""
    return max(verdicts, key=_ORDER.index, default=Verdict.UNKNOWN)


def verdict_of(findings: Iterable[Finding], *, otherwise: Verdict = Verdict.PASSED) -> Verdict:
    """The verdict that findings come to: an error fails, a warning warns, else `otherwise`."""
    levels = {finding.level for finding in findings}
    if Level.ERROR in levels:
        return Verdict.FAILED
    return worst((otherwise, Verdict.WARNING)) if Level.WARNING in levels else otherwise
