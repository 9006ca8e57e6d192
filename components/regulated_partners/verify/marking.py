"""Which mail servers write TLS down, and how: where silence means clear text, and where it means nothing.

A server that is in no row is not known: its silence is "not shown", and blames nobody. To add one, add a row; `ALWAYS`
needs evidence that the server cannot be set up, and has not been in any version in use, to keep silent about TLS.
Source: tls-verification 0.2 and 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Habit(StrEnum):
    """Whether a server writes TLS down."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"


class Sign(StrEnum):
    """Where in the header a product shows which one it is."""

    COMMENT = "comment"
    """A comment after the receiving host: `by mx.fabrikam.com (Postfix) with`."""
    PROTOCOL = "protocol"
    """The words after `with`: `Microsoft SMTP Server`."""
    HOST = "host"
    """The receiving host: `by mx.google.com`."""
    ID = "id"
    """The number after `id`, where a product's form is its own."""


@dataclass(frozen=True)
class Product:
    """A mail server, and how it writes TLS down.

    Attributes:
        name: for a reader.
        sign: where it shows itself.
        pattern: matches there, from the beginning.
        habit: whether it writes TLS down.
        marks: how it does.
        evidence: where that comes from.
    """

    name: str
    sign: Sign
    pattern: re.Pattern[str]
    habit: Habit
    marks: str
    evidence: str


def _row(name: str, shown: tuple[Sign, str], habit: Habit, marks: str, evidence: str) -> Product:
    sign, pattern = shown
    return Product(name, sign, re.compile(pattern, re.IGNORECASE), habit, marks, evidence)


_COMMENT, _PROTOCOL, _HOST, _ID = Sign.COMMENT, Sign.PROTOCOL, Sign.HOST, Sign.ID
_ALWAYS, _SOMETIMES = Habit.ALWAYS, Habit.SOMETIMES
_KEYWORD = "`with ESMTPS` (RFC 3848)"

#: The first row that matches decides, so what is silent stands before what it resembles.
PRODUCTS: tuple[Product, ...] = (
    _row(
        "Proofpoint",
        (_HOST, r".*\.(pphosted|ppe-hosted|ppops)\.(com|net)$"),
        _SOMETIMES,
        "`(version=... cipher=... verify=...)`",
        "headers of older builds without it, tls-verification 0.2",
    ),
    _row(
        "Barracuda",
        (_HOST, r".*\.barracudanetworks\.com$"),
        _SOMETIMES,
        "`(version=... cipher=...)`, X-Barracuda-Encrypted",
        "tls-verification 0.2",
    ),
    _row(
        "Barracuda",
        (_COMMENT, r"Barracuda"),
        _SOMETIMES,
        "`(version=... cipher=...)`, X-Barracuda-Encrypted",
        "tls-verification 0.2",
    ),
    _row("SmarterMail", (_COMMENT, r"SmarterMail"), _SOMETIMES, r"`(version=TLS\Tls12 ...)`", "tls-verification 0.2"),
    _row("McAfee", (_COMMENT, r"McAfee"), _SOMETIMES, "`(TLS: ...)`", "tls-verification 0.2"),
    _row(
        "Forcepoint",
        (_HOST, r".*\.mailcontrol\.com$"),
        _SOMETIMES,
        "`(TLS bits=... verify=...)`",
        "headers of the cloud service",
    ),
    _row(
        "Exchange",
        (_PROTOCOL, r"Microsoft SMTP Server\b"),
        _ALWAYS,
        "`(version=..., cipher=...)`, or `(TLS)`",
        "tls-verification 0.2; 22,779 lines of rf-peixoto/phishing_pot",
    ),
    _row(
        "Gmail",
        (_HOST, r"(mx|smtp|smtp-relay)\.(google|gmail)\.com$"),
        _ALWAYS,
        "`with ESMTPS ... (version=... cipher=...)`",
        "tls-verification 1.1",
    ),
    _row(
        "Postfix",
        (_COMMENT, r"(.{0,60} )?Postfix\b"),
        _ALWAYS,
        _KEYWORD + "; version and cipher where it is set to",
        "postfix smtpd.c: the keyword does not depend on smtpd_tls_received_header",
    ),
    _row("Exim", (_COMMENT, r"Exim\b"), _ALWAYS, "`with esmtps (TLS...)`", "exim globals.c, ChangeLog 4.93"),
    _row(
        "Sendmail",
        (_COMMENT, r"(?:[A-Za-z-]{1,20} )?8\.\d+\.\d+"),
        _ALWAYS,
        "`with ESMTPS ... (version=... verify=...)`",
        "sendmail cfhead.m4 288, op.me",
    ),
    _row(
        "OpenSMTPD",
        (_COMMENT, r"OpenSMTPD\b"),
        _ALWAYS,
        "`with ESMTPS ... (TLSv1.3:...)`",
        "OpenSMTPD 6.8, smtp_session.c",
    ),
    _row("Haraka", (_COMMENT, r"Haraka\b"), _ALWAYS, "`with ESMTPS ... tls CIPHER`", "Haraka connection.js"),
    _row("Stalwart", (_COMMENT, r"Stalwart\b"), _ALWAYS, "`(using TLSv1.3 with cipher ...)`", "tls-verification 1.1"),
    _row("Halon", (_COMMENT, r"Halon\b"), _ALWAYS, _KEYWORD, "tls-verification 1.1"),
    _row(
        "Oracle Messaging Server",
        (_COMMENT, r"Oracle Communications Messaging"),
        _ALWAYS,
        _KEYWORD,
        "tls-verification 1.1",
    ),
    _row(
        "Barracuda Email Security Gateway",
        (_ID, r"(?-i:(?=.*[a-z].*[a-z])(?=.*[A-Z].*[A-Z])[A-Za-z0-9]{16}$)"),
        _ALWAYS,
        "`(version=... cipher=...)`, X-Barracuda-Encrypted; neither without TLS",
        "tls-verification 1.1",
    ),
    _row("Cisco ESA", (_HOST, r".*\.iphmx\.com$"), _ALWAYS, "`with ESMTP/TLS/CIPHER`", "tls-verification 1.1"),
    _row(
        "Mimecast",
        (_HOST, r".*\.mimecast\.(com|co\.za|org)$"),
        _ALWAYS,
        "`with ESMTP with STARTTLS (version=...)`",
        "tls-verification 1.1",
    ),
)


def product_of(by: str | None, protocol: str, comments: Sequence[str], identifier: str = "") -> Product | None:
    """The product that wrote a header, as far as it shows; None where it is not known.

    Args:
        by: the receiving host, lower case.
        protocol: the words after `with`.
        comments: those that the server wrote after its own name.
        identifier: the word after `id`.
    """
    shown = {_COMMENT: tuple(comments), _PROTOCOL: (protocol,), _HOST: (by or "",), _ID: (identifier,)}
    return next((product for product in PRODUCTS if any(map(product.pattern.match, shown[product.sign]))), None)
