"""Reads the certificate file of an application: PEM with its key, or PKCS#12."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from exchange_online.admin_api.credentials import ClientCertificate
from exchange_online.admin_api.errors import Failure, Misconfigured

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate


@dataclass(frozen=True)
class KeyPair:
    """What MSAL signs with. certificate: PEM of the leaf. private_key: PEM without password, never shown."""

    certificate: str
    private_key: str = field(repr=False)


def load(credential: ClientCertificate, now: datetime | None = None) -> KeyPair:
    """The certificate and its key.

    Args:
        credential: whose file is read; the certificate that belongs to the key is found wherever it stands in a chain.
        now: the present moment, for the expiry; the clock unless given.

    Raises:
        Misconfigured: file, password, key type, pair or validity.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    try:
        content = credential.path.read_bytes()
    except OSError as error:
        raise _wrong(credential, f"cannot be read ({error.strerror})", "Check the path and its permissions.") from None
    pem = b"-----BEGIN " in content
    key, certificates = _pem(credential, content) if pem else _pkcs12(credential, content)
    if not isinstance(key, RSAPrivateKey):
        raise _wrong(
            credential, "has a key that is not RSA", "Entra accepts certificates with RSA keys for applications."
        )
    leaf = _leaf(credential, key, certificates)
    moment = now or datetime.now(UTC)
    if moment > leaf.not_valid_after_utc:
        raise _wrong(
            credential,
            f"has expired on {leaf.not_valid_after_utc:%Y-%m-%d}",
            "Add a new certificate to the application and use its file.",
        )
    return KeyPair(
        leaf.public_bytes(Encoding.PEM).decode("ascii"),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii"),
    )


def _pem(credential: ClientCertificate, content: bytes) -> tuple[object, list[Certificate]]:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificates

    try:
        certificates = load_pem_x509_certificates(content)
    except ValueError:
        raise _wrong(credential, "holds no certificate", "Put certificate and private key into one PEM file.") from None
    if b"PRIVATE KEY-----" not in content:
        raise _wrong(credential, "holds no private key", "Put certificate and private key into one PEM file.")
    with suppress(ValueError):
        # A password for a key that has none is harmless; a missing one is not.
        for password in (_password(credential), None):
            with suppress(TypeError):
                return load_pem_private_key(content, password), certificates
    raise _wrong_password(credential)


def _pkcs12(credential: ClientCertificate, content: bytes) -> tuple[object, list[Certificate]]:
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, _password(credential))
    except ValueError as error:
        if "password" in str(error).lower():
            raise _wrong_password(credential) from None
        raise _wrong(credential, "is neither PEM nor PKCS#12", "Export it as one of them.") from None
    if key is None:
        raise _wrong(credential, "holds no private key", "Export it again with the private key.")
    return key, [*([certificate] if certificate else []), *others]


def _leaf(credential: ClientCertificate, key: RSAPrivateKey, certificates: list[Certificate]) -> Certificate:
    for certificate in certificates:
        if certificate.public_key() == key.public_key():
            return certificate
    raise _wrong(
        credential, "holds no certificate for its private key", "Put the matching certificate and key together."
    )


def _password(credential: ClientCertificate) -> bytes | None:
    return credential.password.encode("utf-8") if credential.password else None


def _wrong_password(credential: ClientCertificate) -> Misconfigured:
    given = "does not open with the password given" if credential.password else "needs a password"
    return _wrong(credential, given, "Set AZURE_CLIENT_CERTIFICATE_PASSWORD to the password of the file's private key.")


def _wrong(credential: ClientCertificate, what: str, advice: str) -> Misconfigured:
    where = f"Reading the certificate of application {credential.client_id}"
    return Misconfigured(Failure(where=where, what=f"the file {credential.path} {what}", advice=advice))
