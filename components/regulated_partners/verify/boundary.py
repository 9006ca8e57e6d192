"""Which hop of a message is the one between two organizations. Only that hop says anything about forced TLS.

It is found by what receiving servers wrote: by their own names, by `via Frontend Transport`, and by the addresses that
connected. What a sender calls itself labels a hop, and decides nothing.

Source: tls-verification 1.2. Most lines of a message in Exchange Online that mention TLS are Microsoft's own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from exchange_online.connectors import Direction
from regulated_partners.verify import microsoft
from regulated_partners.verify.microsoft import BORDER, DELIVERY, MICROSOFT, host_ends
from regulated_partners.verify.received import Hop

#: What reports of others say of the address that connected: its reverse name, where they know one.
NameOf = Callable[[str], str | None]


class Standing(StrEnum):
    """How sure it is that a host is the one it seems to be."""

    NO = "no"
    CLAIMED = "claimed"
    """It only says so itself, or its name does not contradict it."""
    KNOWN = "known"
    """The receiving side wrote an address, or looked up a name, that is its own."""


@dataclass(frozen=True)
class Gateways:
    """Gateways of one's own, in front of Exchange Online or behind it.

    Attributes:
        suffixes: their domains, `.pphosted.com`.
        networks: their addresses; where there are any, no other address is one of theirs.
    """

    suffixes: tuple[str, ...] = ()
    networks: tuple[microsoft.Network, ...] = ()

    @classmethod
    def of(cls, values: Iterable[str]) -> Gateways:
        """From what a user names: domains, addresses, networks."""
        suffixes: list[str] = []
        networks: list[microsoft.Network] = []
        for value in values:
            try:
                networks.append(ipaddress.ip_network(value.strip().strip("[]"), strict=False))
            except ValueError:
                suffixes.append("." + value.strip().lower().strip("."))
        return cls(tuple(suffixes), tuple(networks))

    def __bool__(self) -> bool:
        return bool(self.suffixes or self.networks)

    def wrote(self, hop: Hop) -> bool:
        """Whether the line is a gateway's, by the name it gives itself."""
        return host_ends(hop.by, self.suffixes)

    def sent(self, hop: Hop, name_of: NameOf) -> Standing:
        """Whether a gateway connected: by its address, by the name looked up, or only by what it called itself."""
        if self.networks:
            return Standing.KNOWN if microsoft.in_networks(hop.address, self.networks) else Standing.NO
        if host_ends(hop.reverse_name, self.suffixes):
            return Standing.KNOWN
        if hop.reverse_name or not host_ends(hop.helo, self.suffixes):
            return Standing.NO
        reported = name_of(hop.address) if hop.address else None
        return Standing.CLAIMED if reported is None or host_ends(reported, self.suffixes) else Standing.NO


@dataclass(frozen=True)
class Boundary:
    """A hop from one organization to another, or between servers of one's own.

    Attributes:
        direction: seen from the tenant.
        hop: what the receiving server wrote.
        index: of the hop, 0 the newest.
        strangers: hosts that wrote lines above it and that nobody vouches for: they could have made it up.
        between_tenants: whether both sides are on Exchange Online.
        is_gateway: whether a gateway of one's own wrote it.
        is_own: whether both ends are one's own, a gateway and Exchange Online: it is not the partner's hop.
        claimed_gateway: the name of a gateway above it, or of its own, that is known only by what it called itself.
        is_exchange: how sure it is that Exchange Online is the sending side; for outbound.
        loops: how often the message had left Exchange Online and come back, above it.
        other_crossings: lines below it that also look like a border.
    """

    direction: Direction
    hop: Hop
    index: int
    strangers: tuple[str, ...] = ()
    between_tenants: bool = False
    is_gateway: bool = False
    is_own: bool = False
    claimed_gateway: str | None = None
    is_exchange: Standing = Standing.KNOWN
    loops: int = 0
    other_crossings: tuple[Hop, ...] = ()


def _unknown(_address: str) -> str | None:
    return None


def find_boundary(
    hops: Sequence[Hop], direction: Direction, gateways: Sequence[str] | Gateways = (), name_of: NameOf = _unknown
) -> tuple[Boundary, ...]:
    """The boundary of a direction: none, or one; with gateways in front, one more for each.

    Args:
        hops: of a message, the newest first.
        direction: inbound looks for where Exchange Online took the message, outbound for where it delivered it.
        gateways: domains, addresses or networks of gateways of one's own: they and their hosts are trusted.
        name_of: what another header says about the reverse name of an address.
    """
    own = gateways if isinstance(gateways, Gateways) else Gateways.of(gateways)
    inbound = _Inbound(hops, own, name_of)
    # Below the line where it came in, a message is the word of whoever sent it.
    return inbound.found if direction is Direction.INBOUND else _outbound(hops[: inbound.believed], own, name_of)


def at_border(hop: Hop) -> bool:
    """`via Frontend Transport` alone is not enough: internal hops by *.outlook.office365.com say it too."""
    return host_ends(hop.by, BORDER) and hop.frontend and (hop.protocol or "").startswith("Microsoft SMTP Server")


def from_exchange(hop: Hop) -> Standing:
    """Whether Exchange Online delivered: by its address, or by the name that the receiving server looked up."""
    if microsoft.delivers_from(hop.address):
        return Standing.KNOWN
    if host_ends(hop.reverse_name, DELIVERY):
        # A reverse name is the owner's of the address; one that is masked cannot be looked up again.
        masked = hop.address is None or microsoft.is_documentation(hop.address)
        return Standing.KNOWN if masked else Standing.CLAIMED
    return Standing.CLAIMED if not hop.reverse_name and host_ends(hop.helo, DELIVERY) else Standing.NO


