"""DANE for SMTP: whether the TLSA records name a server's certificate, and which SmtpDaneMode to choose. Pure.

Source: RFC 7672, RFC 6698; New-OutboundConnector, SmtpDaneMode; Exchange Online's NDR list (5.7.321 to 5.7.324).
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from exchange_online.connectors import Direction, OutboundSettings, SmtpDaneMode
from regulated_partners.probing.certificates import ChainCause, judge_chain, presented_names, public_key_der
from regulated_partners.probing.names import NameOutcome, match_names
from regulated_partners.probing.route import Route, RouteHost
from regulated_partners.probing.seen import DnsProblem, ServerOutcome, TlsaRecord
from regulated_partners.probing.server_report import ServerReport
from regulated_partners.probing.verdicts import Check, Fact, Finding, Level, Party

_TRUST_ANCHOR, _END_ENTITY = 2, 3
#: Matching types. Source: RFC 6698 2.1.3.
_DIGESTS = {1: "sha256", 2: "sha512"}
_LENGTHS = {1: 64, 2: 128}
_SOURCE = "New-OutboundConnector, SmtpDaneMode; RFC 7672"
_NO_STARTTLS = "450 4.7.321 starttls-not-supported: Destination mail server must support TLS to receive mail."
_EXPIRED = "450 4.7.322 certificate-expired: Destination mail server's certificate is expired."
_TLSA = "450 4.7.323 tlsa-invalid: The domain failed DANE validation."
_DNSSEC = "450 4.7.324 dnssec-invalid: Destination domain returned invalid DNSSEC records."
_CHOICE = "Until then SmtpDaneMode None would let mail pass, which weakens the connector and needs a decision."


class TlsaCause(StrEnum):
    """What a comparison with TLSA records came to."""

    MATCH = "match"
    UNUSABLE = "unusable"
    """There are records, and none is of a kind that counts for SMTP: TLS is demanded, no certificate is."""
    MISMATCH = "mismatch"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    NAME = "name"
    """A trust anchor matches, and the certificate below it does not have the server's name."""
    CHAIN = "chain"
    """A trust anchor matches, and the certificate does not chain up to it."""


@dataclass(frozen=True)
class TlsaVerdict:
    """The verdict, with a sentence and the record that decided."""

    cause: TlsaCause
    sentence: str
    record: TlsaRecord | None = None


def judge_tlsa(
    records: Sequence[TlsaRecord], chain: Sequence[x509.Certificate], host: str, now: datetime.datetime
) -> TlsaVerdict:
    """Compares a server's chain with the TLSA records of its name.

    Args:
        records: at least one, proven by DNSSEC.
        chain: as the server sent it, at least one.
        host: the server's name, which a certificate below a trust anchor must hold (RFC 7672 3.1.2).
        now: UTC; the RFC leaves the dates of usage 3 out, Exchange Online does not (5.7.322).
    """
    usable = [record for record in records if _is_usable(record)]
    if not usable:
        text = f"None of the {len(records)} TLSA records can be used for SMTP, so TLS is demanded with any certificate."
        return TlsaVerdict(TlsaCause.UNUSABLE, text)
    verdicts = [_one(record, chain, host, now) for record in usable]
    order = list(TlsaCause)
    best = min(verdicts, key=lambda verdict: (verdict.cause is TlsaCause.MISMATCH, order.index(verdict.cause)))
    if best.cause is TlsaCause.MISMATCH:
        shown = "; ".join(str(record) for record in usable[:4])
        return TlsaVerdict(TlsaCause.MISMATCH, f"No TLSA record matches the certificates that {host} sent: {shown}.")
    return best


def matches(record: TlsaRecord, certificate: x509.Certificate) -> bool:
    """Whether a record names this certificate, or its key. Source: RFC 6698 2.1.2, 2.1.3."""
    data = public_key_der(certificate) if record.selector == 1 else certificate.public_bytes(Encoding.DER)
    if record.matching_type == 0:
        return data.hex() == record.data
    return hashlib.new(_DIGESTS[record.matching_type], data).hexdigest() == record.data


