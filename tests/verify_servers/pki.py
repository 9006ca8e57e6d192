"""Certificates for the servers: a root, an intermediate, and leaves with one fault each."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Pki:
    """A CA of the tests, with an intermediate below its root."""

    def __init__(self, name: str = "Test") -> None:
        self.root = _issue(f"{name} root", None, authority=True)
        self.intermediate = _issue(f"{name} intermediate", self.root, authority=True)

    def leaf(
        self,
        common_name: str,
        names: tuple[str, ...],
        *,
        days: tuple[float, float] = (-10, 80),
        usages: tuple[x509.ObjectIdentifier, ...] = SERVER + CLIENT,
    ) -> Issued:
        """A certificate below the intermediate, valid from and until so many days from now."""
        return _issue(common_name, self.intermediate, names=names, days=days, usages=usages)


def self_signed(name: str) -> Issued:
    """A certificate that nobody issued."""
    return _issue(name, None, names=(name,), usages=SERVER)


def write_chain(folder: Path, name: str, leaf: Issued, *above: Issued) -> tuple[Path, Path]:
    """Writes the key and the chain. Returns their paths."""
    key, chain = folder / f"{name}.key", folder / f"{name}.pem"
    key.touch(mode=0o600)
    key.write_text(leaf.key_pem)
    chain.write_text("".join(each.pem for each in (leaf, *above)))
    return key, chain


def _issue(
    common_name: str,
    issuer: Issued | None,
    *,
    names: tuple[str, ...] = (),
    days: tuple[float, float] = (-10, 80),
    usages: tuple[x509.ObjectIdentifier, ...] = (),
    authority: bool = False,
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    above = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * _DAY)
        .not_valid_after(now + days[1] * _DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    return Issued(builder.sign(above, hashes.SHA256()), key)