def _submitted(hop: Hop) -> bool:
    """Whether a mail program handed the message to Exchange Online: what lies below came with it."""
    inside = microsoft.is_internal(hop.address) or microsoft.delivers_from(hop.address)
    return hop.address is not None and not inside and not host_ends(hop.helo, MICROSOFT)


def _says_nothing(hop: Hop) -> bool:
    """Whether a line is of one host alone, as qmail writes `(qmail 7 invoked by uid 89)`: no sender begins one so."""
    return not hop.is_readable and not hop.protocol and not hop.text.lower().startswith("from")


class _Inbound:
    """Walks down from the newest line, and believes a line as long as one that is believed leads to it."""

    def __init__(self, hops: Sequence[Hop], gateways: Gateways, name_of: NameOf) -> None:
        self._hops, self._gateways, self._name_of = hops, gateways, name_of
        self._found: list[Boundary] = []
        self._strangers: list[str] = []
        self._claimed: str | None = None
        self._loops = 0
        #: The hop from Exchange Online to a gateway of one's own: the partner's, unless an older one is.
        self._delivered: tuple[int, Hop] | None = None
        #: Whether the line above came from a gateway of one's own, so that this one is the gateway's.
        self._at_gateway = False

        #: How many lines, from the newest on, the receiving side wrote.
        self.believed = self._walk()
        if self._delivered is not None and all(boundary.is_own for boundary in self._found):
            index, hop = self._delivered
            self._loops -= 1
            self._add(index, hop, is_gateway=True, between_tenants=True)
        self.found = tuple(self._found)

    def _walk(self) -> int:
        for index, hop in enumerate(self._hops):
            if _says_nothing(hop):
                continue
            if self._at_gateway and not self._is_gateways(hop):
                # What a gateway passed on begins with the gateway's own line; this one is somebody's.
                return index
            if self._ends_at(index, hop):
                return index + 1
        return len(self._hops)

    def _is_gateways(self, hop: Hop) -> bool:
        """Whether a line is a gateway's; of one named by its addresses alone, the line below where it connected."""
        named = self._gateways.wrote(hop) or not self._gateways.suffixes
        return hop.is_readable and named

    def _ends_at(self, index: int, hop: Hop) -> bool:
        """Whether a line is the last one that is believed."""
        if self._at_gateway or self._gateways.wrote(hop):
            return self._by_gateway(index, hop)
        if at_border(hop):
            return self._by_border(index, hop)
        if host_ends(hop.by, MICROSOFT):
            return _submitted(hop)
        self._strangers.append(hop.by or "a host that cannot be read")
        return False

    def _by_border(self, index: int, hop: Hop) -> bool:
        if microsoft.is_internal(hop.address) and host_ends(hop.helo, MICROSOFT):
            return False
        standing = self._gateways.sent(hop, self._name_of) if self._gateways else Standing.NO
        if standing is Standing.NO:
            self._add(index, hop, between_tenants=microsoft.delivers_from(hop.address))
            return True
        self._claim(standing, hop)
        self._add(index, hop, is_own=True)
        self._at_gateway = True
        return False

    def _by_gateway(self, index: int, hop: Hop) -> bool:
        gateways = self._gateways
        if microsoft.is_private(hop.address) or gateways.sent(hop, self._name_of) is Standing.KNOWN:
            self._at_gateway = True
            return False
        delivered = from_exchange(hop)
        if delivered is Standing.KNOWN:
            # The gateway got it from Exchange Online: the partner's hop is the older one.
            self._at_gateway = False
            self._loops += 1
            self._delivered = self._delivered or (index, hop)
            return False
        self._add(index, hop, is_gateway=True)
        return True

    def _claim(self, standing: Standing, hop: Hop) -> None:
        if standing is Standing.CLAIMED:
            self._claimed = self._claimed or hop.helo

    def _add(
        self, index: int, hop: Hop, *, between_tenants: bool = False, is_gateway: bool = False, is_own: bool = False
    ) -> None:
        below = () if is_own else self._hops[index + 1 :]
        others = tuple(other for other in below if at_border(other) and not microsoft.is_internal(other.address))
        self._found.append(
            Boundary(
                Direction.INBOUND,
                hop,
                index,
                tuple(self._strangers),
                between_tenants=between_tenants,
                is_gateway=is_gateway,
                is_own=is_own,
                claimed_gateway=self._claimed,
                loops=self._loops,
                other_crossings=others,
            )
        )


def _outbound(hops: Sequence[Hop], gateways: Gateways, name_of: NameOf) -> tuple[Boundary, ...]:
    found: list[Boundary] = []
    for index, hop in enumerate(hops):
        standing = from_exchange(hop)
        by_gateway = gateways.wrote(hop)
        from_gateway = Standing.NO if not gateways else gateways.sent(hop, name_of)
        if not hop.is_readable or (standing is Standing.NO and from_gateway is Standing.NO):
            continue
        is_border = at_border(hop)
        if host_ends(hop.by, MICROSOFT) and not (is_border and standing is Standing.KNOWN):
            continue
        if by_gateway and (from_gateway is not Standing.NO or microsoft.is_private(hop.address)):
            continue
        others = tuple(other for other in hops[index + 1 :] if at_border(other))
        found.append(
            Boundary(
                Direction.OUTBOUND,
                hop,
                index,
                between_tenants=is_border,
                is_gateway=by_gateway,
                is_own=by_gateway,
                is_exchange=max((standing, from_gateway), key=tuple(Standing).index),
                other_crossings=others,
            )
        )
        if standing is not Standing.NO:
            break
    return tuple(found[:2])
