"""Certificates as partners have them, good and broken, made on the spot."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
BOTH_USAGES = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
SERVER_ONLY = (ExtendedKeyUsageOID.SERVER_AUTH,)
CLIENT_ONLY = (ExtendedKeyUsageOID.CLIENT_AUTH,)

Key = (
    ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
    | dsa.DSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
_SHA256 = hashes.SHA256()
#: sha256WithRSAEncryption and sha1WithRSAEncryption, which are equally long. Source: RFC 8017 A.2.4.
_RSA_SHA256, _RSA_SHA1 = bytes.fromhex("06092a864886f70d01010b"), bytes.fromhex("06092a864886f70d010105")


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def issued(
    common_name: str | None,
    issuer: Issued | None,
    *,
    names: Sequence[str] = (),
    days: tuple[float, float] = (-30, 330),
    usages: Sequence[x509.ObjectIdentifier] | None = BOTH_USAGES,
    is_ca: bool = False,
    key: Key | None = None,
    urls: tuple[str, str] | None = None,
    digital_signature: bool | None = None,
    key_cert_sign: bool | None = None,
    now: datetime.datetime = NOW,
    signed_with: hashes.SHA224 | hashes.SHA256 = _SHA256,
) -> Issued:
    """Issues a certificate; without an issuer it is self-signed.

    Args:
        common_name: None for an empty subject.
        issuer: who signs.
        names: DNS names of the SAN extension.
        days: of validity, counted from `now`.
        usages: extended key usages; None leaves the extension out.
        is_ca: whether it may sign others.
        key: an EC key unless given.
        urls: of CRL and OCSP.
        digital_signature, key_cert_sign: of the key usage; None for both leaves the extension out.
        now: UTC.
        signed_with: the hash of the signature; an Edwards curve has none.
    """
    own = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])
    begin, end = (now + datetime.timedelta(days=each) for each in days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False)
    if usages and not is_ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), False)
    if urls:
        builder = _with_urls(builder, *urls)
    if digital_signature is not None or key_cert_sign is not None:
        flags = [bool(digital_signature), False, True, False, False, bool(key_cert_sign), False, False, False]
        builder = builder.add_extension(x509.KeyUsage(*flags), True)
    signer = issuer.key if issuer else own
    if isinstance(signer, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return Issued(builder.sign(signer, None), own)
    return Issued(builder.sign(signer, signed_with), own)


def with_sha1(certificate: Issued, issuer: Issued) -> Issued:
    """The same, signed with SHA-1 by the RSA key that issued it; the library itself signs so no more."""
    assert isinstance(issuer.key, rsa.RSAPrivateKey)
    der = certificate.certificate.public_bytes(serialization.Encoding.DER).replace(_RSA_SHA256, _RSA_SHA1)
    signed = certificate.certificate.tbs_certificate_bytes.replace(_RSA_SHA256, _RSA_SHA1)
    signature = issuer.key.sign(signed, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - what is tested
    return Issued(x509.load_der_x509_certificate(der[: -len(signature)] + signature), certificate.key)


def _with_urls(builder: x509.CertificateBuilder, crl: str, ocsp: str) -> x509.CertificateBuilder:
    point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp))
    return builder.add_extension(x509.CRLDistributionPoints([point]), False).add_extension(
        x509.AuthorityInformationAccess([access]), False
    )


def root(name: str = "Test Root") -> Issued:
    """A root, the same for a name in one run."""
    return _authority(name, None)


def intermediate(name: str = "Test Issuing CA", root_name: str = "Test Root") -> Issued:
    """A CA below a root, the same for its names in one run."""
    return _authority(name, root_name)


@cache
def _authority(name: str, above: str | None) -> Issued:
    days = (-1000, 1000) if above else (-3650, 3650)
    return issued(name, root(above) if above else None, is_ca=True, days=days)