def _is_usable(record: TlsaRecord) -> bool:
    """Usages 0 and 1 do not count on port 25. Source: RFC 7672 3.1.3."""
    known = record.usage in (_TRUST_ANCHOR, _END_ENTITY) and record.selector in (0, 1)
    return known and (record.matching_type == 0 or _LENGTHS.get(record.matching_type) == len(record.data))


def _one(record: TlsaRecord, chain: Sequence[x509.Certificate], host: str, now: datetime.datetime) -> TlsaVerdict:
    if record.usage == _TRUST_ANCHOR:
        return _trust_anchor(record, chain, host, now)
    leaf = chain[0]
    if not matches(record, leaf):
        return TlsaVerdict(TlsaCause.MISMATCH, "", record)
    if leaf.not_valid_after_utc < now:
        text = f"The TLSA record {record} matches, and the certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}."
        return TlsaVerdict(TlsaCause.EXPIRED, text, record)
    if leaf.not_valid_before_utc > now:
        text = f"The TLSA record {record} matches, and the certificate begins {leaf.not_valid_before_utc:%Y-%m-%d}."
        return TlsaVerdict(TlsaCause.NOT_YET_VALID, text, record)
    return TlsaVerdict(TlsaCause.MATCH, f"The TLSA record {record} matches the certificate.", record)


def _trust_anchor(
    record: TlsaRecord, chain: Sequence[x509.Certificate], host: str, now: datetime.datetime
) -> TlsaVerdict:
    candidates = (*chain[1:], *_in_record(record))
    anchor = next((certificate for certificate in candidates if matches(record, certificate)), None)
    if anchor is None:
        return TlsaVerdict(TlsaCause.MISMATCH, "", record)
    verdict = judge_chain(chain, [anchor], now)
    if not verdict.is_trusted:
        if anchor not in chain and verdict.cause in (ChainCause.UNKNOWN_ROOT, ChainCause.INCOMPLETE):
            return TlsaVerdict(TlsaCause.MISMATCH, "", record)
        cause = {ChainCause.EXPIRED: TlsaCause.EXPIRED, ChainCause.NOT_YET_VALID: TlsaCause.NOT_YET_VALID}
        text = f"The TLSA record {record} names a CA of the chain. {verdict.sentence}"
        return TlsaVerdict(cause.get(verdict.cause, TlsaCause.CHAIN), text, record)
    named = match_names(host, presented_names(chain[0]), Direction.OUTBOUND)
    if named.outcome is not NameOutcome.MATCH:
        text = f"The TLSA record {record} names a CA of the chain, and so the name counts. {named.sentence}"
        return TlsaVerdict(TlsaCause.NAME, text, record)
    return TlsaVerdict(TlsaCause.MATCH, f"The TLSA record {record} matches a CA of the chain.", record)


def _in_record(record: TlsaRecord) -> tuple[x509.Certificate, ...]:
    """A record may hold the whole certificate of the CA. Source: RFC 7672 3.1.2 ("2 0 0")."""
    if (record.selector, record.matching_type) != (0, 0):
        return ()
    try:
        return (x509.load_der_x509_certificate(bytes.fromhex(record.data)),)
    except ValueError:
        return ()


class DaneState(StrEnum):
    """What DANE came to."""

    VALID = "valid"
    UNUSABLE = "no TLSA record that counts for SMTP"
    PARTLY = "valid at some servers, absent at others"
    BROKEN = "broken"
    ABSENT = "absent"
    UNKNOWN = "not known"


@dataclass(frozen=True)
class _HostState:
    state: DaneState
    sentence: str
    answer: str | None = None


def dane_report(
    route: Route, settings: OutboundSettings, now: datetime.datetime
) -> tuple[DaneState, tuple[Finding, ...], tuple[Fact, ...]]:
    """Judges the DANE of a route at `now` (UTC), by the connector's SmtpDaneMode."""
    before = _domain_state(route)
    states = [before] if before else [_host_state(host, now) for host in route.hosts]
    state = _overall([host.state for host in states])
    facts = tuple(Fact("DANE", host.sentence) for host in states)
    return state, tuple(_advice(state, states, settings)), facts


