"""The certificates in a client's handshake message, in the forms of TLS 1.2 and TLS 1.3."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from regulated_partners.verify.listener import read_chain
from tests.verify_servers.pki import Pki

PKI = Pki()
CHAIN = (PKI.leaf("out.fabrikam.test", ("out.fabrikam.test",)).certificate, PKI.intermediate.certificate)


def message(*, extensions: bytes | None) -> bytes:
    """The message's body; `extensions` of each entry belong to TLS 1.3, which also begins with a context."""
    ders = [each.public_bytes(Encoding.DER) for each in CHAIN]
    after = b"" if extensions is None else len(extensions).to_bytes(2, "big") + extensions
    entries = b"".join(len(der).to_bytes(3, "big") + der + after for der in ders)
    return (b"" if extensions is None else b"\x00") + len(entries).to_bytes(3, "big") + entries


def test_both_versions() -> None:
    """Failing: the certificates of all senders with one version of TLS are not seen."""
    assert read_chain(message(extensions=None)) == CHAIN
    assert read_chain(message(extensions=b"")) == CHAIN
    assert read_chain(message(extensions=b"\x00\x05\x00\x01\x01")) == CHAIN


def test_no_certificate() -> None:
    """Failing: a client that shows none ends the listener."""
    assert read_chain(b"\x00\x00\x00") == ()
    assert read_chain(b"\x00\x00\x00\x00") == ()


@given(st.binary(max_size=200), st.integers(0, 200))
def test_anything_else_is_no_chain(garbage: bytes, cut: int) -> None:
    """Failing: a client that sends garbage ends the listener."""
    assert read_chain(garbage) == ()
    assert read_chain(message(extensions=b"")[: -1 - cut]) == ()
