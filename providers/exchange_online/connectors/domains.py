"""Domains, certificate names and mail addresses in their canonical spelling."""

from __future__ import annotations

import re

import idna

from exchange_online.connectors.scripts import looks_alike, u_label
from exchange_online.connectors.values import ItemRefused

#: `smtp:contoso.com;1` is how the service stores a sender domain; the number is undocumented. Source: N1.
_STORED = re.compile(r"^smtp:(?P<domain>[^;]*)(;\d*)?$", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
#: A certificate named by issuer and subject, as the hybrid wizard writes it. Source: N12 (assumed).
_ISSUER_AND_SUBJECT = re.compile(r"^<I>.*<S>.*$", re.IGNORECASE | re.DOTALL)

#: The domain of a mail address, of a web address, or in the service's own spelling.
_INSIDE = re.compile(
    r"^[^@\s]+@([a-z0-9.-]+\.[a-z]+)$|^https?://([a-z0-9.-]+\.[a-z]+)(?:[:/].*)?$|^smtp:([^;]+);\d*$", re.IGNORECASE
)
_IDNA = "RFC 5890, 2.3.2.1"
_ALIKE = "Unicode UTS 39, 5.2"
_WILDCARD_SOURCE = "New-InboundConnector, SenderDomains: an embedded wildcard isn't valid"


def domain(text: str) -> str:
    """One domain: lower case, no trailing dot, internationalised labels as A-labels (RFC 5891).

    Raises:
        ItemRefused: for what is no domain of at least two labels, and for an IPv4 address.
    """
    written = text.strip().lower().replace("\u3002", ".").removesuffix(".")
    name = written
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii").removesuffix(".")
        except idna.IDNAError:
            raise _no_domain(text) from None
    labels = name.split(".")
    well_formed = len(name) <= 253 and len(labels) >= 2 and all(_LABEL.fullmatch(label) for label in labels)
    if not well_formed or labels[-1].isdigit():
        raise _no_domain(text)
    for label in labels:
        if (letters := u_label(label)) is None:
            reason = f"{text!r} holds {label!r}, which begins as an internationalised label and is none"
            raise ItemRefused("domain", reason, "copy the domain from its owner, or write it in its letters", _IDNA)
        # Written as an A-label it deceives nobody: then it is a warning (`rules.doubtful_domain`).
        if label not in written and (alike := looks_alike(letters)):
            reason = f"{text!r} mixes {alike} in one label: it looks like one domain and is another"
            raise ItemRefused("scripts", reason, f"correct it, or, where this is the partner's, write {name}", _ALIKE)
    return name


def domain_or_wildcard(text: str) -> str:
    """A domain or `*.domain`, as TlsDomain and TlsSenderCertificateName take it.

    Raises:
        ItemRefused: V4 for a wildcard anywhere else than in front.
    """
    stripped = text.strip()
    head, star_dot, rest = stripped.partition("*.")
    if star_dot and not head and "*" not in rest:
        if not rest.strip("."):
            raise _no_domain(text)
        return "*." + domain(rest)
    remedy = "write the domain itself, or '*.' and a domain"
    if stripped.startswith("*") and stripped[1:2] not in ("", ".", "*") and "*" not in stripped[1:]:
        reason = f"{text!r} has a wildcard without a dot after it"
        raise ItemRefused("V4", reason, f"did you mean '*.{stripped[1:]}'? {remedy}", _WILDCARD_SOURCE)
    if "*" in stripped:
        raise ItemRefused("V4", f"{text!r} has a wildcard that is not in front", remedy, _WILDCARD_SOURCE)
    return domain(stripped)


def recipient_domain(text: str) -> str:
    """A domain, `*.domain` or `*`, as RecipientDomains takes it."""
    return "*" if text.strip() == "*" else domain_or_wildcard(text)


def sender_domain(text: str) -> str:
    """A domain, `*.domain`, `*`, or the stored form `smtp:<one of these>;1`. Source: N1 (observed)."""
    stored = _STORED.match(text.strip())
    return recipient_domain(stored["domain"] if stored else text)


def accepted_domain(text: str) -> str:
    """An accepted domain; some tenants read back a path, of which the last part counts. Source: N9."""
    return domain(text.rpartition("/")[2])


def certificate_name(text: str) -> str:
    """The name in a certificate, a domain or `*.domain`; an issuer-and-subject form stays as it is (N12)."""
    if _ISSUER_AND_SUBJECT.match(text.strip()):
        return text.strip()
    return domain_or_wildcard(text)


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


def _no_domain(text: str) -> ItemRefused:
    remedy = "write a name such as fabrikam.com"
    if inside := _INSIDE.search(text.strip()):
        found = next(filter(None, inside.groups()))
        remedy = f"did you mean {found}? {remedy}"
    return ItemRefused("domain", f"{text!r} is not a domain name", remedy, "RFC 5321, 4.1.2")


def _no_address(text: str) -> ItemRefused:
    return ItemRefused(
        "address", f"{text!r} is not an SMTP address", "write one such as mail-tls@fabrikam.com", "RFC 5321, 4.1.2"
    )
