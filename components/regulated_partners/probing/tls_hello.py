"""A TLS handshake with exactly one offer, as far as the server's certificate: Python's own TLS takes no such offers.

Nothing secret goes over it, and nobody is authenticated by it: it only asks what a server would answer. Under TLS 1.3
the certificate comes encrypted, so the keys of the handshake are made. Source: RFC 8446 4.1, 4.4.2, 5, 7; RFC 5246 7.4.
"""

from __future__ import annotations

import hmac
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.deliverable import TLS_1_3, Offer

_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _ENCRYPTED = 20, 21, 22, 23
_SERVER_HELLO, _CERTIFICATE, _KEY_EXCHANGE, _DONE = 2, 11, 12, 14
_MOST_BYTES = 512 * 1024
#: The random of a ServerHello that asks for another hello. Source: RFC 8446 4.1.3.
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
_ALERTS = {
    40: "handshake failure",
    42: "bad certificate",
    47: "illegal parameter",
    70: "protocol version",
    71: "insufficient security",
    80: "internal error",
    109: "missing extension",
    112: "unrecognized name",
}
_CURVES: dict[int, ec.EllipticCurve] = {0x0017: ec.SECP256R1(), 0x0018: ec.SECP384R1()}
_X25519 = 0x001D


@dataclass(frozen=True)
class Answer:
    """What a server answers: numbers of IANA, and its chain in DER, its own certificate first."""

    version: int
    suite: int
    group: int | None
    chain: tuple[bytes, ...]


class RefusedError(Exception):
    """The server takes no such handshake; the text is a clause."""


class NoHandshakeError(Exception):
    """What came is no handshake that can be read; the text is a clause."""


def first_answer(connection: socket.socket, host: str | None, offer: Offer, deadline: Deadline) -> Answer:
    """Says hello with an offer, and reads as far as the certificate.

    Raises:
        RefusedError, NoHandshakeError: see there.
        OSError: from the connection, and TimeoutError by the deadline.
    """
    keys = {group: _private_key(group) for group in offer.groups}
    hello = _client_hello(host, offer, {group: _public(key) for group, key in keys.items()})
    connection.settimeout(deadline.left())
    connection.sendall(struct.pack("!BHH", _HANDSHAKE, 0x0301, len(hello)) + hello)
    messages = _Messages(connection, deadline)
    kind, body = messages.next()
    if kind != _SERVER_HELLO:
        raise NoHandshakeError(f"the server begins with a message {kind}")
    try:
        server = _server_hello(body)
        if server.version == TLS_1_3:
            secret = _shared(keys, server)
            messages.decrypt(_Decryption(secret, server.suite, hello + _message(kind, body)))
        return _to_certificate(messages, server)
    except (struct.error, IndexError, ValueError, InvalidTag):
        raise NoHandshakeError("its handshake cannot be read") from None


_PrivateKey = ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey


def _private_key(group: int) -> _PrivateKey:
    return x25519.X25519PrivateKey.generate() if group == _X25519 else ec.generate_private_key(_CURVES[group])


def _public(key: _PrivateKey) -> bytes:
    if isinstance(key, x25519.X25519PrivateKey):
        return key.public_key().public_bytes_raw()
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _client_hello(host: str | None, offer: Offer, shares: dict[int, bytes]) -> bytes:
    """Source: RFC 8446 4.1.2 and appendix D.4 (a session id for boxes in between that know TLS 1.2 only)."""
    body = struct.pack("!H", 0x0303) + os.urandom(32) + b"\x20" + os.urandom(32)
    body += _vector(2, _numbers(offer.suites)) + b"\x01\x00"
    extensions = _extension(0, _vector(2, b"\x00" + _vector(2, host.encode("ascii")))) if host else b""
    extensions += _extension(10, _vector(2, _numbers(offer.groups)))
    extensions += _extension(11, b"\x01\x00")
    extensions += _extension(13, _vector(2, _numbers(offer.schemes)))
    extensions += _extension(23, b"") + _extension(0xFF01, b"\x00")
    extensions += _extension(43, _vector(1, _numbers(offer.versions)))
    shared = b"".join(struct.pack("!H", group) + _vector(2, share) for group, share in shares.items())
    extensions += _extension(51, _vector(2, shared))
    return _message(1, body + _vector(2, extensions))


def _numbers(values: tuple[int, ...]) -> bytes:
    return b"".join(struct.pack("!H", value) for value in values)


def _vector(size: int, content: bytes) -> bytes:
    return len(content).to_bytes(size, "big") + content


def _extension(number: int, content: bytes) -> bytes:
    return struct.pack("!H", number) + _vector(2, content)


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _vector(3, body)


class _Reader:
    """Reads a message's fields in their order; raises ValueError where it is too short."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, count: int) -> bytes:
        """The next bytes."""
        if count > len(self._data):
            raise ValueError
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def number(self, size: int) -> int:
        """The next number."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> _Reader:
        """What follows its own length."""
        return _Reader(self.take(self.number(size)))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data))

    def __bool__(self) -> bool:
        return bool(self._data)


@dataclass(frozen=True)
class _ServerHello:
    version: int
    suite: int
    group: int | None = None
    share: bytes = b""


def _server_hello(body: bytes) -> _ServerHello:
    read = _Reader(body)
    version, random = read.number(2), read.take(32)
    if random == _RETRY:
        raise RefusedError("the server asks for a group that was not offered")
    read.vector(1)
    suite = read.number(2)
    read.take(1)
    group, share = None, b""
    extensions = read.vector(2) if read else _Reader(b"")
    while extensions:
        number, content = extensions.number(2), extensions.vector(2)
        if number == 43:
            version = content.number(2)
        elif number == 51:
            group, share = content.number(2), content.vector(2).rest()
    return _ServerHello(version, suite, group, share)


