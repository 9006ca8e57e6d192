"""Domains, certificate names and mail addresses in their canonical spelling."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import idna

from exchange_online.connectors.mistaken_names import Wanted, items, refused, several_names
from exchange_online.connectors.scripts import looks_alike, u_label
from exchange_online.connectors.values import ItemRefused

#: `smtp:contoso.com;1` is how the service stores a sender domain; the number is undocumented. Source: N1.
_STORED = re.compile(r"^smtp:(?!//)(?P<domain>[^;]*)(;\d*)?$", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
#: Names of servers, and those in certificates, hold underscores too. Source: field practice; RFC 2181, 11.
_LABEL_OF_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
#: A certificate named by issuer and subject, as the hybrid wizard writes it. Source: N12 (assumed).
_ISSUER_AND_SUBJECT = re.compile(r"^<I>.*<S>.*$", re.IGNORECASE | re.DOTALL)

_IDNA = "RFC 5890, 2.3.2.1"
_ALIKE = "Unicode UTS 39, 5.2"


def domain(text: str) -> str:
    """One domain: lower case, no trailing dot, internationalised labels as A-labels (RFC 5891).

    Raises:
        ItemRefused: for what is no domain of at least two labels, and for an IPv4 address.
    """
    return _read(text, _DOMAIN)


def host_name(text: str) -> str:
    """The name of a server, as SmartHosts takes it: a domain whose labels may hold underscores.

    Raises:
        ItemRefused: `host` for what is none.
    """
    return _read(text, _HOST)


def recipient_domain(text: str) -> str:
    """A domain, `*.domain`, `*`, or the stored form `smtp:<one of these>;1`.

    The service shows that form of sender domains; of recipient domains it is taken so that both are written alike.
    Source: N1 (observed).
    """
    stored = _STORED.match(text.strip())
    written = stored["domain"] if stored else text
    return "*" if written.strip() == "*" else _read(written, _MAIL_DOMAIN, quoted=text)


def mail_domain(text: str) -> str | None:
    """The canonical spelling of what a connector applies to; None for what is refused."""
    try:
        return recipient_domain(text)
    except ItemRefused:
        return None


#: Both directions take the same spellings.
sender_domain = recipient_domain


def accepted_domain(text: str) -> str:
    """An accepted domain; some tenants read back a path, of which the last part counts. Source: N9."""
    return domain(text.rpartition("/")[2])


def tls_domain(text: str) -> str:
    """The name in the certificate of the receiving server, a domain or `*.domain`.

    Raises:
        ItemRefused: V4 for a wildcard anywhere else than in front, `domain` for what is no name.
    """
    return _read(text, _CERTIFICATE_NAME)


def certificate_name(text: str) -> str:
    """The name in a certificate, a domain or `*.domain`; an issuer-and-subject form stays as it is (N12)."""
    return text.strip() if _ISSUER_AND_SUBJECT.match(text.strip()) else tls_domain(text)


def organization(text: str) -> str:
    """A Microsoft 365 organization, compared without regard to case (assumed: no source gives a normal form)."""
    name = text.strip().lower()
    if not name:
        raise ItemRefused("type", "'' names no organization", "leave the item out", "New-InboundConnector")
    return name


def mail_address(text: str) -> str:
    """An SMTP address: lower case, the domain as A-labels.

    Raises:
        ItemRefused: for what is no address of the form `local@domain`.
    """
    local, at, host = text.strip().rpartition("@")
    if not at or not local or re.search(r"[\s@<>\"]", local):
        raise _no_address(text)
    try:
        return f"{local.lower()}@{domain(host)}"
    except ItemRefused:
        raise _no_address(text) from None


def domain_order(name: str) -> tuple[int | str, ...]:
    """Sorts `*` first, then each domain before its wildcard."""
    return (int(name != "*"), name.removeprefix("*."), int(name.startswith("*.")))


def _read(text: str, wanted: Wanted, quoted: str = "") -> str:
    """The canonical spelling of what is wanted; `quoted` is what was written, where that is more than the text."""
    pattern = _LABEL_OF_HOST if wanted in (_HOST, _CERTIFICATE_NAME) else _LABEL
    name = _spelled(text, pattern, wildcard=wanted.wildcards)
    if name is None:
        raise refused(quoted or text, wanted)
    written = text.strip().lower()
    for label in name.split("."):
        if (letters := u_label(label)) is None:
            reason = f"{text!r} holds {label!r}, which begins as an internationalised label and is none"
            raise ItemRefused("domain", reason, "copy the domain from its owner, or write it in its letters", _IDNA)
        # Written as an A-label it deceives nobody: then it is a warning (`rules.doubtful_domain`).
        if label not in written and (alike := looks_alike(letters)):
            reason = f"{text!r} mixes {alike} in one label: it looks like one domain and is another"
            raise ItemRefused("scripts", reason, f"correct it, or, where this is the partner's, write {name}", _ALIKE)
    return name


def _spelled(text: str, pattern: re.Pattern[str], *, wildcard: bool) -> str | None:
    """The canonical spelling of a domain, or of `*.domain`; None for what is none."""
    written = text.strip().lower().replace("\u3002", ".").removesuffix(".")
    star = "*." if wildcard and written.startswith("*.") else ""
    try:
        labels = [_a_label(label) for label in written.removeprefix(star).split(".")]
    except (idna.IDNAError, UnicodeError):
        return None
    name = ".".join(labels)
    labels = name.split(".")
    well_formed = len(name) <= 253 and len(labels) >= 2 and all(pattern.fullmatch(label) for label in labels)
    return star + name if well_formed and not labels[-1].isdigit() else None


def _a_label(label: str) -> str:
    return label if label.isascii() else idna.encode(label, uts46=True).decode("ascii").removesuffix(".")


def _no_address(text: str) -> ItemRefused:
    inside = [found for found in re.findall(r"[^\s@<>\":,;]+@[^\s@<>\":,;]+", text) if _spelled_address(found)]
    meant = f"did you mean {inside[0]}? " if len(inside) == 1 == text.count("@") else ""
    remedy = items(inside) if len(inside) > 1 else f"{meant}write one such as mail-tls@fabrikam.com"
    return ItemRefused("address", f"{text!r} is not an SMTP address", remedy, "RFC 5321, 4.1.2")


def _spelled_address(text: str) -> bool:
    return _is(_LABEL, False, text.rpartition("@")[2])


def _is(pattern: re.Pattern[str], wildcard: bool, text: str) -> bool:
    return _spelled(text, pattern, wildcard=wildcard) is not None


_ADDRESSES = "addresses that the partner sends from stand in senderIpAddresses, those to deliver to in smartHosts"
_DOMAIN = Wanted(
    "domain",
    "not a domain name",
    "write a name such as fabrikam.com",
    "RFC 5321, 4.1.2",
    partial(_is, _LABEL, False),
    items,
    _ADDRESSES,
    wildcards=False,
)
_MAIL_DOMAIN = replace(_DOMAIN, reads=partial(_is, _LABEL, True), wildcards=True)
_CERTIFICATE_NAME = replace(
    _MAIL_DOMAIN,
    reads=partial(_is, _LABEL_OF_HOST, True),
    such_as="write a name such as mail.fabrikam.com",
    several=several_names,
    address="connectors compare names, not addresses",
)
_HOST = Wanted(
    "host",
    "neither a host name nor an IPv4 address",
    "write one such as mx.fabrikam.com",
    "New-OutboundConnector, SmartHosts",
    lambda text: _is(_LABEL_OF_HOST, False, text) or bool(re.fullmatch(r"\d+(\.\d+){3}", text)),
    items,
    wildcards=False,
)
