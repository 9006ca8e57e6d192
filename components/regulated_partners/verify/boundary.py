"""Which hop of a message is the one between two organizations, and what it shows. Only that hop says anything about
forced TLS.

Source: tls-verification 1.2. Most lines of a message in Exchange Online that mention TLS are Microsoft's own.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exchange_online.connectors import ConnectorSettings, Direction, InboundSettings, OutboundSettings, TlsSettings
from regulated_partners.probing.certificate_findings import switched_off
from regulated_partners.probing.server_report import NO_TLS
from regulated_partners.probing.verdicts import Check, Finding, Level, Party
from regulated_partners.verify.mail_files import HeaderBlock
from regulated_partners.verify.received import Hop
from regulated_partners.verify.tls_comments import ClientCertificateState, HopTransport

#: Hosts that take mail for a tenant at its border. Those of the national clouds are assumed by analogy.
_BORDER = (".mail.protection.outlook.com", ".mail.protection.office365.us", ".mail.protection.partner.outlook.cn")
#: Hosts that deliver a tenant's mail to others; the same.
_DELIVERY = (
    ".outbound.protection.outlook.com",
    ".outbound.protection.office365.us",
    ".outbound.protection.partner.outlook.cn",
)
#: Everything that Microsoft runs for mail.
_MICROSOFT = (".outlook.com", ".office365.com", ".exchangelabs.com", ".office365.us", ".partner.outlook.cn")
_CONNECTING = re.compile(r"(?:^|[;\s])CIP:(?P<address>[0-9a-fA-F.:]+)")
_NO_ENCRYPTION = re.compile(r"(?:^|[-_])NULL(?:[-_]|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Boundary:
    """A hop from one organization to another.

    Attributes:
        direction: seen from the tenant.
        hop: what the receiving server wrote.
        index: of the hop, 0 the newest.
        strangers: hosts that wrote lines above it and that nobody vouches for: they could have made it up.
        between_tenants: whether both sides are on Exchange Online.
        is_gateway: whether a gateway of one's own wrote it, in front of Exchange Online.
    """

    direction: Direction
    hop: Hop
    index: int
    strangers: tuple[str, ...] = ()
    between_tenants: bool = False
    is_gateway: bool = False


def find_boundary(hops: Sequence[Hop], direction: Direction, gateways: Sequence[str] = ()) -> tuple[Boundary, ...]:
    """The boundary of a direction: none, or one; with gateways in front, one more for each.

    Args:
        hops: of a message, the newest first.
        direction: inbound looks for where Exchange Online took the message, outbound for where it delivered it.
        gateways: domains of gateways of one's own, `pphosted.com`: they and their hosts are trusted.
    """
    suffixes = tuple("." + gateway.strip().lower().strip(".") for gateway in gateways)
    return _outbound(hops, suffixes) if direction is Direction.OUTBOUND else _inbound(hops, suffixes)


def _inbound(hops: Sequence[Hop], gateways: tuple[str, ...]) -> tuple[Boundary, ...]:
    strangers: list[str] = []
    found: list[Boundary] = []
    for index, hop in enumerate(hops):
        if hop.transport is HopTransport.UNKNOWN and not hop.protocol:
            continue
        is_gateway = _ends(hop.by, gateways)
        if (_at_border(hop) or is_gateway) and not _from(hop, gateways if is_gateway else _internal(hop)):
            about = (tuple(strangers), _from(hop, _DELIVERY), is_gateway)
            found.append(Boundary(Direction.INBOUND, hop, index, *about))
            # Behind the line of the border only a gateway of one's own is still believed.
            if not _from(hop, gateways):
                break
        elif not _ends(hop.by, (*_MICROSOFT, *gateways)) and hop.by:
            strangers.append(hop.by)
    return tuple(found)


def _outbound(hops: Sequence[Hop], gateways: tuple[str, ...]) -> tuple[Boundary, ...]:
    found: list[Boundary] = []
    for index, hop in enumerate(hops):
        if not _from(hop, (*_DELIVERY, *gateways)):
            continue
        if hop.by is None or (_ends(hop.by, _MICROSOFT) and not _at_border(hop)):
            continue
        if _from(hop, gateways) and _ends(hop.by, gateways):
            continue
        found.append(
            Boundary(
                Direction.OUTBOUND, hop, index, between_tenants=_at_border(hop), is_gateway=_ends(hop.by, gateways)
            )
        )
        if not gateways:
            break
    return tuple(found[:2])


def _internal(hop: Hop) -> tuple[str, ...]:
    """What counts as Microsoft's own side: everything but the hosts that deliver for other tenants."""
    return () if _from(hop, _DELIVERY) else _MICROSOFT


