"""The picture of a pair: what its connectors demand of mail, by their settings alone."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from exchange_online_emulator.models import StoredObject
from exchange_online_emulator.page.drawing import BOX, LANE, MOST_LINES, Picture, Told, drawn, wrapped
from exchange_online_emulator.page.pairs import Pair

#: Smart hosts that are drawn.
_HOSTS = 3

Lines = Iterator[tuple[str, str]]

#: What an outbound connector's TlsSettings demand. Source: New-OutboundConnector, TlsSettings.
_TLS = {
    "EncryptionOnly": "TLS, any certificate",
    "CertificateValidation": "TLS, a trusted certificate",
    "DomainValidation": "TLS, a trusted certificate for",
}


def plain(text: str) -> str:
    """One line in which nobody can hide something: what is not printable is replaced."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))


class Protection(StrEnum):
    """What becomes of mail of one direction."""

    FORCED = "forced TLS"
    NOT_FORCED = "TLS is not forced"
    OFF = "not in use"
    NONE = "no connector"

    @property
    def code(self) -> str:
        """Its class in the style sheet."""
        return {"forced TLS": "pv", "TLS is not forced": "at"}.get(self, "np")

    @property
    def sign(self) -> str:
        """What stands beside its colour."""
        return {"pv": "\u2713", "at": "!"}.get(self.code, "\u25cb")


def inbound(pair: Pair) -> Protection:
    """How mail from the partner is protected."""
    return _protection(pair.inbound, forced=pair.inbound is not None and pair.inbound.flag("RequireTls"))


def outbound(pair: Pair) -> Protection:
    """How mail to the partner is protected."""
    return _protection(pair.outbound, forced=pair.outbound is not None and pair.outbound.text("TlsSettings") in _TLS)


def _protection(item: StoredObject | None, *, forced: bool) -> Protection:
    if item is None:
        return Protection.NONE
    if not item.flag("Enabled") or item.flag("TestMode"):
        return Protection.OFF
    return Protection.FORCED if forced else Protection.NOT_FORCED


def flow(pair: Pair, tenant: str) -> Picture:
    """The mail flow of a pair.

    Args:
        tenant: its initial domain.
    """
    told = (_told(inbound(pair), _from(pair.inbound), "from"), _told(outbound(pair), _to(pair.outbound), "to"))
    said = (" ".join(text for kind, text in one.lines if kind != "h") for one in told)
    described = " ".join(f"Mail {way} the partner: {text}." for way, text in zip(("from", "to"), said, strict=True))
    partner = [*_lines("h", pair.title, BOX - 12, 2), *_lines("", _listed(pair.domains, "domains"), BOX, 2)]
    own = [("h", "This tenant"), *_lines("", tenant, BOX, 1)]
    return drawn(f"Mail flow of {plain(pair.title)}", described, partner=partner, own=own, told=told)


def _told(protection: Protection, demands: Lines, way: str) -> Told:
    lines = [("h", f"Mail {way} the partner"), *_lines("v", f"{protection.sign} {protection}", LANE, 2)]
    for kind, text in demands:
        lines += _lines(kind, text, LANE - 2, 2) if kind == "g" else _lines(kind, text, LANE, MOST_LINES)
    return Told(tuple(lines), protection.code)


def _from(item: StoredObject | None) -> Lines:
    if item is None:
        return
    yield from _why_unused(item)
    yield ("", "refused without TLS") if item.flag("RequireTls") else ("w", "taken without TLS, too")
    by_certificate, by_address = item.flag("RestrictDomainsToCertificate"), item.flag("RestrictDomainsToIPAddresses")
    if by_certificate:
        yield "", f"only with the certificate {item.text('TlsSenderCertificateName') or 'of no name'}"
    if by_address:
        yield "", f"only from {_listed(item.values('SenderIPAddresses'), 'addresses')}"
    if not by_certificate and not by_address:
        yield "w", "from any server"


def _to(item: StoredObject | None) -> Lines:
    if item is None:
        return
    yield from _why_unused(item)
    settings = item.text("TlsSettings") or ""
    name = f" {item.text('TlsDomain') or 'no name'}" if settings == "DomainValidation" else ""
    yield ("", f"{_TLS[settings]}{name}") if settings in _TLS else ("w", "TLS only where it is offered")
    if item.flag("IsTransportRuleScoped"):
        yield "w", "only mail that a rule sends this way"
    if item.flag("UseMXRecord"):
        yield "", "to the servers of the MX record"
    hosts = item.values("SmartHosts")
    for host in hosts[:_HOSTS]:
        yield "g", host
    if len(hosts) > _HOSTS:
        yield "g", f"and {len(hosts) - _HOSTS} more"


def _why_unused(item: StoredObject) -> Lines:
    if not item.flag("Enabled"):
        yield "o", "the connector is off"
    if item.flag("TestMode"):
        yield "o", "the connector is in test mode"


def _listed(values: tuple[str, ...], what: str) -> str:
    return ", ".join(values) or f"no {what}"


def _lines(kind: str, text: str, width: int, most: int) -> list[tuple[str, str]]:
    return [(kind, line) for line in wrapped(plain(text), width, most)]
