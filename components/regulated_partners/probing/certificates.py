"""What a certificate says, as far as forced TLS depends on it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from regulated_partners.probing.names import PresentedNames

_E = TypeVar("_E", bound=x509.ExtensionType)


@dataclass(frozen=True)
class CertificateFacts:
    """One certificate.

    Attributes:
        names: what it is for.
        issuer: its issuer, as RFC 4514 writes it.
        not_before, not_after: UTC.
        sha256, spki_sha256: of the certificate and of its public key, lower-case hexadecimal.
        key: `RSA 2048`, `EC secp256r1`.
        signature_hash: `sha256`; None where the algorithm has none.
        is_ca: whether it may issue others.
        extended_key_usages: dotted numbers; None where the extension is missing, which allows every use.
        digital_signature: whether its key usage allows to sign a handshake; None where the extension is missing.
        crl_urls, ocsp_urls, issuer_urls: where a peer asks for revocation and for the issuer's certificate.
        self_signed: whether it is its own issuer, and its own key signed it.
    """

    names: PresentedNames
    issuer: str
    not_before: datetime.datetime
    not_after: datetime.datetime
    sha256: str
    spki_sha256: str
    key: str
    key_bits: int | None
    signature_hash: str | None
    is_ca: bool
    extended_key_usages: tuple[str, ...] | None
    digital_signature: bool | None
    crl_urls: tuple[str, ...]
    ocsp_urls: tuple[str, ...]
    issuer_urls: tuple[str, ...]
    self_signed: bool

    @property
    def serves_as_server(self) -> bool:
        """Whether its extended key usages allow to show it as a server."""
        return self._allows(ExtendedKeyUsageOID.SERVER_AUTH.dotted_string)

    @property
    def serves_as_client(self) -> bool:
        """Whether its extended key usages allow to show it as a client, which a sending server is."""
        return self._allows(ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string)

    def days_left(self, now: datetime.datetime) -> int:
        """Whole days until it expires; negative after that."""
        return (self.not_after - now) // datetime.timedelta(days=1)

    def _allows(self, purpose: str) -> bool:
        usages = self.extended_key_usages
        return usages is None or purpose in usages or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE.dotted_string in usages


def certificate_facts(certificate: x509.Certificate) -> CertificateFacts:
    """Reads a certificate.

    Raises:
        ValueError: where one of its fields cannot be read, with what cryptography says.
    """
    try:
        return _facts(certificate)
    except (
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        x509.InvalidVersion,
        UnsupportedAlgorithm,
        TypeError,
    ) as error:
        raise ValueError(str(error)) from None


def _facts(certificate: x509.Certificate) -> CertificateFacts:
    usages = _extension(certificate, x509.ExtendedKeyUsage)
    key_usage = _extension(certificate, x509.KeyUsage)
    constraints = _extension(certificate, x509.BasicConstraints)
    access = _extension(certificate, x509.AuthorityInformationAccess)
    points = _extension(certificate, x509.CRLDistributionPoints)
    key, bits = _key(certificate)
    return CertificateFacts(
        names=presented_names(certificate),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        spki_sha256=spki_sha256(certificate),
        key=key,
        key_bits=bits,
        signature_hash=_signature_hash(certificate),
        is_ca=bool(constraints and constraints.ca),
        extended_key_usages=None if usages is None else tuple(usage.dotted_string for usage in usages),
        digital_signature=None if key_usage is None else key_usage.digital_signature,
        crl_urls=tuple(_uris(name for point in points or () for name in point.full_name or ())),
        ocsp_urls=tuple(_access(access, AuthorityInformationAccessOID.OCSP)),
        issuer_urls=tuple(_access(access, AuthorityInformationAccessOID.CA_ISSUERS)),
        self_signed=_self_signed(certificate),
    )


def presented_names(certificate: x509.Certificate) -> PresentedNames:
    """The names in a certificate: every common name of the subject, every DNS name of the SAN extension."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    alternative = _extension(certificate, x509.SubjectAlternativeName)
    return PresentedNames(
        common_names=tuple(str(attribute.value) for attribute in found),
        dns_names=() if alternative is None else tuple(alternative.get_values_for_type(x509.DNSName)),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
    )


def spki_sha256(certificate: x509.Certificate) -> str:
    """The digest of the public key (SubjectPublicKeyInfo), which a renewal may keep. Source: RFC 7671, selector 1."""
    der = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    return digest.finalize().hex()


def _extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _uris(names: Iterable[x509.GeneralName]) -> Iterable[str]:
    return (name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def _access(access: x509.AuthorityInformationAccess | None, method: x509.ObjectIdentifier) -> Iterable[str]:
    return _uris(each.access_location for each in access or () if each.access_method == method)


def _key(certificate: x509.Certificate) -> tuple[str, int | None]:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}", key.curve.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}", key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519", None
    return ("Ed448" if isinstance(key, ed448.Ed448PublicKey) else type(key).__name__), None


def _signature_hash(certificate: x509.Certificate) -> str | None:
    algorithm = certificate.signature_hash_algorithm
    return None if algorithm is None else algorithm.name


def _self_signed(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
