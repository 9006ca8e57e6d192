"""How mail servers write down the TLS of a connection: the forms, one pattern each.

Every pattern runs on one comment of a header or on one word, of a bounded length, and matches from its beginning.
Source: tls-verification 1.1 (servers' source code, and public messages).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class TlsVersion(StrEnum):
    """Protocol versions as OpenSSL names them. `TLSv1/SSLv3` is a family of cipher suites, not a version."""

    SSLV3 = "SSLv3"
    TLS_1_0 = "TLSv1.0"
    TLS_1_1 = "TLSv1.1"
    TLS_1_2 = "TLSv1.2"
    TLS_1_3 = "TLSv1.3"

    @property
    def is_usable(self) -> bool:
        """Whether Exchange Online uses it. Source: techcommunity 2065089 (1.0 and 1.1 ended in 2021)."""
        return self in (TlsVersion.TLS_1_2, TlsVersion.TLS_1_3)


class HopTransport(StrEnum):
    """Whether one hop of a message travelled over TLS."""

    ENCRYPTED = "encrypted"
    CLEAR = "clear"
    UNKNOWN = "unknown"


class ClientCertificateState(StrEnum):
    """What a receiving server wrote about the sender's certificate."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    NOT_PRESENTED = "not_presented"
    NOT_REQUESTED = "not_requested"


@dataclass(frozen=True)
class StatedCertificate:
    """What is known about the certificate of a sending server."""

    state: ClientCertificateState
    common_name: str | None = None
    issuer: str | None = None


@dataclass(frozen=True)
class TlsSession:
    """The TLS of one connection.

    Attributes:
        version: as stated; None where only the cipher or the keyword is known.
        inferred_version: what the cipher alone allows, where no version is stated.
        cipher: the suite's name as stated: IANA's, OpenSSL's or GnuTLS's.
        bits: as stated, `256/256`.
        client_certificate: of the sender; None where nothing is said about it.
    """

    version: TlsVersion | None = None
    inferred_version: TlsVersion | None = None
    cipher: str | None = None
    bits: str | None = None
    client_certificate: StatedCertificate | None = None


#: Characters of a comment that are looked at.
_LONGEST = 1024
_VERSION = r"(?P<version>(?:TLS|SSL)\S*?)"

_COMMENTS = (
    # Postfix, MessageLabs, Stalwart.
    re.compile(rf"using {_VERSION} with cipher (?P<cipher>\S+)(?: \((?P<bits>[0-9/]+) bits\))?", re.IGNORECASE),
    # Exchange, Sendmail, Proofpoint, Gmail, Mimecast, Barracuda, hMailServer, SmarterMail, SonicWall, old OpenSMTPD.
    re.compile(
        rf"(?:TLS )?version={_VERSION},? cipher=(?P<cipher>[^\s,]+)"
        r"(?:,? bits=(?P<bits>[0-9/]+))?(?:,? verify=(?P<verify>\w+))?",
        re.IGNORECASE,
    ),
    # Exim before 4.93, OpenSMTPD.
    re.compile(
        r"(?:(?:tls_)?cipher )?(?P<version>(?:TLS|SSL)[^\s:]*):(?P<cipher>[^\s:]+):(?P<bits>[0-9/]+)"
        r"(?::(?P<verify>\w+))?",
        re.IGNORECASE,
    ),
    # KumoMTA; T-Online, which says so in words.
    re.compile(r"(?P<version>(?:TLS|SSL)[^\s:]*):(?P<cipher>[^\s:]+)(?: encrypted)?$", re.IGNORECASE),
    # Exclaimer.
    re.compile(rf"tlsversion={_VERSION}, ?tlscipher=(?P<cipher>[^\s,]+)", re.IGNORECASE),
    # MailMarshal.
    re.compile(r"using (?:TLS|SSL): (?P<version>(?:TLS|SSL)[^\s,]*), (?P<cipher>[^\s,]+)", re.IGNORECASE),
    # Forcepoint's cloud.
    re.compile(r"TLS bits=(?P<bits>[0-9/]+)(?: verify=(?P<verify>\w+))?", re.IGNORECASE),
    # Courier, McAfee.
    re.compile(
        r"(?:[^,]{0,200}, )?(?:TLS|SSL): ?(?P<version>(?:TLS|SSL)[^\s,]*), ?(?P<bits>[0-9]+)bits, ?(?P<cipher>[^\s,]+)",
        re.IGNORECASE,
    ),
    # qmail with the TLS patch, qpsmtpd.
    re.compile(r"(?P<cipher>[A-Z0-9_-]{4,64}) encrypted", re.IGNORECASE),
    # ecelerity, which does not close its comment.
    re.compile(r"cipher=(?P<cipher>[^\s,)]+)", re.IGNORECASE),
)
#: ZMailer writes it into the comment that also holds the name that the sender gave, in quotes: one word.
_ZMAILER = re.compile(
    r'\[[0-9A-Fa-f:.]{2,45}\]\S{0,8} "(?:EHLO|HELO) [^"\s]{0,255}" (?:ident: \S{1,64} )?'
    r'TLS-CIPHER: "(?P<cipher>[^"\s]{1,64}) keybits (?P<bits>[0-9/]+) version (?P<version>[^"\s]{1,20})"',
    re.IGNORECASE,
)
_VERSION_ALONE = re.compile(r"(?:TLS|SSL)v?[0-9._]+", re.IGNORECASE)
_CISCO = re.compile(r"E?SMTPS?A?/TLS/(?P<cipher>[A-Z0-9_-]{4,64})", re.IGNORECASE)
_CIPHER = re.compile(r"[A-Z0-9_-]{4,64}", re.IGNORECASE)

