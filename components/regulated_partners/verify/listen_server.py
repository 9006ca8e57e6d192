"""A listener to which a partner sends one message: it records how the message came, and throws the text away.

It relays nothing and stores no content. The connection's TLS, the client's certificate and the envelope are kept.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509

from regulated_partners.errors import CannotRunError
from regulated_partners.verify.listen_handshake import SeenHandshakes

#: Octets of a message, and seconds of silence, that a sender may have.
_LARGEST, _IDLE = 1024 * 1024, 60.0


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


class _Handler:
    """The events of aiosmtpd. It runs in the controller's thread."""

    def __init__(self, handshakes: SeenHandshakes) -> None:
        self._handshakes = handshakes
        self.captured: Captured | None = None
        self.done = threading.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Source: aiosmtpd, handler hooks."""
        tls: Any = server.transport.get_extra_info("ssl_object") if server.transport else None
        cipher = tls.cipher() if tls is not None else None
        peer = session.peer
        self.captured = Captured(
            address=str(peer[0]) if isinstance(peer, tuple) else None,
            helo=session.host_name or "",
            mail_from=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            version=tls.version() if tls is not None else None,
            cipher=cipher[0] if cipher else None,
            chain=self._handshakes.of(tls) if tls is not None else (),
            refused_chain=self._handshakes.last if tls is None else (),
        )
        self.done.set()
        return "250 2.0.0 Captured for verification; the text was thrown away"


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
        self._handler = _Handler(self._handshakes)
        self._address, self._port = address, port
        # What strangers do is evidence, and no error of ours.
        _silence()
        self._controller = Controller(
            self._handler,
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
            self._handler.done.wait(seconds)
        return self._handler.captured or self._refused()

    def _refused(self) -> Captured | None:
        chain = self._handshakes.last
        return Captured(None, "", "", (), None, None, chain, delivered=False) if chain else None

    def __enter__(self) -> Self:
        try:
            self._controller.start()
        except OSError as error:
            raise CannotRunError(
                f"{self._address} port {self._port} cannot be listened at: {error.strerror}. Name another with "
                "--listen ADDRESS:PORT; ports below 1024 need root."
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()


def _silence() -> None:
    for name in ("mail.log", "mail.debug", "asyncio"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
