"""One Received header: who took the message from whom, and whether over TLS.

The forms are those of reference/tls-verification.md 1.1. A header is first cut into words and comments at the top
level, and each form is looked for in one comment or beside one word: no pattern runs over the whole header, so that
time grows with its length only, and what a sender wrote into HELO is never taken for the server's own comment.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from regulated_partners.verify.marking import Habit, Product, product_of
from regulated_partners.verify.tls_comments import (
    ClientCertificateState,
    HopTransport,
    StatedCertificate,
    TlsSession,
    anonymous,
    inferred_version,
    session_in_comment,
    session_in_words,
)

#: Characters of a header that are looked at; the longest real one known has about 800.
_LONGEST = 16_384

_ADDRESS = re.compile(
    r"\[?(?:IPv6:)?(?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*)\]?"
)
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?")
_CLIENT = re.compile(
    r'Client CN "(?P<cn>.*)", Issuer "(?P<issuer>.*)" \((?P<state>verified OK|not verified)\)', re.IGNORECASE
)
#: Source: RFC 3848, RFC 6531 (UTF8), CommuniGate (`ESMTP-TLS`), Exim (`local-esmtps`).
_OVER_TLS = re.compile(r"(?:local-)?(?:UTF8)?(?:E?SMTPSA?|LMTPSA?)|E?SMTP-TLS", re.IGNORECASE)
_NOT_OVER_TLS = re.compile(r"(?:UTF8)?ESMTPA?", re.IGNORECASE)
_MAYBE = re.compile(r"(?:UTF8)?(?:SMTP|LMTPA?)", re.IGNORECASE)
#: Exchange's own line, which it writes in one form only: nothing right of its last place is the sender's, however the
#: sender called itself.
_EXCHANGE = re.compile(
    r" by (?P<by>[A-Za-z0-9_.-]{1,255}) \((?P<at>[0-9A-Fa-f:.%]{2,60})\) with Microsoft SMTP Server"
    r"(?P<tls> \([^()]{0,300}\))? id (?P<id>[0-9.]{1,40})(?P<via> via [A-Za-z ]{1,60})?(?=[;, ]|$)"
)
_EXCHANGE_SENDER = re.compile(r"(?:from )?(?P<helo>.*) \((?P<address>[^()]{0,60})\)$", re.DOTALL)
_ENVELOPE = re.compile(r"envelope-(?:from|sender)[ =]{1,3}<?(?P<sender>[^\s<>()]{0,320})", re.IGNORECASE)
#: An address in angle brackets, whose quoted local part may hold words of the sender's choice.
_ANGLES = re.compile(r"<[^<>]{0,1000}>")


@dataclass(frozen=True)
class Hop:
    """What one Received header says.

    Attributes:
        text: the header unfolded, without its name.
        helo: the name that the sending host gave; reverse_name, address: what the receiving host found out.
        by: the receiving host, lower case.
        protocol: the words after `with`.
        transport: whether it was over TLS.
        session: the TLS, where it was.
        evidence: the words that say so, or that say nothing because servers of this kind do not write it down.
        frontend: whether Exchange took it at its border (`via Frontend Transport`).
        written: when the receiving host wrote it.
        recipient: whom the receiving host wrote it `for`.
        envelope_sender: whom the sending host named as the sender, where the receiving host wrote it down.
        product: the receiving mail server, where it shows.
    """

    text: str
    helo: str | None = None
    reverse_name: str | None = None
    address: str | None = None
    by: str | None = None
    protocol: str | None = None
    transport: HopTransport = HopTransport.UNKNOWN
    session: TlsSession | None = None
    evidence: str = ""
    frontend: bool = False
    written: datetime.datetime | None = None
    recipient: str | None = None
    envelope_sender: str | None = None
    product: Product | None = None

    @property
    def is_readable(self) -> bool:
        """Whether it says who took the message."""
        return self.by is not None

    @property
    def senders(self) -> tuple[str, ...]:
        """Every name of the sending host, lower case, the one that the receiver looked up first."""
        return tuple(name.lower() for name in (self.reverse_name, self.helo) if name)

    @property
    def is_anonymous(self) -> bool:
        """Whether the cipher suite encrypts without any certificate."""
        return bool(self.session and self.session.cipher and anonymous(self.session.cipher))


@dataclass(frozen=True)
class _Part:
    """A word or a comment; `is_glued` where a comment follows a word without a blank."""

    text: str
    is_comment: bool
    is_glued: bool = False


def parse_received(header: str) -> Hop:
    """Reads one header, folded or not, with or without its name. Never raises: what it cannot read stays unknown.

    Args:
        header: for example `Received: from a (b [192.0.2.1]) by c (Postfix) with ESMTPS id d; date`.
    """
    text = _unfolded(header)
    exchange = _of_exchange(text)
    if exchange is not None:
        return exchange
    parts = _parts(text)
    places = _places_of_by(parts) or [len(parts)]
    # Two in one line: one may be the sender's, in its name for itself or in what follows the line.
    return _surely([_hop(text, parts, at_by) for at_by in dict.fromkeys((places[0], places[-1]))])


def _surely(readings: Sequence[Hop]) -> Hop:
    """The last reading of a line, with the transport that all of them leave standing."""
    if len(readings) == 1:
        return readings[0]
    is_clear = any(hop.transport is HopTransport.CLEAR for hop in readings)
    transport = HopTransport.CLEAR if is_clear else HopTransport.UNKNOWN
    return replace(readings[-1], transport=transport, session=None, evidence="two receiving hosts in one line")


def _hop(text: str, parts: Sequence[_Part], at_by: int) -> Hop:
    origin = parts[:at_by]
    words = [part.text for part in parts[at_by:] if not part.is_comment]
    after = [part.text for part in parts[at_by:] if part.is_comment]
    by, protocol = _host(words), _protocol(words)
    hop = Hop(
        text=text,
        helo=_helo(origin),
        reverse_name=_reverse_name(origin),
        address=_address(origin),
        by=by,
        protocol=protocol,
        frontend="via frontend transport" in " ".join(words).lower(),
        written=_written(text),
        recipient=_following(words, "for"),
        envelope_sender=_envelope_sender(text),
        product=product_of(by, protocol or "", after, _following(words, "id") or ""),
    )
    return _with_transport(hop, parts, words, at_by)


def _of_exchange(text: str) -> Hop | None:
    """Exchange's own line, read from its right end; None where there is none in the text."""
    found: list[re.Match[str]] = []
    at = text.find(" with Microsoft SMTP Server")
    while at >= 0:
        start = text.rfind(" by ", 0, at)
        line = _EXCHANGE.match(text, start) if start >= 0 else None
        found += [line] if line else []
        at = text.find(" with Microsoft SMTP Server", at + 1)
    if not found:
        return None
    readings = [_exchange_hop(text, line) for line in dict.fromkeys((found[0], found[-1]))]
    if " by " in text[: found[0].start()]:
        # Another server's line that a sender's first line continues, or a name with blanks.
        parts = _parts(text[: found[0].start()])
        readings = [_hop(text, parts, (_places_of_by(parts) or [len(parts)])[0]), *readings]
    return _surely(readings)