def _at_border(hop: Hop) -> bool:
    """`via Frontend Transport` alone is not enough: internal hops by *.outlook.office365.com say it too."""
    return _ends(hop.by, _BORDER) and hop.frontend and (hop.protocol or "").startswith("Microsoft SMTP Server")


def _from(hop: Hop, suffixes: tuple[str, ...]) -> bool:
    """Whether the sending host is under one of the domains, by the name looked up, or else the one it gave."""
    return bool(hop.senders) and _ends(hop.senders[0], suffixes)


def _ends(host: str | None, suffixes: tuple[str, ...]) -> bool:
    return host is not None and f".{host}".endswith(suffixes)


def boundary_findings(boundary: Boundary, settings: ConnectorSettings | None) -> Iterable[Finding]:
    """What the hop itself shows, against what the connector demands; without settings where no partner was named."""
    hop = boundary.hop
    if hop.transport is HopTransport.CLEAR:
        yield _clear(boundary, settings)
    elif hop.transport is HopTransport.UNKNOWN:
        yield _not_stamped(hop)
    else:
        yield from _protocol(hop)
        yield from _suite(hop, settings)
        yield from _certificate(boundary, settings)
    if settings is not None:
        yield from switched_off(settings)


def crossing_findings(boundary: Boundary, block: HeaderBlock) -> Iterable[Finding]:
    """How far the line can be believed, by the lines around it."""
    if boundary.strangers:
        hosts = ", ".join(boundary.strangers[:3])
        text = (
            f"Lines above the boundary were written by {hosts}, which is neither Exchange Online nor a gateway named "
            "with --gateway: that host could have made up everything below its line. Take the message from the "
            "recipient's mailbox itself."
        )
        yield Finding(Check.TRUST, Level.WARNING, text, Party.WE, source="tls-verification 1.2, step 1")
    if boundary.between_tenants:
        text = (
            "The other side is on Exchange Online too: both hosts of this hop are Microsoft's, and its certificate is "
            "that of Exchange Online, not the partner's."
        )
        yield Finding(Check.TENANTS, Level.INFO, text, source="tls-verification 1.2; assumed for partner connectors")
    if boundary.direction is Direction.INBOUND and not boundary.is_gateway:
        yield from _attribution(boundary.hop, block)


def _clear(boundary: Boundary, settings: ConnectorSettings | None) -> Finding:
    hop = boundary.hop
    inbound = boundary.direction is Direction.INBOUND
    text = f"The hop to {hop.by} was not encrypted: it says `{hop.evidence}`, and nothing of TLS."
    if settings is not None and settings.demands_tls:
        text += (
            f" The connector '{settings.name}' demands TLS, so it was not applied to this message: see in the message "
            "trace which connector was, and whether this one is enabled and lists the domain."
        )
    elif settings is not None:
        text += " The connector does not demand TLS (opportunistic); declare connectionSecurity to force it."
    elif inbound:
        text += " The partner's server must offer STARTTLS when it sends, and the inbound connector must demand it."
    else:
        text += " The partner's server must offer STARTTLS, and the outbound connector must demand it."
    who = Party.WE if settings is not None else Party.EITHER
    answer = "451 5.7.3 STARTTLS is required to send mail" if inbound else NO_TLS
    level = Level.WARNING if settings is not None and not settings.demands_tls else Level.ERROR
    return Finding(Check.TRANSPORT, level, text, who, answer, "tls-verification 0.2, 2.3")


def _not_stamped(hop: Hop) -> Finding:
    text = (
        f"{hop.by} does not say whether TLS was used (`{hop.evidence or 'no with clause'}`): servers of this kind "
        "write the same with and without TLS. Have it write TLS into Received (Postfix: smtpd_tls_received_header = "
        "yes), or look into its log, or use `verify partner`."
    )
    return Finding(Check.TRANSPORT, Level.WARNING, text, Party.PARTNER, source="tls-verification 0.2")


