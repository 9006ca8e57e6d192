"""The capture listener: its certificate, the clients' certificates, and how one message came.

It takes one message of a partner, throws its text away, relays nothing and stores no content: the connection's TLS,
the client's certificate and the envelope are kept. Python's ssl aborts a handshake whose client certificate does not
verify, and shows nothing of it; the capture is about just these certificates. So they are read from the handshake
message itself. Source: RFC 5246 7.4.2, RFC 8446 4.4.2.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import ssl
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from weakref import WeakKeyDictionary

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from regulated_partners.errors import CannotRunError
from regulated_partners.probing.certificates import quiet

_NAME = "verification-listener.invalid"
_CERTIFICATE = 11
_HEADER = 4
_MOST = 20
#: Octets of a message, and seconds of silence, that a sender may have.
_LARGEST, _IDLE = 1024 * 1024, 60.0


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


class SeenHandshakes:
    """What the clients of one listener have sent.

    Attributes:
        last: the latest chain, of whatever connection; empty before the first.
    """

    def __init__(self) -> None:
        self.last: tuple[x509.Certificate, ...] = ()
        self._chains: WeakKeyDictionary[object, tuple[x509.Certificate, ...]] = WeakKeyDictionary()

    def watch(self, context: ssl.SSLContext) -> None:
        """Asks the clients of this context for a certificate, records it, and takes whatever comes if it can be."""
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        # A resumed session brings no certificate.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0

        def message(tls: object, direction: str, _version: object, _content: object, kind: object, data: bytes) -> None:
            if direction == "read" and kind == _CERTIFICATE:
                self._record(context, tls, data)

        setattr(context, "_msg_callback", message)  # noqa: B010 - it is not in the type stubs

    def of(self, tls: object) -> tuple[x509.Certificate, ...]:
        """The chain that came with a connection; empty where none did."""
        return self._chains.get(tls, ())

    def _record(self, context: ssl.SSLContext, tls: object, data: bytes) -> None:
        chain = read_chain(data[_HEADER:])
        self._chains[tls] = chain
        self.last = chain or self.last
        # OpenSSL checks the chain after this. Nothing is protected by it here: it only must not end the capture.
        for certificate in chain:
            context.load_verify_locations(cadata=certificate.public_bytes(Encoding.PEM).decode("ascii"))


def read_chain(body: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a handshake message `Certificate`, without its header; empty where it holds none."""
    forms = ((0, False), (1 + (body[0] if body else 0), True))
    entries = next((found for form in forms if (found := _entries(body, *form)) is not None), [])
    with quiet(), contextlib.suppress(ValueError):
        return tuple(x509.load_der_x509_certificate(entry) for entry in entries[:_MOST])
    return ()


def _entries(body: bytes, offset: int, extensions: bool) -> list[bytes] | None:
    """The entries of the list at `offset`, None where the lengths do not fit: then it is the other version's form."""
    end = offset + 3 + int.from_bytes(body[offset : offset + 3], "big")
    position, found = offset + 3, []
    if end != len(body):
        return None
    while position < end:
        size = int.from_bytes(body[position : position + 3], "big")
        found.append(body[position + 3 : position + 3 + size])
        position += 3 + size
        if extensions:
            position += 2 + int.from_bytes(body[position : position + 2], "big")
    return found if position == end else None


@dataclass(frozen=True)
class Captured:
    """How one message came, or the handshake that ended before it.

    Attributes:
        address: of the sender; None where only a handshake was seen.
        helo: what it calls itself.
        mail_from, recipients: the envelope.
        version, cipher: None where it came in clear text.
        chain: of the client, its own certificate first; empty where it showed none.
        delivered: whether a message came.
        refused_chain: of a handshake that failed before the message came in clear text.
    """

    address: str | None
    helo: str
    mail_from: str
    recipients: tuple[str, ...]
    version: str | None
    cipher: str | None
    chain: tuple[x509.Certificate, ...]
    delivered: bool = True
    refused_chain: tuple[x509.Certificate, ...] = ()


class Listener:
    """A capture listener. A context manager.

    Args:
        address, port: to listen at.
        context: with the listener's own certificate; it is made to ask clients for theirs.

    Raises:
        CannotRunError: on entry, where the address or the port cannot be had.
    """

    def __init__(self, address: str, port: int, context: ssl.SSLContext) -> None:
        self._handshakes = SeenHandshakes()
        self._handshakes.watch(context)
        self._captured: Captured | None = None
        self._done = threading.Event()
        self._address, self._port = address, port
        # What strangers do is evidence, and no error of ours.
        for name in ("mail.log", "mail.debug", "asyncio"):
            logger = logging.getLogger(name)
            logger.addHandler(logging.NullHandler())
            logger.propagate = False
        self._controller = Controller(
            self,
            hostname=address,
            port=port,
            tls_context=context,
            data_size_limit=_LARGEST,
            ident="verification listener",
            timeout=_IDLE,
        )

    def wait(self, seconds: float) -> Captured | None:
        """What came within this time: a message, or else a handshake that ended before one; None for neither.

        Ctrl-C ends the waiting, not the command: what was seen until then counts.
        """
        with contextlib.suppress(KeyboardInterrupt):
            self._done.wait(seconds)
        chain = self._handshakes.last
        handshake = Captured(None, "", "", (), None, None, chain, delivered=False) if chain else None
        return self._captured or handshake

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Takes a message, in the controller's thread. Source: aiosmtpd, handler hooks."""
        tls: Any = server.transport.get_extra_info("ssl_object") if server.transport else None
        cipher = tls.cipher() if tls is not None else None
        peer = session.peer
        self._captured = Captured(
            address=str(peer[0]) if isinstance(peer, tuple) else None,
            helo=session.host_name or "",
            mail_from=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            version=tls.version() if tls is not None else None,
            cipher=cipher[0] if cipher else None,
            chain=self._handshakes.of(tls) if tls is not None else (),
            refused_chain=self._handshakes.last if tls is None else (),
        )
        self._done.set()
        return "250 2.0.0 Captured for verification; the text was thrown away"

    def __enter__(self) -> Self:
        try:
            self._controller.start()
        except OSError as error:
            raise CannotRunError(
                f"{self._address} port {self._port} cannot be listened at: {error.strerror}. Name another with "
                "--listen ADDRESS:PORT; ports below 1024 need root."
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()