def _domain_state(route: Route) -> _HostState | None:
    """What the answer for the MX record decides for all hosts; None where the hosts decide."""
    if route.domain is None:
        return None
    mx = route.domain.mx
    if mx.problem is DnsProblem.BOGUS:
        sentence = f"The MX record of {route.subject} fails DNSSEC validation."
        return _HostState(DaneState.BROKEN, sentence, _DNSSEC)
    if mx.problem is DnsProblem.NO_ANSWER or not mx.records:
        return _HostState(DaneState.UNKNOWN, f"There is no answer for the MX record of {route.subject}.")
    if mx.authenticated is None:
        sentence = (
            "The resolver of this machine is not trusted to validate DNSSEC; name one that is with --resolver, such as "
            "127.0.0.1."
        )
        return _HostState(DaneState.UNKNOWN, sentence)
    if not mx.authenticated:
        sentence = f"{route.subject} is not signed with DNSSEC, so DANE does not apply to it."
        return _HostState(DaneState.ABSENT, sentence)
    return None


def _host_state(host: RouteHost, now: datetime.datetime) -> _HostState:
    before = _dns_state(host)
    if before is not None:
        return before
    states = [_server_state(host, server, now) for server in host.servers]
    for wanted in (DaneState.BROKEN, DaneState.UNUSABLE, DaneState.VALID):
        found = next((server for server in states if server.state is wanted), None)
        if found is not None:
            return found
    return _HostState(DaneState.UNKNOWN, f"{host.name} has TLSA records, and its certificate was not seen.")


def _dns_state(host: RouteHost) -> _HostState | None:
    """What the DNS alone decides; None where there are TLSA records to compare with."""
    name, addresses, tlsa = host.name, host.seen.addresses, host.seen.tlsa
    problems = (addresses.problem, tlsa.problem)
    if DnsProblem.BOGUS in problems:
        return _HostState(DaneState.BROKEN, f"The records of {name} fail DNSSEC validation.", _DNSSEC)
    if DnsProblem.NO_ANSWER in problems:
        return _HostState(DaneState.UNKNOWN, f"There is no answer for the records of {name}.")
    if addresses.authenticated is None and tlsa.authenticated is None:
        return _HostState(DaneState.UNKNOWN, f"The resolver is not trusted to validate the records of {name}.")
    if addresses.authenticated and tlsa.authenticated and tlsa.records:
        return None
    signed = addresses.authenticated and tlsa.authenticated
    missing = "has no TLSA record" if signed else "has no records that are signed with DNSSEC"
    return _HostState(DaneState.ABSENT, f"{name} {missing}.")


def _server_state(host: RouteHost, server: ServerReport, now: datetime.datetime) -> _HostState:
    seen = server.seen
    if seen.outcome in (ServerOutcome.NO_STARTTLS, ServerOutcome.STARTTLS_REFUSED, ServerOutcome.OLD_TLS_ONLY):
        sentence = f"{host.name} has TLSA records, and no usable TLS: {seen.detail}"
        return _HostState(DaneState.BROKEN, sentence, _NO_STARTTLS)
    if not server.certificates:
        return _HostState(DaneState.UNKNOWN, f"{host.name} has TLSA records, and its certificate was not seen.")
    # A server with two certificates shows the one or the other, by the sender's order: the worst counts.
    verdicts = [judge_tlsa(host.seen.tlsa.records, shown.chain, host.name, now) for shown in server.certificates]
    verdict = min(verdicts, key=lambda found: (found.cause is TlsaCause.MATCH, found.cause is TlsaCause.UNUSABLE))
    good = {TlsaCause.UNUSABLE: DaneState.UNUSABLE, TlsaCause.MATCH: DaneState.VALID}
    if verdict.cause in good:
        return _HostState(good[verdict.cause], f"{seen.place}: {verdict.sentence}")
    # A start date in the future counts as tlsa-invalid. Source: Exchange Online's NDR list.
    answer = _EXPIRED if verdict.cause is TlsaCause.EXPIRED else _TLSA
    return _HostState(DaneState.BROKEN, f"{seen.place}: {verdict.sentence}", answer)


