"""The probe of one address of a mail server: EHLO, STARTTLS, EHLO again, QUIT. No MAIL FROM.

Source: RFC 5321 4.1.1.1, 4.2; RFC 3207.
"""

from __future__ import annotations

import contextlib
import errno
import re
import socket
import ssl
from dataclasses import dataclass

from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.seen import ServerOutcome, ServerSeen
from regulated_partners.probing.tls_client import Contexts, asked_for_certificate, presented_chain, reason

#: Errors of a machine that has no such network, as opposed to a server that does not answer.
_NO_ROUTE = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
#: The same for IPv6, where many networks have the protocol and no way out.
_NO_ROUTE_6 = (*_NO_ROUTE, errno.EHOSTUNREACH)
#: What a firewall's inspection of SMTP leaves of "STARTTLS". Source: Cisco "fixup smtp", tls-verification F9.
_OVERWRITTEN = "XXXXXXXA"
#: A whole connection may take this many steps' time.
_STEPS = 3
#: More than any server says: RFC 5321 4.5.3.1.5 allows 512 octets in a line.
_LONGEST_LINE, _MOST_LINES, _SHOWN = 4096, 100, 300
_REPLY = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Target:
    """An address to probe. `host` is sent as SNI unless it is an address."""

    host: str
    address: str
    port: int


@dataclass
class _Session:
    """What one connection has shown so far."""

    transcript: list[str]
    version: str | None = None
    cipher: str | None = None
    asks: bool | None = None
    chain: tuple[str, ...] = ()


