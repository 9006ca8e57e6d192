"""TLS as a sending server makes it, without judging the certificate: that is done afterwards, with all causes apart."""

from __future__ import annotations

import base64
import ssl
import warnings
from dataclasses import dataclass
from typing import Any

_CERTIFICATE_REQUEST = 13  # Source: RFC 8446 4, HandshakeType.


@dataclass(frozen=True)
class Contexts:
    """TLS settings, shared by all connections.

    Attributes:
        current: TLS 1.2 or newer, as Exchange Online does. Source: techcommunity 2065089.
        old: everything that OpenSSL still can, to tell "old TLS only" from "no TLS".
    """

    current: ssl.SSLContext
    old: ssl.SSLContext


def contexts() -> Contexts:
    """Both settings; they take any certificate."""
    current, old = _open_context(), _open_context()
    current.minimum_version = ssl.TLSVersion.TLSv1_2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("ALL:@SECLEVEL=0")
    return Contexts(current, old)


def _open_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # The only way that Python has to learn that a server asks for a certificate; without it that stays unknown.
    if hasattr(context, "_msg_callback"):
        setattr(context, "_msg_callback", _note_request)  # noqa: B010 - it is not in the type stubs
    return context


def _note_request(
    connection: object, direction: str, _version: object, _content: object, message: object, _data: bytes
) -> None:
    if direction == "read" and message == _CERTIFICATE_REQUEST:
        setattr(connection, "asked_for_certificate", True)  # noqa: B010 - an attribute of our own on the socket


def asked_for_certificate(connection: ssl.SSLSocket) -> bool:
    """Whether the handshake asked for a client certificate, also one that failed."""
    return bool(getattr(connection, "asked_for_certificate", False))


def presented_chain(connection: ssl.SSLSocket) -> tuple[str, ...]:
    """The chain as the server sent it, DER in Base64, its own certificate first."""
    # Python 3.13 has it as a method of the socket; before that only the inner object does.
    inner: Any = getattr(connection, "_sslobj", None)
    chain = getattr(connection, "get_unverified_chain", None) or getattr(inner, "get_unverified_chain", None)
    if chain is None:
        leaf = connection.getpeercert(binary_form=True)
        return (base64.b64encode(leaf).decode(),) if leaf else ()
    return tuple(base64.b64encode(_der(certificate)).decode() for certificate in chain() or ())


def _der(certificate: Any) -> bytes:
    if isinstance(certificate, bytes):
        return certificate
    return ssl.PEM_cert_to_DER_cert(certificate.public_bytes())


def reason(error: ssl.SSLError) -> str:
    """OpenSSL's reason in words: `tlsv1 alert protocol version`."""
    return (error.reason or "the connection ended").replace("_", " ").lower()