def _overall(states: list[DaneState]) -> DaneState:
    for decisive in (DaneState.BROKEN, DaneState.UNKNOWN, DaneState.UNUSABLE):
        if decisive in states:
            return decisive
    if {DaneState.VALID, DaneState.ABSENT} <= set(states):
        return DaneState.PARTLY
    return states[0] if states else DaneState.UNKNOWN


def _advice(state: DaneState, states: list[_HostState], settings: OutboundSettings) -> Iterable[Finding]:
    mode = settings.smtp_dane_mode
    if state is DaneState.BROKEN:
        yield from _broken(states, mode)
    elif state is DaneState.VALID:
        yield from _valid(mode)
    elif mode == SmtpDaneMode.MANDATORY.value:
        yield _mandatory_without(state)
    elif state is DaneState.PARTLY:
        text = "DANE is valid at some servers, and others have none: keep SmtpDaneMode Opportunistic."
        yield Finding(Check.DANE, Level.INFO, text, source=_SOURCE)
    elif state is DaneState.UNUSABLE:
        text = (
            "The partner publishes TLSA records, and none that counts for SMTP: TLS is demanded, no certificate is "
            "proven. It should publish 3 1 1. Keep SmtpDaneMode Opportunistic."
        )
        yield Finding(Check.DANE, Level.WARNING, text, Party.PARTNER, source="RFC 7672 3.1.3; tls-verification 2.2")
    elif state is DaneState.ABSENT:
        text = "DANE is absent: keep SmtpDaneMode Opportunistic, which uses it once the partner has it."
        yield Finding(Check.DANE, Level.INFO, text, source=_SOURCE)


def _broken(states: list[_HostState], mode: str) -> Iterable[Finding]:
    for host in dict.fromkeys(host for host in states if host.state is DaneState.BROKEN):
        if mode == SmtpDaneMode.NONE.value:
            text = f"DANE is broken, which the connector ignores by SmtpDaneMode None. {host.sentence}"
            yield Finding(Check.DANE, Level.WARNING, text, Party.PARTNER, source=_SOURCE)
        else:
            text = f"DANE is broken. {host.sentence} The partner must correct its DNS or its certificate. {_CHOICE}"
            yield Finding(Check.DANE, Level.ERROR, text, Party.PARTNER, host.answer, _SOURCE)


def _valid(mode: str) -> Iterable[Finding]:
    if mode == SmtpDaneMode.MANDATORY.value:
        yield Finding(Check.DANE, Level.INFO, "DANE is valid at every server, as SmtpDaneMode Mandatory demands.")
    else:
        text = (
            "DANE is valid at every server. SmtpDaneMode Mandatory would pass too; it proves the server without "
            "any CA, and is stronger than DomainValidation."
        )
        yield Finding(Check.DANE, Level.INFO, text, Party.WE, source="tls-verification 2.2")


def _mandatory_without(state: DaneState) -> Finding:
    if state is DaneState.UNKNOWN:
        text = "The connector demands DANE (SmtpDaneMode Mandatory), and whether the partner has it could not be seen."
        return Finding(Check.DANE, Level.WARNING, text, Party.WE, source=_SOURCE)
    text = (
        f"The connector demands DANE (SmtpDaneMode Mandatory), and it is {state.value}. Mail is refused. Choose "
        "Opportunistic, or the partner must sign its zone and publish TLSA records."
    )
    answer = "450 4.7.323 or 4.7.324 (which of them is not documented)"
    return Finding(Check.DANE, Level.ERROR, text, Party.EITHER, answer, _SOURCE)
