"""TLS as a sending server makes it, without judging the certificate: that is done afterwards, with all causes apart."""

from __future__ import annotations

import base64
import ssl
import warnings
from dataclasses import dataclass
from typing import Any

from regulated_partners.probing.deliverable import SUITES, group_name
from regulated_partners.probing.tls_hello import server_group

_CERTIFICATE_REQUEST = 13  # Source: RFC 8446 4, HandshakeType.
_HANDSHAKE = 22  # Source: RFC 8446 5.1, ContentType.


@dataclass(frozen=True)
class Contexts:
    """TLS settings, shared by all connections.

    Attributes:
        current: TLS 1.2 or newer with Exchange Online's suites; Python offers all of TLS 1.3, and all groups.
        old: everything that OpenSSL still can, to tell "old TLS only" from "no TLS".
    """

    current: ssl.SSLContext
    old: ssl.SSLContext


def contexts() -> Contexts:
    """Both settings; they take any certificate."""
    current, old = _open_context(), _open_context()
    current.minimum_version = ssl.TLSVersion.TLSv1_2
    current.set_ciphers(":".join(suite.openssl for suite in SUITES))
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
    # The only way that Python has to learn the group, and that a server asks for a certificate.
    if hasattr(context, "_msg_callback"):
        setattr(context, "_msg_callback", _note_request)  # noqa: B010 - it is not in the type stubs
    return context


def _note_request(
    connection: object, direction: str, _version: object, content: object, message: object, data: bytes
) -> None:
    # Attributes of our own on the socket, which Python's stubs do not know.
    if direction != "read" or content != _HANDSHAKE or not isinstance(message, int):
        return
    if message == _CERTIFICATE_REQUEST:
        setattr(connection, "asked_for_certificate", True)  # noqa: B010
    elif (group := server_group(message, data)) is not None:
        setattr(connection, "used_group", group)  # noqa: B010


def asked_for_certificate(connection: ssl.SSLSocket) -> bool:
    """Whether the handshake asked for a client certificate, also one that failed."""
    return bool(getattr(connection, "asked_for_certificate", False))


def used_group(connection: ssl.SSLSocket) -> str | None:
    """The group in which both sides agreed on keys; None without one, or where Python does not show it."""
    group = getattr(connection, "used_group", None)
    return None if group is None else group_name(group)


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