def _exchange_hop(text: str, line: re.Match[str]) -> Hop:
    origin = _EXCHANGE_SENDER.fullmatch(text[: line.start()])
    group = (line["tls"] or "").strip(" ()")
    session = session_in_comment(group) if group else None
    helo = origin["helo"].strip("[]").rstrip(".") if origin else None
    hop = Hop(
        text=text,
        helo=helo or None,
        address=_plain_address(origin["address"]) if origin else None,
        by=line["by"].rstrip(".").lower(),
        protocol="Microsoft SMTP Server",
        frontend=(line["via"] or "").strip().lower() == "via frontend transport",
        written=_written(text),
        product=product_of(None, "Microsoft SMTP Server", ()),
    )
    if session is not None:
        return _encrypted(hop, session, f"({group})", None)
    if group:
        return replace(hop, evidence=f"({group})")
    return replace(hop, transport=HopTransport.CLEAR, evidence="with Microsoft SMTP Server, and no TLS group")


def _plain_address(word: str) -> str | None:
    plain = word.rpartition("]:")[0] + "]" if "]:" in word else word
    found = _ADDRESS.fullmatch(plain.strip(","))
    return found["address"] if found else None


def _written(text: str) -> datetime.datetime | None:
    """The date after the last semicolon, in UTC where it says no zone."""
    date = text.rpartition(";")[2].partition("(")[0].strip()
    try:
        written = parsedate_to_datetime(date[:60])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return written.replace(tzinfo=datetime.UTC) if written.tzinfo is None else written


