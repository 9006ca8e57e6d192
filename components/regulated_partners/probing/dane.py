"""DANE for SMTP: whether a server's certificate is one that its TLSA records name. Pure. Source: RFC 7672, RFC 6698."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from exchange_online.connectors import Direction
from regulated_partners.probing.certificate_chain import judge_chain
from regulated_partners.probing.certificates import presented_names
from regulated_partners.probing.names import Outcome, match_names
from regulated_partners.probing.seen import TlsaRecord
from regulated_partners.probing.verdicts import ChainCause

_TRUST_ANCHOR, _END_ENTITY = 2, 3
#: Matching types. Source: RFC 6698 2.1.3.
_DIGESTS = {1: "sha256", 2: "sha512"}
_LENGTHS = {1: 64, 2: 128}


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
        return TlsaVerdict(
            TlsaCause.UNUSABLE,
            f"None of the {len(records)} TLSA records can be used for SMTP, so TLS is demanded with any certificate.",
        )
    verdicts = [_one(record, chain, host, now) for record in usable]
    order = list(TlsaCause)
    best = min(verdicts, key=lambda verdict: (verdict.cause is TlsaCause.MISMATCH, order.index(verdict.cause)))
    if best.cause is TlsaCause.MISMATCH:
        shown = "; ".join(str(record) for record in usable[:4])
        return TlsaVerdict(TlsaCause.MISMATCH, f"No TLSA record matches the certificates that {host} sent: {shown}.")
    return best


def matches(record: TlsaRecord, certificate: x509.Certificate) -> bool:
    """Whether a record names this certificate, or its key. Source: RFC 6698 2.1.2, 2.1.3."""
    if record.selector == 1:
        data = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        data = certificate.public_bytes(Encoding.DER)
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
    return _dates(record, leaf, now) or TlsaVerdict(
        TlsaCause.MATCH, f"The TLSA record {record} matches the certificate.", record
    )


def _dates(record: TlsaRecord, leaf: x509.Certificate, now: datetime.datetime) -> TlsaVerdict | None:
    if leaf.not_valid_after_utc < now:
        text = f"The TLSA record {record} matches, and the certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}."
        return TlsaVerdict(TlsaCause.EXPIRED, text, record)
    if leaf.not_valid_before_utc > now:
        text = f"The TLSA record {record} matches, and the certificate begins {leaf.not_valid_before_utc:%Y-%m-%d}."
        return TlsaVerdict(TlsaCause.NOT_YET_VALID, text, record)
    return None


def _trust_anchor(
    record: TlsaRecord, chain: Sequence[x509.Certificate], host: str, now: datetime.datetime
) -> TlsaVerdict:
    anchor = next((each for each in (*chain[1:], *_in_record(record)) if matches(record, each)), None)
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
    if named.outcome is not Outcome.MATCH:
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
