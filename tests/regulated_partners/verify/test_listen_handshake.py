"""The certificates in a client's handshake message, in the forms of TLS 1.2 and TLS 1.3."""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from regulated_partners.verify.listener import read_chain
from tests.verify_servers.pki import Pki

PKI = Pki()
CHAIN = (PKI.leaf("out.fabrikam.test", ("out.fabrikam.test",)).certificate, PKI.intermediate.certificate)


def message(*ders: bytes, extensions: bytes | None) -> bytes:
    """The message's body; `extensions` of each entry belong to TLS 1.3, which also begins with a context."""
    ders = ders or tuple(certificate.public_bytes(Encoding.DER) for certificate in CHAIN)
    after = b"" if extensions is None else len(extensions).to_bytes(2, "big") + extensions
    entries = b"".join(len(der).to_bytes(3, "big") + der + after for der in ders)
    return (b"" if extensions is None else b"\x00") + len(entries).to_bytes(3, "big") + entries


def test_both_versions() -> None:
    """Failing: the certificates of all senders with one version of TLS are not seen."""
    assert read_chain(message(extensions=None)) == CHAIN
    assert read_chain(message(extensions=b"")) == CHAIN
    assert read_chain(message(extensions=b"\x00\x05\x00\x01\x01")) == CHAIN


def test_a_fault_of_the_ca_is_no_warning_of_ours() -> None:
    """Failing: a library's warning about a partner's certificate stands in the operator's terminal."""
    key, at, name = ec.generate_private_key(ec.SECP256R1()), datetime.datetime(2026, 1, 1), x509.Name([])
    good = x509.CertificateBuilder(name, name, key.public_key(), 1, at, at).sign(key, hashes.SHA256())
    version, serial = bytes.fromhex("a003020102"), bytes.fromhex("020101")
    faulty = good.public_bytes(Encoding.DER).replace(version + serial, version + serial[:2] + b"\x00", 1)
    assert len(read_chain(message(faulty, extensions=None))) == 1


def test_no_certificate() -> None:
    """Failing: a client that shows none ends the listener."""
    assert read_chain(b"\x00\x00\x00") == ()
    assert read_chain(b"\x00\x00\x00\x00") == ()


@given(st.binary(max_size=200), st.integers(0, 200))
def test_anything_else_is_no_chain(garbage: bytes, cut: int) -> None:
    """Failing: a client that sends garbage ends the listener."""
    assert read_chain(garbage) == ()
    assert read_chain(message(extensions=b"")[: -1 - cut]) == ()