def _following(words: Sequence[str], name: str) -> str | None:
    """The word after another one, which is the last of its kind."""
    lowered = [word.lower() for word in words]
    if name not in lowered[:-1]:
        return None
    at = len(lowered) - 1 - lowered[::-1].index(name)
    return words[at + 1].strip("<>;,") or None if at + 1 < len(words) else None


def _envelope_sender(text: str) -> str | None:
    found = _ENVELOPE.search(text)
    return found["sender"] if found else None


def _unfolded(header: str) -> str:
    # A header quoted in a bounce may be quoted-printable: `=3D` for `=`, and `=` at the end of a cut line.
    text = re.sub(r"=\r?\n", "", header[:_LONGEST]).replace("=3D", "=")
    text = " ".join(text.split())
    return text[9:].lstrip() if text[:9].lower() == "received:" else text


def _parts(text: str) -> list[_Part]:
    """Words and comments of the top level, up to the date. A comment that is never closed ends with the header."""
    parts: list[_Part] = []
    depth, start = 0, 0
    for at, character in enumerate(text):
        if character == "(":
            if depth == 0:
                parts += _words(text[start:at])
                start = at + 1
            depth += 1
        elif character == ")" and depth:
            depth -= 1
            if depth == 0:
                parts.append(_Part(text[start:at], is_comment=True, is_glued=text[start - 2 : start - 1].strip() != ""))
                start = at + 1
    rest = text[start:]
    return [*parts, _Part(rest, is_comment=True)] if depth else [*parts, *_words(rest)]


def _words(text: str) -> Iterable[_Part]:
    joined = _ANGLES.sub(lambda found: "".join(found[0].split()), text)
    return (_Part(word, is_comment=False) for word in joined.replace(";", " ; ").split())


def _with_transport(hop: Hop, parts: Sequence[_Part], words: Sequence[str], at_by: int) -> Hop:
    own = _written_by_the_server(parts, at_by)
    # ZMailer alone writes TLS into the comment that holds the address.
    own = [*(part for part in parts[:at_by] if part.is_comment and "TLS-CIPHER:" in part.text), *own]
    client = _client_certificate(own)
    session, evidence = _session(own, words)
    if session is not None:
        return _encrypted(hop, session, evidence, client)
    protocol = hop.protocol or ""
    if any(_OVER_TLS.fullmatch(word) for word in protocol.split()):
        return _encrypted(hop, TlsSession(), f"with {protocol}", client)
    return _without_tls(hop)


def _encrypted(hop: Hop, session: TlsSession, evidence: str, client: StatedCertificate | None) -> Hop:
    inferred = None if session.version or not session.cipher else inferred_version(session.cipher)
    found = replace(session, inferred_version=inferred, client_certificate=session.client_certificate or client)
    return replace(hop, transport=HopTransport.ENCRYPTED, session=found, evidence=evidence)


def _written_by_the_server(parts: Sequence[_Part], at_by: int) -> list[_Part]:
    """What follows the address that connected: what stands before it, the sender may have chosen."""
    with_address = [at for at, part in enumerate(parts[:at_by]) if part.is_comment and _holds_address(part)]
    # Without an address in a comment the first word or comment after `from` is the sender's name for itself.
    start = with_address[-1] + 1 if with_address else min(2, at_by)
    return [*parts[start:at_by], *parts[at_by:]]


def _holds_address(part: _Part) -> bool:
    words = () if part.text.lower().startswith(("client cn", "using ", "tls", "auth")) else part.text.split()
    return any(_plain_address(word) for word in words)


def _session(parts: Sequence[_Part], words: Sequence[str]) -> tuple[TlsSession | None, str]:
    for at, part in enumerate(parts):
        if part.is_comment and not part.is_glued:
            following = [part.text for part in parts[at + 1 : at + 3] if not part.is_comment]
            found = session_in_comment(part.text, following)
            if found is not None:
                return found, f"({part.text})"
    return session_in_words(words)


def _without_tls(hop: Hop) -> Hop:
    """No sign of TLS: that means something only where the server would have written one. Source: 0.2."""
    protocol = (hop.protocol or "").lower()
    if hop.helo is None and hop.address is None:
        return hop
    if _NOT_OVER_TLS.fullmatch(protocol):
        marks = hop.product is not None and hop.product.habit is Habit.ALWAYS
        transport = HopTransport.CLEAR if marks else HopTransport.UNKNOWN
        return replace(hop, transport=transport, evidence=f"with {hop.protocol}")
    return replace(hop, evidence=f"with {hop.protocol}") if _MAYBE.fullmatch(protocol) or protocol else hop