def _protocol(hop: Hop) -> Iterable[Finding]:
    session = hop.session
    version = session.version or session.inferred_version if session else None
    if version is None:
        text = (
            f"{hop.by} says that TLS was used and not which version (`{hop.evidence}`); Postfix writes it with "
            "smtpd_tls_received_header = yes."
        )
        yield Finding(Check.PROTOCOL, Level.INFO, text, source="tls-verification 0.2, 0.3")
    elif not version.is_usable:
        text = (
            f"The hop used {version}, which Exchange Online has not used since 2021: today such a server gets or sends "
            "mail only without TLS, and not at all where TLS is forced. It must speak TLS 1.2 or 1.3."
        )
        yield Finding(Check.PROTOCOL, Level.WARNING, text, Party.PARTNER, source="techcommunity 2065089")


def _suite(hop: Hop, settings: ConnectorSettings | None) -> Iterable[Finding]:
    cipher = hop.session.cipher if hop.session else None
    if cipher and _NO_ENCRYPTION.search(cipher):
        text = f"The cipher suite {cipher} authenticates and does not encrypt; the server must switch it off."
        yield Finding(Check.CIPHER, Level.ERROR, text, Party.PARTNER, source="RFC 4492, RFC 5246: NULL suites")
    elif hop.is_anonymous:
        unchecked = (None, TlsSettings.ENCRYPTION_ONLY.value)
        checked = isinstance(settings, OutboundSettings) and settings.tls_settings not in unchecked
        text = f"The cipher suite {cipher} uses no certificate, so nobody knows who was at the other end."
        level = Level.ERROR if checked else Level.WARNING
        yield Finding(Check.CIPHER, level, text, Party.PARTNER, source="RFC 5246 A.5")


def _certificate(boundary: Boundary, settings: ConnectorSettings | None) -> Iterable[Finding]:
    session = boundary.hop.session
    shown = session.client_certificate if session else None
    if boundary.direction is Direction.INBOUND:
        if isinstance(settings, InboundSettings) and settings.restrict_domains_to_certificate and not shown:
            name = settings.tls_sender_certificate_name
            text = (
                f"This shows that TLS was used, not that the certificate matched {name}: Exchange Online never writes "
                "that into a header. The message trace (`verify service`), a capture (`verify listen`) or a refused "
                "message without the certificate shows it."
            )
            yield Finding(Check.CERTIFICATE, Level.INFO, text, source="tls-verification 0.4")
        return
    if shown and shown.state is ClientCertificateState.NOT_VERIFIED:
        text = (
            "The partner's server got Exchange Online's certificate and could not verify it: it lacks the issuer, or "
            "the certificate does not allow its use as a client. It matters where the partner demands a certificate "
            "from us; the partner should trust the issuer's root and compare the name, not pin the issuer."
        )
        yield Finding(Check.CLIENT_CERTIFICATE, Level.WARNING, text, Party.PARTNER, source="tls-verification 0.9, 2.4")


def _attribution(hop: Hop, block: HeaderBlock) -> Iterable[Finding]:
    report = block.first("x-forefront-antispam-report") or ""
    found = _CONNECTING.search(" ".join(report.split()))
    if found and hop.address and not _same_address(found["address"], hop.address):
        text = (
            f"The boundary line says that {hop.address} connected, and X-Forefront-Antispam-Report says "
            f"{found['address']}: either Enhanced Filtering skips a gateway in front (name it with --gateway), or "
            "one of the two was made up."
        )
        yield Finding(Check.ADDRESS, Level.WARNING, text, Party.WE, source="tls-verification 1.2, step 6")
    if (block.first("x-ms-exchange-crosstenant-fromentityheader") or "").strip().lower() == "hybridonprem":
        text = (
            "Exchange Online attributed the message to an inbound connector of type OnPremises "
            "(X-MS-Exchange-CrossTenant-FromEntityHeader: HybridOnPrem), so the partner connector was not applied."
        )
        yield Finding(Check.ATTRIBUTION, Level.WARNING, text, Party.WE, source="tls-verification 1.3")


def _same_address(one: str, other: str) -> bool:
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return one == other
