"""Which hop of a message is the one between two organizations. Only that hop says anything about forced TLS.

Source: tls-verification 1.2. Most lines of a message in Exchange Online that mention TLS are Microsoft's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange_online.connectors import Direction
from regulated_partners.probing.verdicts import Transport
from regulated_partners.verify.received import Hop

#: Hosts that take mail for a tenant at its border. Those of the national clouds are assumed by analogy.
_BORDER = (
    ".mail.protection.outlook.com",
    ".mail.protection.office365.us",
    ".mail.protection.partner.outlook.cn",
)
#: Hosts that deliver a tenant's mail to others; the same.
_DELIVERY = (
    ".outbound.protection.outlook.com",
    ".outbound.protection.office365.us",
    ".outbound.protection.partner.outlook.cn",
)
#: Everything that Microsoft runs for mail.
_MICROSOFT = (".outlook.com", ".office365.com", ".exchangelabs.com", ".office365.us", ".partner.outlook.cn")


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
    if direction is Direction.OUTBOUND:
        return _outbound(hops, suffixes)
    return _inbound(hops, suffixes)


def _inbound(hops: Sequence[Hop], gateways: tuple[str, ...]) -> tuple[Boundary, ...]:
    strangers: list[str] = []
    found: list[Boundary] = []
    for index, hop in enumerate(hops):
        if hop.transport is Transport.UNKNOWN and not hop.protocol:
            continue
        is_gateway = bool(gateways) and _ends(hop.by, gateways)
        if (_at_border(hop) or is_gateway) and not _from(hop, gateways if is_gateway else _internal(hop)):
            boundary = Boundary(
                Direction.INBOUND, hop, index, tuple(strangers), _from(hop, _DELIVERY), is_gateway=is_gateway
            )
            found.append(boundary)
            # Behind the line of the border only a gateway of one's own is still believed.
            if not _from(hop, gateways):
                break
        elif not _ends(hop.by, (*_MICROSOFT, *gateways)) and hop.by:
            strangers.append(hop.by)
    return tuple(found)


def _outbound(hops: Sequence[Hop], gateways: tuple[str, ...]) -> tuple[Boundary, ...]:
    found: list[Boundary] = []
    for index, hop in enumerate(hops):
        if not _from(hop, _DELIVERY) and not (gateways and _from(hop, gateways)):
            continue
        if hop.by is None or (_ends(hop.by, _MICROSOFT) and not _at_border(hop)):
            continue
        if _from(hop, gateways) and _ends(hop.by, gateways):
            continue
        found.append(
            Boundary(
                Direction.OUTBOUND,
                hop,
                index,
                between_tenants=_at_border(hop),
                is_gateway=_ends(hop.by, gateways),
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
    return bool(suffixes) and bool(hop.senders) and _ends(hop.senders[0], suffixes)


def _ends(host: str | None, suffixes: tuple[str, ...]) -> bool:
    return host is not None and bool(suffixes) and f".{host}".endswith(suffixes)
