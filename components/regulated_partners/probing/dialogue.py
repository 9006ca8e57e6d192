"""A dialogue in SMTP with a server that may say anything, or nothing.

Source: RFC 5321 4.1.1.1, 4.2.
"""

from __future__ import annotations

import errno
import re
import socket
from dataclasses import dataclass

from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.seen import Cause, ServerOutcome

#: Errors of a connection that was accepted before.
RESET = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
#: More than any server says: RFC 5321 4.5.3.1.5 allows 512 octets in a line.
_LONGEST_LINE, _MOST_LINES, _SHOWN = 4096, 100, 300
_REPLY = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


class EndError(Exception):
    """The connection came to its end; the text is a sentence."""

    def __init__(self, outcome: ServerOutcome, detail: str, cause: Cause | None = None) -> None:
        super().__init__(detail)
        self.outcome, self.cause = outcome, cause


class _NotSmtpError(Exception):
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

    def __init__(self, connection: socket.socket, transcript: list[str], seconds: float, whole: Deadline) -> None:
        self.connection = connection
        self._transcript, self._seconds, self._whole = transcript, seconds, whole
        self._buffer = b""

    @property
    def has_unread(self) -> bool:
        """Whether more has come than was read: before STARTTLS takes effect that is somebody else's text."""
        return bool(self._buffer)

    @property
    def ehlo(self) -> str:
        """By address: the name of this machine is nobody's business. Source: RFC 5321 4.1.3."""
        address = self.connection.getsockname()[0]
        return f"EHLO [{'IPv6:' if ':' in address else ''}{address}]"

    def said(self, command: str | None = None) -> Reply:
        """The reply to a command, or the greeting. Raises EndError where none comes in the time of a step."""
        step = command.split(" ", maxsplit=1)[0] if command else "the connection"
        try:
            return self._reply(command, Deadline(self._seconds, self._whole))
        except _NotSmtpError as error:
            sentence = f"What answers does not speak SMTP: {error} after {step}."
            raise EndError(ServerOutcome.NOT_SMTP, sentence) from None
        except TimeoutError:
            sentence = f"The server accepted the connection, but gave no whole reply to {step} in time."
            raise EndError(ServerOutcome.NO_ANSWER, sentence) from None
        except OSError as error:
            if command is not None:
                sentence, cause = f"The server closed the connection after {step}.", Cause.CLOSED_IN_DIALOGUE
            elif error.errno in RESET:
                sentence, cause = "The server accepted the connection and reset it.", Cause.RESET
            else:
                sentence = "The server accepted the connection and closed it without a greeting."
                cause = Cause.CLOSED_BEFORE_GREETING
            raise EndError(ServerOutcome.NO_ANSWER, sentence, cause) from None

    def quit(self) -> None:
        """Ends the dialogue, with little patience."""
        try:
            self._reply("QUIT", Deadline(min(self._seconds, 2.0), self._whole))
        except (_NotSmtpError, OSError):
            self._transcript.append("(no proper reply to QUIT, which does not matter)")

    def _reply(self, command: str | None, deadline: Deadline) -> Reply:
        if command is not None:
            self._transcript.append(f"C: {command}")
            self.connection.settimeout(deadline.left())
            self.connection.sendall(f"{command}\r\n".encode("ascii"))
        lines: list[str] = []
        for _ in range(_MOST_LINES):
            line = self._line(deadline)
            self._transcript.append(f"S: {_text(line)}"[:_SHOWN])
            found = _REPLY.fullmatch(line)
            if found is None:
                raise _NotSmtpError(f"it says {_text(line)[:80]!r}")
            lines.append(_text(found[3] or b""))
            if found[2] != b"-":
                return Reply(int(found[1]), tuple(lines))
        raise _NotSmtpError(f"its reply has more than {_MOST_LINES} lines")

    def _line(self, deadline: Deadline) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > _LONGEST_LINE:
                self._transcript.append(f"S: {_text(self._buffer)}"[:_SHOWN])
                raise _NotSmtpError(f"it sends a line without end, {_text(self._buffer)[:80]!r}")
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
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)
