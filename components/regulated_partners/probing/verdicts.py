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


class TlsVersion(StrEnum):
    """Protocol versions as OpenSSL names them. `TLSv1/SSLv3` is a family of cipher suites, not a version."""

    SSLV3 = "SSLv3"
    TLS_1_0 = "TLSv1.0"
    TLS_1_1 = "TLSv1.1"
    TLS_1_2 = "TLSv1.2"
    TLS_1_3 = "TLSv1.3"

    @property
    def is_usable(self) -> bool:
        """Whether Exchange Online uses it. Source: techcommunity 2065089 (1.0 and 1.1 ended in 2021)."""
        return self in (TlsVersion.TLS_1_2, TlsVersion.TLS_1_3)


class Transport(StrEnum):
    """Whether one hop of a message travelled over TLS."""

    ENCRYPTED = "encrypted"
    CLEAR = "clear"
    UNKNOWN = "unknown"


class ClientCertificateState(StrEnum):
    """What a receiving server wrote about the sender's certificate."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    NOT_PRESENTED = "not_presented"
    NOT_REQUESTED = "not_requested"


class ChainCause(StrEnum):
    """What a check of the certificate chain came to; each failure has its own cause."""

    TRUSTED = "trusted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    SELF_SIGNED = "self-signed"
    UNKNOWN_ROOT = "unknown root"
    INCOMPLETE = "incomplete chain"
    WEAK = "weak key or signature"
    OTHER = "not valid"


@dataclass(frozen=True)
class ChainVerdict:
    """What OpenSSL, or a check as strict as it, says about a chain.

    Attributes:
        cause: the verdict.
        sentence: what is wrong with which certificate, without advice; for `TRUSTED`, up to which root.
        depth: of the certificate it is about: 0 the server's own, 1 its issuer's.
    """

    cause: ChainCause
    sentence: str
    depth: int = 0

    @property
    def is_trusted(self) -> bool:
        return self.cause is ChainCause.TRUSTED


@dataclass(frozen=True)
class TlsSession:
    """The TLS of one connection.

    Attributes:
        version: as stated; None where only the cipher or the keyword is known.
        inferred_version: what the cipher alone allows, where no version is stated.
        cipher: the suite's name as stated: IANA's, OpenSSL's or GnuTLS's.
        bits: as stated, `256/256`.
        client_certificate: of the sender; None where nothing is said about it.
    """

    version: TlsVersion | None = None
    inferred_version: TlsVersion | None = None
    cipher: str | None = None
    bits: str | None = None
    client_certificate: ClientCertificate | None = None


@dataclass(frozen=True)
class ClientCertificate:
    """What is known about the certificate of a sending server."""

    state: ClientCertificateState
    common_name: str | None = None
    issuer: str | None = None


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
