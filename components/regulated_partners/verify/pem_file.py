"""The certificates in a file that a partner handed over."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.utils import CryptographyDeprecationWarning

from regulated_partners.errors import CannotRunError
from regulated_partners.probing.certificates import certificate_facts

#: A chain has about 6 kB.
_LARGEST = 1024 * 1024
_MOST = 100
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_ADVICE = "Ask the partner for the certificate with its intermediates as PEM (or DER, or PKCS #7)."


@dataclass(frozen=True)
class CertificateFile:
    """What was in the file.

    Attributes:
        certificates: in the file's order; at least one.
        holds_private_key: whether a private key lay beside them, which nobody should send.
    """

    certificates: tuple[x509.Certificate, ...]
    holds_private_key: bool

    @property
    def leaf(self) -> x509.Certificate:
        """The first certificate that issued none of the others, which is the server's own."""
        issuers = {bytes(each.issuer.public_bytes()) for each in self.certificates if each.issuer != each.subject}
        leaves = (each for each in self.certificates if bytes(each.subject.public_bytes()) not in issuers)
        return next(leaves, self.certificates[0])

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The server's own certificate, then the others."""
        return (self.leaf, *(each for each in self.certificates if each != self.leaf))

    @property
    def leaf_is_first(self) -> bool:
        return self.leaf == self.certificates[0]


def read_certificate_file(path: Path) -> CertificateFile:
    """Reads PEM, DER or PKCS #7.

    Raises:
        CannotRunError: where the file cannot be read, holds no certificate, or a malformed one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise CannotRunError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > _LARGEST:
        raise CannotRunError(f"{path} is larger than {_LARGEST // 1024} kB, so it is no certificate file. {_ADVICE}")
    certificates = _certificates(data)
    if not certificates:
        raise CannotRunError(f"{path} holds no certificate that can be read. {_ADVICE}")
    try:
        # cryptography reads a certificate's fields when they are asked for: a malformed one must not show up later.
        for each in certificates[:_MOST]:
            certificate_facts(each)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise CannotRunError(f"A certificate in {path} is malformed: {reason}. {_ADVICE}") from None
    return CertificateFile(certificates[:_MOST], bool(_PRIVATE_KEY.search(data)))


def _certificates(data: bytes) -> tuple[x509.Certificate, ...]:
    for load in (
        x509.load_pem_x509_certificates,
        _load_der,
        pkcs7.load_pem_pkcs7_certificates,
        pkcs7.load_der_pkcs7_certificates,
    ):
        try:
            with warnings.catch_warnings():
                # It warns of what a CA did wrong, such as a serial number of 0: nothing for the operator's terminal.
                warnings.simplefilter("ignore", CryptographyDeprecationWarning)
                return tuple(load(data))
        except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm):
            continue
    return ()


def _load_der(data: bytes) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(data)]
