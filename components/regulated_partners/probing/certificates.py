"""What a certificate says, whether it chains up to a trusted root, and which roots those are. Without a connection.

Signatures, dates and constraints of a chain are checked by cryptography's path validation. Its profile for web servers
is loosened to what a TLS stack such as OpenSSL demands of any chain (no SAN, no key identifiers, no purpose): purposes
and names are judged apart, by what a connector demands. Source: tls-verification 0.7.

What Exchange Online trusts is documented as "a trusted CA" only. The roots of Mozilla, as certifi carries them, stand
in for it; a list of the Microsoft Trusted Root Program (CCADB) can be given instead. Source: tls-verification 2.3.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import (
    ClientVerifier,
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from regulated_partners.errors import CannotRunError
from regulated_partners.probing.names import PresentedNames
from regulated_partners.probing.strength import Fault, read_key, signature_faults

_E = TypeVar("_E", bound=x509.ExtensionType)
#: What cryptography raises for a field that cannot be read, beside ValueError.
_FAULTS = (x509.DuplicateExtension, x509.UnsupportedGeneralNameType, x509.InvalidVersion)
_LONGEST = 300
_LARGEST_FILE = 32 * 1024 * 1024


class ChainCause(StrEnum):
    """What a check of the certificate chain came to; each failure has its own cause."""

    TRUSTED = "trusted"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    SELF_SIGNED = "self-signed"
    UNKNOWN_ROOT = "unknown root"
    INCOMPLETE = "incomplete chain"
    WEAK = "weak key or signature"
    OTHER = "not valid"


@dataclass(frozen=True)
class ChainVerdict:
    """What OpenSSL, or a check as strict as it, says about a chain.

    Attributes:
        cause: the verdict.
        sentence: what is wrong with which certificate, without advice; for `TRUSTED`, up to which root.
        depth: of that certificate: 0 is the one that was shown, what follows its issuers.
    """

    cause: ChainCause
    sentence: str
    depth: int = 0

    @property
    def is_trusted(self) -> bool:
        return self.cause is ChainCause.TRUSTED


@dataclass(frozen=True)
class CertificateFacts:
    """One certificate.

    Attributes:
        names: what it is for.
        not_before, not_after: UTC.
        sha256, spki_sha256: of the certificate and of its public key, lower-case hexadecimal.
        key: `RSA 2048`, `EC secp256r1`.
        faults: why others do not take its key or its signature; nobody relies on the one by which it signs itself.
        signature_hash: `sha256`; None where the algorithm has none.
        is_ca: whether it may issue others.
        extended_key_usages: dotted numbers; None where the extension is missing, which allows every use.
        digital_signature: whether its key usage allows to sign a handshake; None where the extension is missing.
        crl_urls, ocsp_urls: where a peer asks for revocation.
        self_signed: whether it is its own issuer, and its own key signed it.
    """

    names: PresentedNames
    not_before: datetime.datetime
    not_after: datetime.datetime
    sha256: str
    spki_sha256: str
    key: str
    faults: tuple[Fault, ...]
    signature_hash: str | None
    is_ca: bool
    extended_key_usages: tuple[str, ...] | None
    digital_signature: bool | None
    crl_urls: tuple[str, ...]
    ocsp_urls: tuple[str, ...]
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
    except (*_FAULTS, UnsupportedAlgorithm, TypeError) as error:
        raise ValueError(str(error)) from None


def _facts(certificate: x509.Certificate) -> CertificateFacts:
    usages = _extension(certificate, x509.ExtendedKeyUsage)
    key_usage = _extension(certificate, x509.KeyUsage)
    constraints = _extension(certificate, x509.BasicConstraints)
    access = _extension(certificate, x509.AuthorityInformationAccess)
    points = _extension(certificate, x509.CRLDistributionPoints)
    key = read_key(certificate.public_key(), certificate.public_key_algorithm_oid.dotted_string)
    algorithm = certificate.signature_hash_algorithm
    hash_name, self_signed = None if algorithm is None else algorithm.name, _self_signed(certificate)
    signed_with = () if self_signed else signature_faults(hash_name, certificate.signature_algorithm_oid.dotted_string)
    return CertificateFacts(
        names=presented_names(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        spki_sha256=hashlib.sha256(public_key_der(certificate)).hexdigest(),
        key=key.name,
        faults=(*key.faults, *signed_with),
        signature_hash=hash_name,
        is_ca=bool(constraints and constraints.ca),
        extended_key_usages=None if usages is None else tuple(usage.dotted_string for usage in usages),
        digital_signature=None if key_usage is None else key_usage.digital_signature,
        crl_urls=tuple(_uris(name for point in points or () for name in point.full_name or ())),
        ocsp_urls=tuple(
            _uris(
                way.access_location for way in access or () if way.access_method == AuthorityInformationAccessOID.OCSP
            )
        ),
        self_signed=self_signed,
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


def public_key_der(certificate: x509.Certificate) -> bytes:
    """The public key (SubjectPublicKeyInfo), which a renewal may keep. Source: RFC 7671, selector 1."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _uris(names: Iterable[x509.GeneralName]) -> Iterable[str]:
    return (name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def _self_signed(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def judge_chain(
    certificates: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime.datetime
) -> ChainVerdict:
    """Checks a chain.

    Args:
        certificates: the server's own first, then its intermediates in any order; at least one.
        roots: the trusted ones.
        now: UTC.
    """
    leaf, intermediates = certificates[0], list(certificates[1:])
    if leaf in roots:
        return _dates((leaf,), now) or ChainVerdict(ChainCause.TRUSTED, "The certificate itself is among the roots.")
    try:
        verified = _verifier(roots, now).verify(leaf, intermediates)
    except (VerificationError, ValueError) as error:
        path = _path(leaf, intermediates)
        return _dates(path, now) or _unrooted(path, roots) or _weak(path) or _broken(path, error)
    # Of a root the trust stands in the list, so nobody looks at how it is signed.
    trusted = f"The chain ends in the trusted root {_name(verified.chain[-1].subject)}."
    return _weak(verified.chain[:-1]) or ChainVerdict(ChainCause.TRUSTED, trusted)


def _verifier(roots: Sequence[x509.Certificate], now: datetime.datetime) -> ClientVerifier:
    # cryptography sees to `cA` of the basic constraints itself, and leaves the key usage to the policy.
    authority = (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
    )
    builder = PolicyBuilder().store(Store(list(roots))).time(now)
    return builder.extension_policies(
        ca_policy=authority, ee_policy=ExtensionPolicy.permit_all()
    ).build_client_verifier()


def _may_sign(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("a CA's key usage does not allow it to sign certificates")


def _path(leaf: x509.Certificate, intermediates: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """The leaf and, as far as they are there, its issuers by name."""
    path = [leaf]
    while path[-1].issuer != path[-1].subject:
        issuers = [other for other in intermediates if other.subject == path[-1].issuer and other not in path]
        if not issuers:
            break
        path.append(issuers[0])
    return tuple(path)


def _dates(path: Sequence[x509.Certificate], now: datetime.datetime) -> ChainVerdict | None:
    for depth, certificate in enumerate(path):
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if end < now:
            text = f"{_which(depth, certificate)} expired on {end:%Y-%m-%d %H:%M} UTC."
            return ChainVerdict(ChainCause.EXPIRED, text)
        if begin > now:
            text = f"{_which(depth, certificate)} is not valid before {begin:%Y-%m-%d %H:%M} UTC."
            return ChainVerdict(ChainCause.NOT_YET_VALID, text)
    return None


def _weak(path: Sequence[x509.Certificate]) -> ChainVerdict | None:
    for depth, certificate in enumerate(path):
        grave = [fault for fault in certificate_facts(certificate).faults if fault.is_grave]
        if grave:
            text = f"{_which(depth, certificate)} {grave[0].clause}."
            return ChainVerdict(ChainCause.WEAK, text, depth)
    return None


def _unrooted(path: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]) -> ChainVerdict | None:
    """Where it ends in no trusted root."""
    top, is_alone = path[-1], len(path) == 1
    issuer, is_root = _name(top.issuer), top.issuer == top.subject
    is_known = any(top.issuer == root.subject for root in roots)
    if is_alone and is_root:
        return ChainVerdict(ChainCause.SELF_SIGNED, "The certificate is self-signed.")
    if is_root or not (is_alone or is_known):
        text = f"The chain ends in {issuer}, which is not among the trusted roots."
        return ChainVerdict(ChainCause.UNKNOWN_ROOT, text)
    if not is_known:
        # OpenSSL says the same (error 20) for a missing intermediate and for an unknown CA that issues directly.
        text = f"The certificate of its issuer {issuer} is missing, and that issuer is no trusted root."
        return ChainVerdict(ChainCause.INCOMPLETE, text)
    return None


def _broken(path: Sequence[x509.Certificate], error: Exception) -> ChainVerdict:
    reason = " ".join(str(error).split())[:_LONGEST]
    return ChainVerdict(ChainCause.OTHER, f"The chain up to {_name(path[-1].issuer)} is not valid: {reason}.")


def _which(depth: int, certificate: x509.Certificate) -> str:
    return "The certificate" if depth == 0 else f"The certificate of its issuer {_name(certificate.subject)}"


def _name(name: x509.Name) -> str:
    return name.rfc4514_string() or "(no name)"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """While certificates are read: no warnings of what a CA did wrong, such as a serial number of 0.

    Where it is a finding about the partner it is said as one, old roots are trusted all the same, and neither is news
    for the operator's terminal.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


class RootsError(CannotRunError):
    """Roots that cannot be read."""


def load_roots(path: Path | None) -> tuple[x509.Certificate, ...]:
    """The root certificates of a PEM file; certifi's unless given. Raises RootsError."""
    source = Path(certifi.where()) if path is None else path
    try:
        with source.open("rb") as file:
            data = file.read(_LARGEST_FILE)
        with quiet():
            return tuple(x509.load_pem_x509_certificates(data))
    except OSError as error:
        raise RootsError(f"The roots {source} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise RootsError(f"{source} holds no PEM certificates, so nothing can be trusted by it.") from None
