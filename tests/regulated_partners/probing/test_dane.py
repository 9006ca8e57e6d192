"""TLSA records against certificates: selectors, matching types, usages. The servers' tests compare with OpenSSL."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from regulated_partners.probing.dane import TlsaCause, judge_tlsa
from regulated_partners.probing.seen import TlsaRecord
from tests.verify_servers.pki import Issued, Pki

HOST = "mail.fabrikam.test"
NOW = datetime.now(UTC)
PKI = Pki()
LEAF = PKI.leaf(HOST, (HOST,))
CHAIN = (LEAF.certificate, PKI.intermediate.certificate)


def record(usage: int, selector: int, matching_type: int, issued: Issued) -> TlsaRecord:
    """A record that names a certificate."""
    if selector == 1:
        data = issued.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        data = issued.certificate.public_bytes(Encoding.DER)
    digest = {0: data.hex(), 1: hashlib.sha256(data).hexdigest(), 2: hashlib.sha512(data).hexdigest()}[matching_type]
    return TlsaRecord(usage=usage, selector=selector, matching_type=matching_type, data=digest)


@pytest.mark.parametrize("usage", [2, 3])
@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("matching_type", [0, 1, 2])
def test_every_form_of_record(usage: int, selector: int, matching_type: int) -> None:
    """Failing: a partner's sound record is refused, or any record is taken. Source: RFC 6698 2.1."""
    right, wrong = (PKI.intermediate, Pki().intermediate) if usage == 2 else (LEAF, PKI.leaf(HOST, (HOST,)))
    assert judge_tlsa([record(usage, selector, matching_type, right)], CHAIN, HOST, NOW).cause is TlsaCause.MATCH
    assert judge_tlsa([record(usage, selector, matching_type, wrong)], CHAIN, HOST, NOW).cause is TlsaCause.MISMATCH


@pytest.mark.parametrize(
    ("usage", "selector", "matching_type"), [(0, 1, 1), (1, 1, 1), (4, 1, 1), (3, 2, 1), (3, 1, 3)]
)
def test_records_that_do_not_count_for_smtp(usage: int, selector: int, matching_type: int) -> None:
    """Failing: a record that no sender uses proves a server, or refuses one. Source: RFC 7672 3.1.3."""
    odd = TlsaRecord(usage=usage, selector=selector, matching_type=matching_type, data="00" * 32)
    assert judge_tlsa([odd], CHAIN, HOST, NOW).cause is TlsaCause.UNUSABLE
    assert judge_tlsa([odd, record(3, 1, 1, LEAF)], CHAIN, HOST, NOW).cause is TlsaCause.MATCH


def test_a_digest_of_the_wrong_length_does_not_count() -> None:
    """Failing: a truncated digest, which senders ignore, counts as a mismatch. Source: RFC 7671 4."""
    short = TlsaRecord(usage=3, selector=1, matching_type=1, data="00" * 31)
    assert judge_tlsa([short], CHAIN, HOST, NOW).cause is TlsaCause.UNUSABLE


def test_the_root_need_not_be_sent_when_the_record_holds_it() -> None:
    """Failing: `2 0 0` with the CA's whole certificate is refused. Source: RFC 7672 3.1.2."""
    assert judge_tlsa([record(2, 0, 0, PKI.root)], CHAIN, HOST, NOW).cause is TlsaCause.MATCH


def test_dates_and_names() -> None:
    """Failing: an expired certificate passes, which Exchange Online refuses (5.7.322), or another host's does."""
    anchor = record(2, 1, 1, PKI.intermediate)
    assert judge_tlsa([anchor], CHAIN, "other.fabrikam.test", NOW).cause is TlsaCause.NAME
    assert judge_tlsa([record(3, 1, 1, LEAF)], CHAIN, "other.fabrikam.test", NOW).cause is TlsaCause.MATCH
    later = NOW + timedelta(days=100)
    assert judge_tlsa([record(3, 1, 1, LEAF)], CHAIN, HOST, later).cause is TlsaCause.EXPIRED
    before = NOW - timedelta(days=100)
    assert judge_tlsa([record(3, 1, 1, LEAF)], CHAIN, HOST, before).cause is TlsaCause.NOT_YET_VALID
