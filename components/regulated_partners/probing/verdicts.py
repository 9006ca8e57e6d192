"""Verdicts: what a check of a partner came to, in a form that every output is made from.

A check gives `Judgement`s. Each is about one thing that can be judged (a message, an address of a server, a
certificate), says what the connector demands of it, and holds `Finding`s: sentences, each with who must act.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Self

from exchange_online.connectors import ConnectorSettings, Direction, mail_flow, parameters


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
class Consequence:
    """Who acts on a check's findings, and what is seen where mail fails for it.

    Attributes:
        who: can act; nobody where it only tells.
        outbound: what the NDR and the message trace of mail to the partner say; empty where nothing does.
        inbound: what the partner's server is answered, and so its operator sees.
    """

    who: tuple[Party, ...]
    outbound: str = ""
    inbound: str = ""


_WE, _PARTNER, _EITHER = (Party.WE,), (Party.PARTNER,), (Party.PARTNER, Party.WE, Party.EITHER)
_NO_TLS = (
    "`450 4.4.317 … [Message=451 5.7.3 STARTTLS is required to send mail]`",
    "`451 5.7.3 STARTTLS is required …`",
)
_RESTRICTED = "`550 5.7.51 TenantInboundAttribution; …`"
_UNTRUSTED = ("`450 4.4.317 … [Message=UntrustedRoot]` (assumed)", _RESTRICTED)
_EXPIRED = ("`450 4.4.317 … [Message=CertificateExpired]` (assumed)", _RESTRICTED)
#: By the names of the checks. Source of the answers: tls-verification 2.3; connector-semantics 5.1; the NDR list.
_CONSEQUENCES = {
    "starttls": Consequence(_PARTNER, *_NO_TLS),
    "tls": Consequence(_EITHER, "as of `starttls` (assumed)"),
    "protocol": Consequence(_PARTNER, "with TLS 1.0 and 1.1 as of `starttls`", "the same"),
    "cipher": Consequence(_PARTNER),
    "transport": Consequence(_EITHER, *_NO_TLS),
    "chain": Consequence(_PARTNER, *_UNTRUSTED),
    "name": Consequence(_EITHER, "`450 4.4.317 … [Message=SubjectMismatch …]`, earlier `450 4.7.320 …`", _RESTRICTED),
    "expiry": Consequence(_PARTNER, *_EXPIRED),
    "usage": Consequence(_PARTNER, "not documented", "not documented"),
    "strength": Consequence(
        _PARTNER, "as of `chain`, or of `starttls` where no handshake works (assumed)", _RESTRICTED
    ),
    "revocation": Consequence(_PARTNER, "not documented", "not documented"),
    "order": Consequence(_PARTNER, *_UNTRUSTED),
    "private-key": Consequence(_PARTNER),
    "client-certificate": Consequence(_EITHER, "", _RESTRICTED),
    "certificate": Consequence(()),
    "other-way": Consequence(_WE, "", _RESTRICTED),
    "dane": Consequence(
        _EITHER,
        "`450 4.7.321 starttls-not-supported`, `4.7.322 certificate-expired`, `4.7.323 tlsa-invalid`, "
        "`4.7.324 dnssec-invalid`",
    ),
    "mta-sts": Consequence(
        _PARTNER, "`450 4.4.8 MX hosts of '…' failed MTA-STS validation`, `450 4.7.5 Remote certificate failed …`"
    ),
    "mx": Consequence(_EITHER, "not documented"),
    "dns": Consequence(_PARTNER, "not documented"),
    "domain": Consequence(_EITHER),
    "stricter": Consequence(_WE),
    "reachable": Consequence(()),
    "smtp": Consequence(_EITHER),
    "probe": Consequence(_WE),
    "message": Consequence(_EITHER),
    "address": Consequence(_EITHER, "", _RESTRICTED),
    "report": Consequence(_EITHER),
    "headers": Consequence(_EITHER),
    "boundary": Consequence(_EITHER),
    "trust": Consequence(_EITHER),
    "owner": Consequence(_EITHER),
    "crossings": Consequence(_EITHER),
    "age": Consequence(_EITHER),
    "tenants": Consequence(()),
    "attribution": Consequence(_WE),
    "connector": Consequence(_WE),
    "validation": Consequence(_EITHER),
    "trace": Consequence(_WE),
    "delivery": Consequence(_EITHER),
    "baseline.name": Consequence(_EITHER, "as of `name`, where the declared one is lost", "the same"),
    "baseline.issuer": Consequence(_WE, "as of `chain`, where the issuer is not trusted", "the same"),
    "baseline.renewal": Consequence(()),
    "baseline.mx": Consequence(_WE),
}


class Check(StrEnum):
    """What a finding is about. The names stay the same between releases: others filter and count by them.

    Attributes:
        meaning: a sentence.
        consequence: who acts, and what the operator sees.
    """

    meaning: str
    consequence: Consequence

    def __new__(cls, name: str, meaning: str) -> Check:
        check = str.__new__(cls, name)
        check._value_ = name
        check.meaning, check.consequence = meaning, _CONSEQUENCES[name]
        return check

    STARTTLS = "starttls", "The server offers STARTTLS, and the message came with it."
    TLS = "tls", "The TLS handshake works with what Exchange Online speaks."
    PROTOCOL = "protocol", "The version of TLS that a message came with."
    CIPHER = "cipher", "The cipher suite encrypts, cannot be broken, and proves who the other end is."
    TRANSPORT = "transport", "The hop between the organizations was encrypted."
    CHAIN = "chain", "The certificate chains up to a trusted root."
    NAME = "name", "The certificate has the name that the connector compares."
    EXPIRY = "expiry", "How long the certificate is valid."
    USAGE = "usage", "The certificate may be used in its role, as a server or as a client."
    STRENGTH = "strength", "Key and signature are of today."
    REVOCATION = "revocation", "Others can ask whether the certificate is revoked."
    ORDER = "order", "A certificate file is in the order, and as whole, as a server must send it."
    PRIVATE_KEY = "private-key", "A certificate file holds no private key."
    CLIENT_CERTIFICATE = "client-certificate", "The sending side shows a certificate that the other one takes."
    CERTIFICATE = "certificate", "What a message does not show about the certificate."
    OTHER_WAY = "other-way", "What else in the tenant can take or refuse the partner's mail."
    DANE = "dane", "DANE, and which SmtpDaneMode to choose."
    MTA_STS = "mta-sts", "MTA-STS, and which MtaStsMode to choose."
    MX = "mx", "The domain has a mail exchanger."
    DNS = "dns", "The DNS gives the addresses of the mail hosts."
    DOMAIN = "domain", "The domain is one that the connector applies to, and what stands for a wildcard."
    STRICTER = "stricter", "The servers would pass more than the connector demands."
    REACHABLE = "reachable", "The server was reached from here."
    SMTP = "smtp", "What answers speaks SMTP with this machine."
    PROBE = "probe", "The probe holds what is to be judged."
    MESSAGE = "message", "A message came to the listener."
    ADDRESS = "address", "The sending server's address is a declared one, and the same in every header."
    REPORT = "report", "The report is one that can be read, and holds what is asked of it."
    HEADERS = "headers", "The message has headers that can be judged."
    BOUNDARY = "boundary", "The message has a hop between the organizations."
    TRUST = "trust", "Who could have written the line that is judged."
    OWNER = "owner", "Whether the message is the partner's: what the receiving side wrote, and what the sender claims."
    CROSSINGS = "crossings", "How often the message crossed the border of Exchange Online."
    AGE = "age", "How old the message is: what it proves is of its day."
    TENANTS = "tenants", "Both sides are on Exchange Online."
    ATTRIBUTION = "attribution", "The connector that Exchange Online attributed the message to."
    CONNECTOR = "connector", "The connector is there, as declared and switched on."
    VALIDATION = "validation", "What Validate-OutboundConnector found."
    TRACE = "trace", "The connector that the message trace names."
    DELIVERY = "delivery", "The message was delivered."
    BASELINE_NAME = "baseline.name", "The certificate has other names than before."
    BASELINE_ISSUER = "baseline.issuer", "The certificate has another issuer than before."
    BASELINE_RENEWAL = "baseline.renewal", "The certificate was renewed."
    BASELINE_MX = "baseline.mx", "The domain has other mail exchangers than before."


@dataclass(frozen=True)
class Finding:
    """One thing there is to say.

    Attributes:
        check: what it is about.
        level: an error means that forced TLS fails, now or at a date in the text.
        text: a sentence: what was seen, and what to do.
        who: must act; None where nobody must.
        answer: what Exchange Online answers then, such as `450 4.4.317 ...`; None where it says nothing.
        source: where the rule comes from, with `assumed` where no source states it.
    """

    check: Check
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
        connector: the digest of the connector's settings by which it was judged (`settings_digest`).
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
    connector: str = ""

    @classmethod
    def by_connector(
        cls,
        kind: str,
        subject: str,
        verdict: Verdict,
        partner: str,
        settings: ConnectorSettings,
        *,
        facts: Iterable[Fact] = (),
        findings: Iterable[Finding] = (),
        transcript: tuple[str, ...] = (),
        not_after: datetime.datetime | None = None,
    ) -> Self:
        """A judgement by what the connector of a partner demands, which has these settings."""
        about = (tuple(facts), tuple(findings), transcript, not_after, settings_digest(settings))
        return cls(kind, subject, verdict, mail_flow(settings), partner, settings.direction, *about)

    @property
    def who(self) -> tuple[Party, ...]:
        """Who must act, each once."""
        return tuple(dict.fromkeys(finding.who for finding in self.findings if finding.who is not None))


#: Settings that say nothing about mail.
_NOT_ABOUT_MAIL = ("name", "comment", "validationRecipients")


@cache
def settings_digest(settings: ConnectorSettings) -> str:
    """The SHA-256 of a connector's settings as far as they are about mail.

    A sentence about mail shortens long lists: two declarations may say the same in it.
    """
    known = {parameter.key: settings.value(parameter) for parameter in parameters(settings.direction)}
    told = {key: value for key, value in known.items() if key not in _NOT_ABOUT_MAIL}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


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
