"""The few words of SMTP that a probe speaks: it reads replies and sends EHLO, STARTTLS and QUIT, never MAIL FROM.

Source: RFC 5321 4.1.1.1, 4.2; RFC 3207.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass

from regulated_partners.probing.deadline import Deadline

#: More than any server says: RFC 5321 4.5.3.1.5 allows 512 octets in a line.
_LONGEST_LINE, _MOST_LINES, _SHOWN = 4096, 100, 300
_REPLY = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


class NotSmtpError(Exception):
    """What came is no SMTP reply; the text is a clause that shows its beginning."""


@dataclass(frozen=True)
class Reply:
    """A reply: its code and its lines' texts."""

    code: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.lines)}"[:_SHOWN]

    @property
    def keywords(self) -> frozenset[str]:
        """The extensions of a reply to EHLO, in capitals."""
        return frozenset(line.split()[0].upper() for line in self.lines[1:] if line.split())


class Dialogue:
    """A dialogue over one connection, with a transcript. The socket may be replaced, by the same one under TLS."""

    def __init__(self, connection: socket.socket, transcript: list[str]) -> None:
        self.connection = connection
        self.transcript = transcript
        self._buffer = b""

    @property
    def has_unread(self) -> bool:
        """Whether more has come than was read: before STARTTLS takes effect that is somebody else's text."""
        return bool(self._buffer)

    def command(self, text: str, deadline: Deadline) -> Reply:
        """Sends a command and reads the reply. Raises as `reply`."""
        self.transcript.append(f"C: {text}")
        self.connection.settimeout(deadline.left())
        self.connection.sendall(f"{text}\r\n".encode("ascii"))
        return self.reply(deadline)

    def reply(self, deadline: Deadline) -> Reply:
        """Reads a reply of one or more lines.

        Raises:
            NotSmtpError: it is none, or it does not end.
            OSError: the connection broke; TimeoutError: the time is over.
        """
        lines: list[str] = []
        for _ in range(_MOST_LINES):
            line = self._line(deadline)
            self.transcript.append(f"S: {_text(line)}"[:_SHOWN])
            found = _REPLY.fullmatch(line)
            if found is None:
                raise NotSmtpError(f"it says {_text(line)[:80]!r}")
            lines.append(_text(found[3] or b""))
            if found[2] != b"-":
                return Reply(int(found[1]), tuple(lines))
        raise NotSmtpError(f"its reply has more than {_MOST_LINES} lines")

    def _line(self, deadline: Deadline) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _LONGEST_LINE:
                self.transcript.append(f"S: {_text(self._buffer)}"[:_SHOWN])
                raise NotSmtpError(f"it sends a line without end, {_text(self._buffer)[:80]!r}")
            self.connection.settimeout(deadline.left())
            received = self.connection.recv(4096)
            if not received:
                raise ConnectionResetError("the server closed the connection")
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.removesuffix(b"\r")


def _text(line: bytes) -> str:
    """Readable, and without anything that steers a terminal."""
    text = line.decode("ascii", errors="backslashreplace")
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