def server_group(kind: int, message: bytes) -> int | None:
    """The group that a ServerHello of TLS 1.3, or a ServerKeyExchange of TLS 1.2, names; None for everything else.

    Args:
        kind: the number of the message.
        message: with its header of four bytes.
    """
    try:
        if kind == _SERVER_HELLO:
            return _server_hello(message[4:]).group
        return _named_curve(message[4:]) if kind == _KEY_EXCHANGE else None
    except (ValueError, RefusedError):
        return None


def _named_curve(body: bytes) -> int | None:
    """Source: RFC 8422 5.4; 3 is `named_curve`."""
    read = _Reader(body)
    return read.number(2) if read.number(1) == 3 else None


def _to_certificate(messages: _Messages, server: _ServerHello) -> Answer:
    chain: tuple[bytes, ...] = ()
    group = server.group
    while True:
        kind, body = messages.next()
        if kind == _CERTIFICATE:
            chain = tuple(_certificates(body, modern=server.version == TLS_1_3))
            if server.version == TLS_1_3:
                return Answer(server.version, server.suite, group, chain)
        elif kind == _KEY_EXCHANGE:
            group = _named_curve(body)
        elif kind == _DONE:
            return Answer(server.version, server.suite, group, chain)


def _certificates(body: bytes, *, modern: bool) -> Iterator[bytes]:
    read = _Reader(body)
    if modern:
        read.vector(1)
    entries = read.vector(3)
    while entries:
        yield entries.vector(3).rest()
        if modern:
            entries.vector(2)


class _Messages:
    """The handshake messages that come over a connection."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection, self._deadline = connection, deadline
        self._raw, self._plain, self._read = b"", b"", 0
        self._decryption: _Decryption | None = None

    def decrypt(self, decryption: _Decryption) -> None:
        """What follows is encrypted."""
        self._decryption = decryption

    def next(self) -> tuple[int, bytes]:
        """The next message: its number and body."""
        while len(self._plain) < 4 or len(self._plain) < 4 + int.from_bytes(self._plain[1:4], "big"):
            self._record()
        end = 4 + int.from_bytes(self._plain[1:4], "big")
        message, self._plain = self._plain[:end], self._plain[end:]
        return message[0], message[4:]

    def _record(self) -> None:
        header = self._bytes(5)
        kind, _, length = struct.unpack("!BHH", header)
        if kind not in (_CHANGE_CIPHER, _ALERT, _HANDSHAKE, _ENCRYPTED):
            raise NoHandshakeError("what comes is no TLS")
        content = self._bytes(length)
        if kind == _ENCRYPTED and self._decryption is not None:
            kind, content = self._decryption.opened(header, content)
        if kind == _ALERT:
            number = content[1] if len(content) > 1 else 0
            raise RefusedError(_ALERTS.get(number, f"alert {number}"))
        if kind == _HANDSHAKE:
            self._plain += content

    def _bytes(self, count: int) -> bytes:
        while len(self._raw) < count:
            self._connection.settimeout(self._deadline.left())
            received = self._connection.recv(16384)
            self._read += len(received)
            if not received:
                raise RefusedError("it closes the connection")
            if self._read > _MOST_BYTES:
                raise NoHandshakeError("its handshake has no end")
            self._raw += received
        taken, self._raw = self._raw[:count], self._raw[count:]
        return taken


def _shared(keys: dict[int, _PrivateKey], server: _ServerHello) -> bytes:
    key = keys.get(server.group or 0)
    if isinstance(key, x25519.X25519PrivateKey):
        return key.exchange(x25519.X25519PublicKey.from_public_bytes(server.share))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(key.curve, server.share))
    raise NoHandshakeError("it takes a group that was not offered")


class _Decryption:
    """Opens the server's records of a handshake of TLS 1.3. Source: RFC 8446 5.2, 5.3, 7.1.

    Args:
        shared: what both sides made of their key shares.
        suite: with AES-GCM.
        hellos: both.
    """

    def __init__(self, shared: bytes, suite: int, hellos: bytes) -> None:
        is_long = suite == 0x1302
        self._hash: hashes.SHA384 | hashes.SHA256 = hashes.SHA384() if is_long else hashes.SHA256()
        zero = bytes(self._hash.digest_size)
        early = self._extract(zero, zero)
        secret = self._extract(self._expand(early, "derived", self._digest(b""), self._hash.digest_size), shared)
        traffic = self._expand(secret, "s hs traffic", self._digest(hellos), self._hash.digest_size)
        self._key = AESGCM(self._expand(traffic, "key", b"", 32 if is_long else 16))
        self._iv = int.from_bytes(self._expand(traffic, "iv", b"", 12), "big")
        self._count = 0

    def opened(self, header: bytes, content: bytes) -> tuple[int, bytes]:
        """A record's true type, and its content."""
        nonce = (self._iv ^ self._count).to_bytes(12, "big")
        self._count += 1
        plain = self._key.decrypt(nonce, content, header).rstrip(b"\x00")
        return plain[-1], plain[:-1]

    def _digest(self, data: bytes) -> bytes:
        digest = hashes.Hash(self._hash)
        digest.update(data)
        return digest.finalize()

    def _extract(self, salt: bytes, material: bytes) -> bytes:
        return hmac.digest(salt, material, self._hash.name)

    def _expand(self, secret: bytes, label: str, context: bytes, length: int) -> bytes:
        info = struct.pack("!H", length) + _vector(1, f"tls13 {label}".encode()) + _vector(1, context)
        return HKDFExpand(self._hash, length, info).derive(secret)
