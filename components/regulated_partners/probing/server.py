"""The probe of one address of a mail server: EHLO, STARTTLS, EHLO again, QUIT. No MAIL FROM.

Source: RFC 5321; RFC 3207.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import re
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from regulated_partners.probing.certificates import quiet
from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.deliverable import (
    RSA_ALONE,
    TLS_1_3,
    WHOLE,
    Offer,
    group_name,
    is_offered_group,
    suite_named,
    suite_numbered,
)
from regulated_partners.probing.dialogue import RESET, Dialogue, EndError
from regulated_partners.probing.seen import Answered, Asked, Cause, ServerOutcome, ServerSeen
from regulated_partners.probing.tls_client import Contexts, asked_for_certificate, presented_chain, reason, used_group
from regulated_partners.probing.tls_hello import NoHandshakeError, RefusedError, first_answer

#: Errors of a machine that has no such network, as opposed to a server that does not answer.
_NO_ROUTE = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
#: The same for IPv6, where many networks have the protocol and no way out.
_NO_ROUTE_6 = (*_NO_ROUTE, errno.EHOSTUNREACH)
#: Replies to EHLO of a server that knows no ESMTP; others refuse this client. Source: RFC 5321 3.2, 4.2.4.
_NO_ESMTP = (500, 501, 502, 504)
#: Before STARTTLS is tried once more that was refused for the time being.
_PAUSE = 1.0
_OFFERS: dict[Asked, Offer] = {Asked.WHOLE: WHOLE, Asked.RSA_ALONE: RSA_ALONE}
#: What a firewall's inspection of SMTP leaves of "STARTTLS". Source: Cisco "fixup smtp", tls-verification F9.
_OVERWRITTEN = "XXXXXXXA"
#: A whole connection may take this many steps' time.
_STEPS = 3


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
    group: str | None = None
    asks: bool | None = None
    chain: tuple[str, ...] = ()


def probe_server(target: Target, tls: Contexts, seconds: float, within: Deadline | None = None) -> ServerSeen:
    """Probes one address; never raises for what a server does.

    Args:
        target: the address.
        tls: see `contexts`.
        seconds: for each step: the connection, each reply, the handshake. The whole takes three times that at most.
        within: the end of the whole run.
    """
    session, earlier = _Session([]), ""
    end = _tried(target, tls.current, session, seconds, within)
    if end.cause is Cause.TEMPORARY and (within is None or not within.is_over):
        earlier = str(end)
        time.sleep(min(_PAUSE, seconds))
        session.transcript.append("(second connection)")
        end = _tried(target, tls.current, session, seconds, within)
    if end.outcome is ServerOutcome.HANDSHAKE_FAILED and end.cause is None and not session.asks:
        again = Deadline(_STEPS * seconds, within)
        end = _with_old_tls(target, tls.old, session, seconds, again) or end
    answers: list[Answered] = []
    if end.outcome in (ServerOutcome.ENCRYPTED, ServerOutcome.CLOSED_AFTER_HANDSHAKE) and session.chain:
        for answer in _further(target, session, seconds, within):
            answers.append(answer)
            shown = answer.refusal or f"{answer.version}, {answer.cipher}, {len(answer.chain)} certificates"
            session.transcript.append(f"(further connection, asked {answer.asked}: {shown})")
    return ServerSeen(
        host=target.host,
        address=target.address,
        port=target.port,
        outcome=end.outcome,
        detail=str(end)[:2000],
        cause=end.cause,
        earlier=earlier[:2000] if end.cause is not Cause.TEMPORARY else "",
        version=session.version,
        cipher=session.cipher,
        group=session.group,
        asks_client_certificate=session.asks,
        chain=session.chain[:20],
        answers=tuple(answers),
        transcript=tuple(session.transcript),
    )


def _tried(
    target: Target, context: ssl.SSLContext, session: _Session, seconds: float, within: Deadline | None
) -> EndError:
    """How one connection ended."""
    try:
        _connection(target, context, session, seconds, Deadline(_STEPS * seconds, within))
    except EndError as end:
        return end
    return EndError(ServerOutcome.ENCRYPTED, "STARTTLS works, and the server goes on under TLS.")


def _further(target: Target, session: _Session, seconds: float, within: Deadline | None) -> Iterator[Answered]:
    """What Exchange Online would get, where that may be something else than what this machine got.

    Python offers more of TLS 1.3 than Exchange Online: what came of that shows nothing. And a server with two
    certificates chooses by the client's order. This one prefers ECDSA, so whoever shows RSA to it shows that to all.
    """
    kind = _kind(session.chain)
    if suite_named(session.cipher) is None or not is_offered_group(session.group) or kind is None:
        answer = _asked(target, Asked.WHOLE, seconds, within)
        yield answer
        kind = _kind(answer.chain)
    if kind == "ECDSA":
        yield _asked(target, Asked.RSA_ALONE, seconds, within)


def _kind(chain: tuple[str, ...]) -> str | None:
    """`RSA` or `ECDSA`; None for a key that Exchange Online cannot use, and one that cannot be read."""
    try:
        with quiet():
            key = x509.load_der_x509_certificate(base64.b64decode(chain[0])).public_key() if chain else None
    except Exception:  # noqa: BLE001 - whatever it is that makes it unreadable
        return None
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA"
    usable = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(
        key.curve, ec.SECP256R1 | ec.SECP384R1 | ec.SECP521R1
    )
    return "ECDSA" if usable else None


def _asked(target: Target, asked: Asked, seconds: float, within: Deadline | None) -> Answered:
    whole = Deadline(_STEPS * seconds, within)
    try:
        with _connect(target, seconds, whole) as plain:
            _starttls(Dialogue(plain, [], seconds, whole))
            answer = first_answer(plain, _sni(target.host), _OFFERS[asked], Deadline(seconds, whole))
    except RefusedError as error:
        return Answered(asked=asked, refusal=str(error))
    except (NoHandshakeError, OSError, EndError) as error:
        return Answered(asked=asked, refusal=str(error)[:2000] or "no answer in time", decided=False)
    suite = suite_numbered(answer.suite)
    return Answered(
        asked=asked,
        version="TLSv1.3" if answer.version == TLS_1_3 else "TLSv1.2",
        cipher=suite.openssl if suite else f"{answer.suite:#06x}",
        group=None if answer.group is None else group_name(answer.group),
        chain=tuple(base64.b64encode(certificate).decode() for certificate in answer.chain[:20]),
    )


def _connection(target: Target, context: ssl.SSLContext, session: _Session, seconds: float, whole: Deadline) -> None:
    """Raises EndError unless everything worked."""
    with _connect(target, seconds, whole) as plain:
        dialogue = Dialogue(plain, session.transcript, seconds, whole)
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
        raise EndError(ServerOutcome.NOT_REACHABLE, sentence) from None
    except OSError as error:
        if error.errno in RESET:
            sentence = "The server accepted the connection and reset it."
            raise EndError(ServerOutcome.NO_ANSWER, sentence, Cause.RESET) from None
        no_route = error.errno in (_NO_ROUTE_6 if ":" in target.address else _NO_ROUTE)
        outcome = ServerOutcome.NO_ROUTE if no_route else ServerOutcome.NOT_REACHABLE
        sentence = f"{target.address} port {target.port} cannot be reached: {error.strerror or 'no connection'}."
        raise EndError(outcome, sentence) from None


def _starttls(dialogue: Dialogue) -> None:
    greeting = dialogue.said()
    if greeting.code != 220:
        sentence = f"The server does not talk to this machine; it greets with {greeting}."
        raise EndError(ServerOutcome.REFUSED, sentence)
    hello = dialogue.said(dialogue.ehlo)
    if hello.code in _NO_ESMTP:
        sentence = f"The server does not know EHLO: {hello}."
        raise EndError(ServerOutcome.NO_STARTTLS, sentence, Cause.NO_EHLO)
    if hello.code != 250:
        sentence = f"The server does not talk to this machine; it answers EHLO with {hello}."
        raise EndError(ServerOutcome.REFUSED, sentence)
    if "STARTTLS" not in hello.keywords:
        overwritten = _OVERWRITTEN in hello.keywords
        firewall = " A firewall in front of it overwrites the word." if overwritten else ""
        cause = Cause.FIREWALL if overwritten else None
        raise EndError(ServerOutcome.NO_STARTTLS, f"The server does not offer STARTTLS.{firewall}", cause)
    ready = dialogue.said("STARTTLS")
    if ready.code != 220:
        sentence = f"The server offers STARTTLS and then refuses it: {ready}."
        cause = Cause.TEMPORARY if 400 <= ready.code < 500 else None
        raise EndError(ServerOutcome.STARTTLS_REFUSED, sentence, cause)
    if dialogue.has_unread:
        sentence = "After it agreed to STARTTLS, more came in clear text before TLS began."
        raise EndError(ServerOutcome.HANDSHAKE_FAILED, sentence, Cause.INJECTED)


def _handshake(
    plain: socket.socket, target: Target, context: ssl.SSLContext, session: _Session, deadline: Deadline
) -> ssl.SSLSocket:
    try:
        encrypted = context.wrap_socket(plain, server_hostname=_sni(target.host), do_handshake_on_connect=False)
    except OSError:
        sentence = "The server closed the connection after it agreed to STARTTLS."
        raise EndError(ServerOutcome.HANDSHAKE_FAILED, sentence) from None
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
        raise EndError(ServerOutcome.HANDSHAKE_FAILED, failure + asked)
    _note(encrypted, session)
    return encrypted


def _note(encrypted: ssl.SSLSocket, session: _Session) -> None:
    cipher = encrypted.cipher()
    session.version, session.cipher = encrypted.version(), cipher[0] if cipher else None
    session.group = used_group(encrypted)
    session.chain = presented_chain(encrypted)
    count = len(session.chain)
    asks = ", asks for a client certificate" if session.asks else ""
    certificates = f"{count} certificate{'' if count == 1 else 's'}"
    session.transcript.append(f"TLS: {session.version}, {session.cipher}, {certificates}{asks}")


def _after_handshake(dialogue: Dialogue, session: _Session, encrypted: ssl.SSLSocket) -> None:
    """Under TLS 1.3 a refused client shows only now (measured: tls-verification 0.10)."""
    try:
        hello = dialogue.said(dialogue.ehlo)
    except EndError as end:
        session.asks = asked_for_certificate(encrypted)
        session.transcript.append(f"TLS: {end}")
        sentence = "The TLS handshake succeeded, and the server ended the dialogue at the next command."
        raise EndError(ServerOutcome.CLOSED_AFTER_HANDSHAKE, sentence) from None
    if hello.code != 250:
        sentence = f"The TLS handshake succeeded, and then the server refused EHLO: {hello}."
        raise EndError(ServerOutcome.CLOSED_AFTER_HANDSHAKE, sentence)


def _with_old_tls(
    target: Target, context: ssl.SSLContext, session: _Session, seconds: float, whole: Deadline
) -> EndError | None:
    """A second connection, after the first one ended: is it old TLS? None where it is not."""
    again = _Session([])
    with contextlib.suppress(EndError):
        _connection(target, context, again, seconds, whole)
    if again.version is None:
        return None
    session.transcript += ["(second connection, with TLS 1.0 to 1.2 and every cipher)", *again.transcript]
    if again.version == "TLSv1.2" and suite_named(again.cipher) is None:
        sentence = f"The TLS handshake works only with {again.cipher}, which Exchange Online does not offer."
        return EndError(ServerOutcome.HANDSHAKE_FAILED, sentence, Cause.NO_COMMON_SUITE)
    if again.version == "TLSv1.2":
        sentence = "The TLS handshake works only with keys or signatures that are too weak for TLS libraries of today."
        return EndError(ServerOutcome.HANDSHAKE_FAILED, sentence)
    session.version, session.cipher, session.chain = again.version, again.cipher, again.chain
    return EndError(ServerOutcome.OLD_TLS_ONLY, f"The server speaks {again.version} and nothing newer.")


def _sni(host: str) -> str | None:
    """The name, unless it is an address, or no name that OpenSSL takes. Source: RFC 6066 3."""
    return host if re.fullmatch(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?[A-Za-z]", host) else None