def _client_certificate(parts: Iterable[_Part]) -> StatedCertificate | None:
    """Source: postfix smtpd.c, which writes one of four comments after the one on the cipher."""
    states = {
        "client did not present a certificate": ClientCertificateState.NOT_PRESENTED,
        "no client certificate requested": ClientCertificateState.NOT_REQUESTED,
        # Yandex.
        "client certificate not present": ClientCertificateState.NOT_PRESENTED,
    }
    for part in parts:
        if not part.is_comment:
            continue
        if found := _CLIENT.fullmatch(part.text):
            verified = found["state"].lower() == "verified ok"
            state = ClientCertificateState.VERIFIED if verified else ClientCertificateState.NOT_VERIFIED
            return StatedCertificate(state, found["cn"], found["issuer"])
        if state_of := states.get(part.text.lower()):
            return StatedCertificate(state_of)
    return None


def _protocol(words: Sequence[str]) -> str | None:
    """The words of the `with` clause: `ESMTPS`, `Microsoft SMTP Server`, `HTTPS`, `ESMTP with STARTTLS`."""
    lowered = [word.lower() for word in words]
    if "with" not in lowered:
        return None
    after = words[lowered.index("with") + 1 :]
    ends = ("id", "for", "via", "tls", ";", "envelope-from")
    return " ".join(itertools.takewhile(lambda word: word.lower() not in ends, after)) or None


def _places_of_by(parts: Sequence[_Part]) -> list[int]:
    """Where a `by` clause may begin. The word after `from` is the sender's and does not count.

    Exchange writes `with MailboxResubmission by AntispamTT`.
    """
    first = 2 if parts and parts[0].text.lower() == "from" else 0
    words = [(at, part.text.lower()) for at, part in enumerate(parts) if not part.is_comment]
    return [
        at
        for (_, before), (at, word) in zip([(0, ""), *words], words, strict=False)
        if word == "by" and at >= first and before != "mailboxresubmission"
    ]


def _host(words: Sequence[str]) -> str | None:
    """The host after `by`: a name, also in letters beyond ASCII, or an address; whatever it is called, it took it."""
    host = words[1].rstrip(".,;").lower() if len(words) > 1 else ""
    if _HOST.fullmatch(host) or _plain_address(host):
        return host
    following = words[2].lower() if len(words) > 2 else ""
    named = following in ("with", "id", "for", "via", ";") or host == ":"
    return host[:253] if named and host not in ("", "with", "id", "for", ";") else None


def _helo(origin: Sequence[_Part]) -> str | None:
    """The name given: after `from`, or where the server says it apart (`HELO x`, `helo=x`)."""
    for part in origin:
        if part.is_comment:
            for word, following in zip(["", *part.text.split()], [*part.text.split(), ""], strict=True):
                if word.lower() in ("helo", "ehlo"):
                    return following.strip("[]") or None
                if word.lower().startswith("helo="):
                    return word[5:].strip("[]") or None
    words = [part.text for part in origin if not part.is_comment]
    if len(words) < 2 or words[0].lower() != "from":
        return None
    return words[1].strip("[]").rstrip(".") or None


def _reverse_name(origin: Sequence[_Part]) -> str | None:
    """The name that the receiver looked up: the first word of the last comment that holds an address."""
    comment = next((part for part in reversed(origin) if part.is_comment and _holds_address(part)), None)
    if comment is None or "may be forged" in comment.text.lower():
        return None
    first, *rest = comment.text.split()
    name = first.rstrip(".")
    if rest and _HOST.fullmatch(name) and "." in name and _plain_address(rest[0]) and not _plain_address(name):
        return name
    return None


def _address(origin: Sequence[_Part]) -> str | None:
    """The address that connected: what the receiver wrote into a comment, else what stands alone after `from`."""
    comments = [part for part in reversed(origin) if part.is_comment and not part.text.lower().startswith("client cn")]
    for part in (*comments, *(part for part in origin if not part.is_comment)):
        words = part.text.split()
        given = {at + 1 for at, word in enumerate(words) if word.lower() in ("helo", "ehlo")}
        found = [word for at, word in enumerate(words) if at not in given and _plain_address(word)]
        if found:
            return _plain_address(next((word for word in found if word.startswith("[")), found[0]))
    return None
