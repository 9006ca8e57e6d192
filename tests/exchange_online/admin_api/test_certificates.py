"""Certificate files as administrators have them: PEM in any order, PKCS#12, with and without password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from exchange_online.admin_api import ClientCertificate, Misconfigured
from exchange_online.admin_api.certificates import load
from tests.exchange_online.admin_api.clients import CANARY

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Pair:
    """A self-signed certificate and its key."""

    key: Key
    certificate: x509.Certificate

    def key_pem(self, password: str | None = None) -> bytes:
        """The key as PEM."""
        encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    def certificate_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)


def pair(key: Key, days: int = 30) -> Pair:
    """A pair that is valid for some days from yesterday."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app")])
    start = datetime.now(UTC) - timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    return Pair(key, builder.sign(key, SHA256()))


@pytest.fixture(scope="module")
def application() -> Pair:
    """The application's pair."""
    return pair(rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="module")
def issuer() -> Pair:
    """Another pair, standing for the rest of a chain."""
    return pair(rsa.generate_private_key(65537, 2048))


def credential(path: Path, content: bytes, password: str | None = None) -> ClientCertificate:
    """The credential for a file with this content."""
    path.write_bytes(content)
    return ClientCertificate("app", path, password)


def test_every_usual_file_opens(tmp_path: Path, application: Pair, issuer: Pair) -> None:
    """Fails when an administrator must convert a file that other Azure tools take."""
    plain, locked = application.key_pem(), application.key_pem(CANARY)
    certificate, chain = application.certificate_pem(), issuer.certificate_pem()
    assert isinstance(application.key, rsa.RSAPrivateKey)
    archive = pkcs12.serialize_key_and_certificates
    files = {
        "key first": (plain + certificate, None),
        "certificate first": (certificate + plain, None),
        "chain with the leaf last": (chain + certificate + plain, None),
        "locked key": (certificate + locked, CANARY),
        "password for a key that has none": (certificate + plain, CANARY),
        "PKCS#12": (archive(b"app", application.key, application.certificate, None, NoEncryption()), None),
        "locked PKCS#12 with chain": (
            archive(
                b"app",
                application.key,
                application.certificate,
                [issuer.certificate],
                BestAvailableEncryption(CANARY.encode()),
            ),
            CANARY,
        ),
    }
    for name, (content, password) in files.items():
        loaded = load(credential(tmp_path / "file", content, password))
        assert x509.load_pem_x509_certificate(loaded.certificate.encode()) == application.certificate, name
        again = load_pem_private_key(loaded.private_key.encode(), None)
        assert again.public_key() == application.key.public_key(), name


def test_every_wrong_file_is_a_sentence(tmp_path: Path, application: Pair, issuer: Pair) -> None:
    """Fails when a wrong file gives a traceback, or shows its password."""
    certificate, locked = application.certificate_pem(), application.key_pem(CANARY)
    assert isinstance(application.key, rsa.RSAPrivateKey)
    archive = pkcs12.serialize_key_and_certificates(
        b"app", application.key, application.certificate, None, BestAvailableEncryption(CANARY.encode())
    )
    curve = pair(ec.generate_private_key(ec.SECP256R1()))
    old = pair(application.key, days=0)
    files = {
        "needs a password": (certificate + locked, None),
        "does not open with the password given": (certificate + locked, f"wrong {CANARY}"),
        "holds no private key": (certificate, None),
        "holds no certificate": (application.key_pem(), None),
        "holds no certificate for its private key": (issuer.certificate_pem() + application.key_pem(), None),
        "has a key that is not RSA": (curve.certificate_pem() + curve.key_pem(), None),
        "has expired on": (old.certificate_pem() + old.key_pem(), None),
        "is neither PEM nor PKCS#12": (b"hello", None),
        " does not open with the password given": (archive, f"wrong {CANARY}"),
    }
    for part, (content, password) in files.items():
        with pytest.raises(Misconfigured) as caught:
            load(credential(tmp_path / "file", content, password))
        assert part in str(caught.value)
        assert CANARY not in str(caught.value)
    with pytest.raises(Misconfigured, match="cannot be read"):
        load(ClientCertificate("app", tmp_path / "none.pem"))
