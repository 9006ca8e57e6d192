"""The listener's own certificate: one that the operator gives, or a self-signed one for this run."""

from __future__ import annotations

import datetime
import ssl
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from regulated_partners.errors import CannotRunError

_NAME = "verification-listener.invalid"


def listener_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """TLS settings of a server.

    Args:
        certificate: the chain, PEM; None for a self-signed certificate, which a sender with forced TLS refuses.
        key: its private key; None where it stands in the same file.

    Raises:
        CannotRunError: where they cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate is None:
        _load_self_signed(context)
        return context
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except OSError as error:
        what = error.strerror if not isinstance(error, ssl.SSLError) else "they are no PEM, or do not belong together"
        files = f"{certificate}" + (f" and {key}" if key else "")
        raise CannotRunError(f"The listener's certificate and key ({files}) cannot be used: {what}.") from None
    except ValueError:
        raise CannotRunError(f"The key of {certificate} is encrypted: give one that needs no password.") from None
    return context


def _no_password() -> str:
    raise ValueError


def _load_self_signed(context: ssl.SSLContext) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    # Python's ssl takes certificates from files only.
    with tempfile.NamedTemporaryFile("wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.write(certificate.public_bytes(Encoding.PEM))
        file.flush()
        context.load_cert_chain(file.name)