_NUMBERED = re.compile(r"(?:tls\\)?tls[v_-]?1(?:[._-]?(?P<minor>[0-3]))?", re.IGNORECASE)
_MINOR = {
    None: TlsVersion.TLS_1_0,
    "0": TlsVersion.TLS_1_0,
    "1": TlsVersion.TLS_1_1,
    "2": TlsVersion.TLS_1_2,
    "3": TlsVersion.TLS_1_3,
}
#: Source: sendmail op.me ${verify}; OpenSMTPD writes YES, NO and FAIL.
_VERIFY = {
    "OK": ClientCertificateState.VERIFIED,
    "YES": ClientCertificateState.VERIFIED,
    "TRUSTED": ClientCertificateState.VERIFIED,
    "FAIL": ClientCertificateState.NOT_VERIFIED,
    "NO": ClientCertificateState.NOT_PRESENTED,
    "NOT": ClientCertificateState.NOT_REQUESTED,
}
#: The name of a bulk cipher, which suites of several versions use.
_BULK = re.compile(
    r"(?:AES|CAMELLIA|ARIA|CHACHA20)(?:[-_]?[0-9]{3})?(?:[-_](?:GCM|CCM8?|CBC|POLY1305))?", re.IGNORECASE
)
_MODERN_HASH = re.compile(r"(?:GCM|CCM|CCM8|CHACHA20[-_]POLY1305|SHA256|SHA384)(?:[-_]|$)", re.IGNORECASE)
#: Suites without certificates on either side. Source: RFC 5246 A.5 (`anon`), OpenSSL (`ADH`, `AECDH`), GnuTLS.
_ANONYMOUS = re.compile(r"(?:ADH-|AECDH-|(?:TLS_)?(?:EC)?DH_anon_|ANON[-_])", re.IGNORECASE)


def session_in_comment(comment: str, following: Sequence[str] = ()) -> TlsSession | None:
    """The TLS that one comment of a Received header states, None where it is about something else.

    Args:
        comment: without its parentheses.
        following: the words right after it: Exim writes `(TLS1.3) tls TLS_AES_256_GCM_SHA384`.
    """
    text = comment[:_LONGEST].strip()
    if text.upper() in ("TLS", "SSL"):
        return TlsSession()
    if _VERSION_ALONE.fullmatch(text):
        cipher = following[1] if len(following) == 2 and following[0].lower() == "tls" else None
        return TlsSession(version=tls_version(text), cipher=_cipher(cipher))
    for pattern in (*_COMMENTS, _ZMAILER):
        if found := pattern.match(text):
            return _from_groups(found.groupdict())
    return None


def session_in_words(words: Sequence[str]) -> tuple[TlsSession | None, str]:
    """The TLS that words outside of comments state, with these words."""
    for at, word in enumerate(words):
        lowered = word.lower()
        following = words[at + 1] if at + 1 < len(words) else ""
        if cisco := _CISCO.fullmatch(word):
            return TlsSession(cipher=cisco["cipher"]), word
        # RFC 8314: the `tls` clause; Haraka writes it without the registered keyword's version.
        if lowered == "tls" and at and words[at - 1].lower() != "over" and _CIPHER.fullmatch(following):
            return TlsSession(cipher=_cipher(following)), f"tls {following}"
        if lowered == "encrypted" and at and _CIPHER.fullmatch(words[at - 1]):
            return TlsSession(cipher=_cipher(words[at - 1])), f"{words[at - 1]} encrypted"
        if [following.lower() for following in words[at : at + 4]] == ["over", "tls", "secured", "channel"]:
            return TlsSession(), "over TLS secured channel"
        if (lowered, following.upper()) in (("with", "STARTTLS"), ("via", "SSL"), ("via", "TLS")):
            return TlsSession(), f"{lowered} {following}"
    return None, ""


def tls_version(text: str) -> TlsVersion | None:
    r"""The version that a server wrote, in one spelling: `TLS1_2`, `TLSv1.2`, `TLS-1.2`, `TLS\Tls12`.

    `TLSv1/SSLv3` is OpenSSL's name for a family of cipher suites and gives None.
    """
    lowered = text.lower()
    if lowered in ("sslv3", "ssl3", "ssl-3.0", "ssl3.0", "ssl3_0", "tls\\ssl3"):
        return TlsVersion.SSLV3
    if lowered == "tls\\tls":
        return TlsVersion.TLS_1_0
    numbered = _NUMBERED.fullmatch(lowered)
    return _MINOR[numbered["minor"]] if numbered else None


def inferred_version(cipher: str) -> TlsVersion | None:
    """The only version that a suite exists in, None where it exists in several.

    Source: RFC 5246 and RFC 5289 (AEAD and SHA-2 suites need TLS 1.2), RFC 8446 B.4 (suites without `WITH`).
    """
    name = cipher.upper()
    if _BULK.fullmatch(name):
        return None
    if name.startswith(("TLS_AES_", "TLS_CHACHA20_", "AEAD-", "TLS13_")):
        return TlsVersion.TLS_1_3
    return TlsVersion.TLS_1_2 if _MODERN_HASH.search(name) else None


def anonymous(cipher: str) -> bool:
    """Whether a suite encrypts without any certificate."""
    return bool(_ANONYMOUS.match(cipher))


def _from_groups(groups: dict[str, str | None]) -> TlsSession:
    state = _VERIFY.get((groups.get("verify") or "").upper())
    return TlsSession(
        version=tls_version(groups.get("version") or ""),
        cipher=_cipher(groups.get("cipher")),
        bits=groups.get("bits"),
        client_certificate=None if state is None else StatedCertificate(state),
    )


def _cipher(name: str | None) -> str | None:
    """Gmail writes `OTHER` for a suite it has no name for."""
    cleaned = (name or "").rstrip(";,")
    return None if cleaned.upper() in ("", "OTHER") else cleaned
