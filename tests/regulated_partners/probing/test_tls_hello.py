"""The handshake of our own, with servers that answer nonsense. Those that answer well are in tests/verify_servers."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time

import pytest

from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.deliverable import WHOLE
from regulated_partners.probing.tls_hello import NoHandshakeError, RefusedError, first_answer


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def records(content: bytes, kind: int = 22) -> bytes:
    """The same in a record."""
    return struct.pack("!BHH", kind, 0x0303, len(content)) + content


def hello(suite: int, *extensions: tuple[int, bytes]) -> bytes:
    """A ServerHello."""
    held = b"".join(struct.pack("!HH", number, len(content)) + content for number, content in extensions)
    body = b"\x03\x03" + bytes(32) + b"\x00" + struct.pack("!H", suite) + b"\x00" + struct.pack("!H", len(held)) + held
    return message(2, body)


_CHAIN = b"\x00\x00\x08" + b"\x00\x00\x05" + b"first"
OLD = hello(0xC02F) + message(11, _CHAIN) + message(12, b"\x03\x00\x1d" + bytes(40)) + message(14, b"")
NEW = hello(0x1302, (43, b"\x03\x04"), (51, b"\x00\x1d\x00\x20" + bytes(range(32))))


def answer_to(flight: bytes, seconds: float = 1.0) -> object:
    """What comes of a server that says this, and then closes the connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:

        def serve() -> None:
            with contextlib.suppress(OSError):
                theirs.recv(65536)
                theirs.sendall(flight)
                theirs.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            return first_answer(ours, "mail.fabrikam.test", WHOLE, Deadline(seconds))
        finally:
            # Ends a server, too, that has more to say than was read.
            ours.close()
            thread.join()


def test_a_certificate_of_tls_1_2_is_read() -> None:
    """Failing: the flight that the others are made of is none."""
    found = answer_to(records(OLD))
    assert (getattr(found, "chain", None), getattr(found, "group", None)) == ((b"first",), 0x001D)


@pytest.mark.parametrize(
    ("flight", "error", "words"),
    [
        (b"", RefusedError, "closes the connection"),
        (records(b"\x02\x28", 21), RefusedError, "handshake failure"),
        (records(b"\x02\xf0", 21), RefusedError, "alert 240"),
        (records(b"", 21), RefusedError, "alert 0"),
        (b"220 mail ESMTP\r\n", NoHandshakeError, "no TLS"),
        (records(message(1, b"")), NoHandshakeError, "message 1"),
        (records(hello(0x1302)[:20]), RefusedError, "closes the connection"),
        (records(NEW), RefusedError, "closes the connection"),
        (records(NEW) + records(bytes(40), 23), NoHandshakeError, "cannot be read"),
        (records(hello(0x1302, (43, b"\x03\x04"))), NoHandshakeError, "not offered"),
        (records(hello(0x1302, (43, b"\x03"))), NoHandshakeError, "cannot be read"),
        (records(hello(0xC02F) + message(11, b"\x00\x00\xff")), NoHandshakeError, "cannot be read"),
        (records(message(2, b"\x00" * 20000)) * 40, NoHandshakeError, "no end"),
        (records(b"\x02\xff\xff\xff" + bytes(16000)) * 40, NoHandshakeError, "no end"),
    ],
)
def test_what_is_no_answer_ends_with_a_clause(flight: bytes, error: type[Exception], words: str) -> None:
    """Failing: one partner's server ends the run with a traceback."""
    with pytest.raises(error, match=words):
        answer_to(flight)


def test_damaged_flights_end_well() -> None:
    """Failing: some bytes of a stranger end the run with a traceback, or hold it up."""
    chance = random.Random(12)  # noqa: S311 - repeatable
    begin = time.monotonic()
    for number in range(400):
        flight = bytearray(records(OLD if number % 2 else NEW) + records(bytes(60), 23 if number % 4 else 22))
        for _ in range(chance.randint(1, 5)):
            flight[chance.randrange(len(flight))] = chance.randrange(256)
        with contextlib.suppress(RefusedError, NoHandshakeError, OSError):
            answer_to(bytes(flight))
    assert time.monotonic() - begin < 30