class _EndError(Exception):
    """The connection came to its end; the text is a sentence."""

    def __init__(self, outcome: ServerOutcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome


def probe_server(target: Target, tls: Contexts, seconds: float, within: Deadline | None = None) -> ServerSeen:
    """Probes one address; never raises for what a server does.

    Args:
        target: the address.
        tls: see `contexts`.
        seconds: for each step: the connection, each reply, the handshake. The whole takes three times that at most.
        within: the end of the whole run.
    """
    session = _Session([])
    whole = Deadline(_STEPS * seconds, within)
    try:
        _connection(target, tls.current, session, seconds, whole)
        outcome, detail = ServerOutcome.ENCRYPTED, "STARTTLS works, and the server goes on under TLS."
    except _EndError as end:
        outcome, detail = end.outcome, str(end)
    if outcome is ServerOutcome.HANDSHAKE_FAILED and not session.asks:
        again = Deadline(_STEPS * seconds, within)
        outcome, detail = _with_old_tls(target, tls.old, session, seconds, again) or (outcome, detail)
    return ServerSeen(
        host=target.host,
        address=target.address,
        port=target.port,
        outcome=outcome,
        detail=detail[:2000],
        version=session.version,
        cipher=session.cipher,
        asks_client_certificate=session.asks,
        chain=session.chain[:20],
        transcript=tuple(session.transcript),
    )


def _connection(target: Target, context: ssl.SSLContext, session: _Session, seconds: float, whole: Deadline) -> None:
    """Raises _EndError unless everything worked."""
    with _connect(target, seconds, whole) as plain:
        dialogue = _Dialogue(plain, session.transcript, seconds, whole)
        _starttls(dialogue)
        with _handshake(plain, target, context, session, Deadline(seconds, whole)) as encrypted:
            dialogue.connection = encrypted
            _after_handshake(dialogue, session, encrypted)
            dialogue.quit()


def _connect(target: Target, seconds: float, whole: Deadline) -> socket.socket:
    try:
        return socket.create_connection((target.address, target.port), Deadline(seconds, whole).left())
    except TimeoutError:
        sentence = f"Nothing answers at {target.address} port {target.port} within {seconds:g} seconds."
        raise _EndError(ServerOutcome.NOT_REACHABLE, sentence) from None
    except OSError as error:
        no_route = error.errno in (_NO_ROUTE_6 if ":" in target.address else _NO_ROUTE)
        outcome = ServerOutcome.NO_ROUTE if no_route else ServerOutcome.NOT_REACHABLE
        sentence = f"{target.address} port {target.port} cannot be reached: {error.strerror or 'no connection'}."
        raise _EndError(outcome, sentence) from None


def _starttls(dialogue: _Dialogue) -> None:
    greeting = dialogue.said()
    if greeting.code != 220:
        sentence = f"The server does not talk to this machine; it greets with {greeting}."
        raise _EndError(ServerOutcome.REFUSED, sentence)
    hello = dialogue.said(dialogue.ehlo)
    if hello.code != 250:
        raise _EndError(ServerOutcome.NO_STARTTLS, f"The server does not take EHLO: {hello}.")
    if "STARTTLS" not in hello.keywords:
        firewall = " A firewall in front of it overwrites the word." if _OVERWRITTEN in hello.keywords else ""
        raise _EndError(ServerOutcome.NO_STARTTLS, f"The server does not offer STARTTLS.{firewall}")
    ready = dialogue.said("STARTTLS")
    if ready.code != 220:
        raise _EndError(ServerOutcome.STARTTLS_REFUSED, f"The server offers STARTTLS and then refuses it: {ready}.")
    if dialogue.has_unread:
        sentence = "After STARTTLS the server went on in clear text, which no sending server accepts."
        raise _EndError(ServerOutcome.HANDSHAKE_FAILED, sentence)


def _handshake(
    plain: socket.socket, target: Target, context: ssl.SSLContext, session: _Session, deadline: Deadline
) -> ssl.SSLSocket:
    try:
        encrypted = context.wrap_socket(plain, server_hostname=_sni(target.host), do_handshake_on_connect=False)
    except OSError:
        sentence = "The server closed the connection after it agreed to STARTTLS."
        raise _EndError(ServerOutcome.HANDSHAKE_FAILED, sentence) from None
    failure = None
    try:
        encrypted.settimeout(deadline.left())
        encrypted.do_handshake()
    except TimeoutError:
        failure = "The server did not finish the TLS handshake in time."
    except ssl.SSLError as error:
        failure = f"The TLS handshake failed: {reason(error)}."
    except OSError:
        failure = "The server closed the connection during the TLS handshake."
    session.asks = asked_for_certificate(encrypted)
    if failure is not None:
        encrypted.close()
        session.transcript.append(f"TLS: {failure}")
        asked = " It asks for a client certificate." if session.asks else ""
        raise _EndError(ServerOutcome.HANDSHAKE_FAILED, failure + asked)
    _note(encrypted, session)
    return encrypted


def _note(encrypted: ssl.SSLSocket, session: _Session) -> None:
    cipher = encrypted.cipher()
    session.version, session.cipher = encrypted.version(), cipher[0] if cipher else None
    session.chain = presented_chain(encrypted)
    count = len(session.chain)
    asks = ", asks for a client certificate" if session.asks else ""
    certificates = f"{count} certificate{'' if count == 1 else 's'}"
    session.transcript.append(f"TLS: {session.version}, {session.cipher}, {certificates}{asks}")


def _after_handshake(dialogue: _Dialogue, session: _Session, encrypted: ssl.SSLSocket) -> None:
    """Under TLS 1.3 a refused client shows only now (measured: tls-verification 0.10)."""
    try:
        hello = dialogue.said(dialogue.ehlo)
    except _EndError as end:
        session.asks = asked_for_certificate(encrypted)
        session.transcript.append(f"TLS: {end}")
        sentence = "The TLS handshake succeeded, and the server ended the dialogue at the next command."
        raise _EndError(ServerOutcome.CLOSED_AFTER_HANDSHAKE, sentence) from None
    if hello.code != 250:
        sentence = f"The TLS handshake succeeded, and then the server refused EHLO: {hello}."
        raise _EndError(ServerOutcome.CLOSED_AFTER_HANDSHAKE, sentence)


def _with_old_tls(
    target: Target, context: ssl.SSLContext, session: _Session, seconds: float, whole: Deadline
) -> tuple[ServerOutcome, str] | None:
    """A second connection, after the first one ended: is it old TLS? None where it is not."""
    again = _Session([])
    with contextlib.suppress(_EndError):
        _connection(target, context, again, seconds, whole)
    if again.version is None:
        return None
    session.transcript += ["(second connection, with TLS 1.0 to 1.2 and every cipher)", *again.transcript]
    if again.version == "TLSv1.2":
        sentence = f"The TLS handshake works only with {again.cipher}, a cipher that senders of today refuse."
        return ServerOutcome.HANDSHAKE_FAILED, sentence
    session.version, session.cipher, session.chain = again.version, again.cipher, again.chain
    return ServerOutcome.OLD_TLS_ONLY, f"The server speaks {again.version} and nothing newer."


def _sni(host: str) -> str | None:
    """The name, unless it is an address, or no name that OpenSSL takes. Source: RFC 6066 3."""
    return host if re.fullmatch(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?[A-Za-z]", host) else None


class _NotSmtpError(Exception):
    """What came is no SMTP reply; the text is a clause that shows its beginning."""


@dataclass(frozen=True)
class _Reply:
    """A reply: its code and its lines' texts."""

    code: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.lines)}"[:_SHOWN]

    @property
    def keywords(self) -> frozenset[str]:
        """The extensions of a reply to EHLO, in capitals."""
        return frozenset(line.split()[0].upper() for line in self.lines[1:] if line.split())


class _Dialogue:
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

    def said(self, command: str | None = None) -> _Reply:
        """The reply to a command, or the greeting. Raises _EndError where none comes in the time of a step."""
        step = command.split(" ", maxsplit=1)[0] if command else "the connection"
        try:
            return self._reply(command, Deadline(self._seconds, self._whole))
        except _NotSmtpError as error:
            sentence = f"What answers does not speak SMTP: {error} after {step}."
            raise _EndError(ServerOutcome.NOT_SMTP, sentence) from None
        except TimeoutError:
            sentence = f"The server accepted the connection, but gave no whole reply to {step} in time."
            raise _EndError(ServerOutcome.NO_ANSWER, sentence) from None
        except OSError:
            raise _EndError(ServerOutcome.NO_ANSWER, f"The server closed the connection after {step}.") from None

    def quit(self) -> None:
        """Ends the dialogue, with little patience."""
        try:
            self._reply("QUIT", Deadline(min(self._seconds, 2.0), self._whole))
        except (_NotSmtpError, OSError):
            self._transcript.append("(no proper reply to QUIT, which does not matter)")

    def _reply(self, command: str | None, deadline: Deadline) -> _Reply:
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
                return _Reply(int(found[1]), tuple(lines))
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
