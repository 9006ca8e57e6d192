"""The certificates that a client sends in a handshake, as they pass by: also those that OpenSSL then refuses.

Python's ssl aborts a handshake whose client certificate does not verify, and shows nothing of it; the capture is
about just these certificates. So they are read from the handshake message itself. Source: RFC 5246 7.4.2, RFC 8446
4.4.2.
"""

from __future__ import annotations

import ssl
from weakref import WeakKeyDictionary

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

_CERTIFICATE = 11
_HEADER = 4
_MOST = 20


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
        for each in chain:
            context.load_verify_locations(cadata=each.public_bytes(Encoding.PEM).decode("ascii"))


def read_chain(body: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a handshake message `Certificate`, without its header; empty where it holds none."""
    for offset, extensions in ((0, False), (1 + (body[0] if body else 0), True)):
        found = _entries(body, offset, extensions)
        if found is not None:
            return _loaded(found)
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


def _loaded(entries: list[bytes]) -> tuple[x509.Certificate, ...]:
    try:
        return tuple(x509.load_der_x509_certificate(each) for each in entries[:_MOST])
    except ValueError:
        return ()
