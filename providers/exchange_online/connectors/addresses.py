"""IP addresses, ranges and smart hosts in their canonical spelling."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator

from exchange_online.connectors.domains import host_name
from exchange_online.connectors.values import ItemRefused

_RANGE = re.compile(r"^\s*(?P<first>[0-9.]+)\s*-\s*(?P<last>[0-9.]+)\s*$")
_SENDER_IPS = "New-InboundConnector, SenderIPAddresses"
_SKIP_IPS = "New-InboundConnector, EFSkipIPs"

#: The widest range that SenderIPAddresses take. Source: New-InboundConnector; office-docs-powershell issue 8064.
WIDEST_SENT = 24
#: The widest range that is written out as ranges that the service takes, 64 of them; a longer list nobody could check.
WIDEST_WRITTEN = 18
#: So many ranges instead of a dash range are shown as a remedy.
_FEW = 4

#: Private addresses. Source: RFC 1918, 3.
PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))

#: Addresses that no mail from the internet comes from, and what they are; those for documentation are left out, because
#: examples are made of them. Source: IANA, IPv4 Special-Purpose Address Registry; multicast and reserved: RFC 1112, 4.
_UNROUTABLE = (
    *((network, "private (RFC 1918)") for network in PRIVATE),
    (ipaddress.IPv4Network("0.0.0.0/8"), "of no host (RFC 791)"),
    (ipaddress.IPv4Network("100.64.0.0/10"), "inside a carrier's network (RFC 6598)"),
    (ipaddress.IPv4Network("127.0.0.0/8"), "loopback (RFC 1122)"),
    (ipaddress.IPv4Network("169.254.0.0/16"), "link-local (RFC 3927)"),
    (ipaddress.IPv4Network("192.0.0.0/24"), "kept for protocols (RFC 6890)"),
    (ipaddress.IPv4Network("198.18.0.0/15"), "for benchmarks (RFC 2544)"),
    (ipaddress.IPv4Network("224.0.0.0/4"), "multicast (RFC 5771)"),
    (ipaddress.IPv4Network("240.0.0.0/4"), "reserved (RFC 1112)"),
)


def network_of(text: str) -> ipaddress.IPv4Network | None:
    """The IPv4 network of an address or a CIDR range, host bits dropped; None for anything else."""
    try:
        return ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        return None


def sender_ip_addresses(text: str) -> tuple[str, ...]:
    """What the service takes for an IPv4 address or IPv4 CIDR: a range wider than /24 becomes its /24s.

    Host bits are dropped, and `/32` is the address itself.

    Raises:
        ItemRefused: V5 for IPv6, V6 for a range wider than /18, V7 for a dash range.
    """
    if dash := _RANGE.match(text):
        cidr = ", ".join(_as_cidr(dash))
        remedy = f"write it as CIDR: {cidr}" if cidr else "write addresses or CIDR ranges from /18 to /32"
        raise ItemRefused("V7", f"{text!r} is a dash range", remedy, _SENDER_IPS)
    network = _ipv4_network(text, _SENDER_IPS)
    if network.prefixlen < WIDEST_WRITTEN:
        raise _too_wide(text, network)
    if network.prefixlen >= WIDEST_SENT:
        return (_spelled(network),)
    return tuple(map(str, network.subnets(new_prefix=WIDEST_SENT)))


def collapsed(items: Iterable[str]) -> tuple[str, ...]:
    """A list for people to read: /24s that make up a wider range are that range, in the place of the first of them.

    Everything else, whatever it is, stays as it is and where it is. Both forms cover the same addresses.
    """
    listed = tuple(items)
    within = {str(part): str(wide) for wide in _made_up(listed) for part in wide.subnets(new_prefix=WIDEST_SENT)}
    return tuple(dict.fromkeys(within.get(item, item) for item in listed))


def spellings(items: Iterable[str]) -> Iterator[str]:
    """Every other way in which a sentence can spell a part of a list: put together, or as the CIDR of a dash range."""
    known = tuple(items)
    for wide in _made_up(known):
        for prefix in range(wide.prefixlen, WIDEST_SENT):
            yield from map(str, wide.subnets(new_prefix=prefix))
    for item in known:
        if dash := _RANGE.match(item):
            yield from _as_cidr(dash)


def unroutable(addresses: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The addresses and ranges that no mail from the internet comes from, by what they are."""
    found: dict[str, list[str]] = {}
    for address in addresses:
        if (network := network_of(address)) and (what := _what_unroutable(network)):
            found.setdefault(what, []).append(address)
    return {what: tuple(some) for what, some in found.items()}


def holds_private(text: str) -> bool:
    """Whether a private address is among those of an address, a CIDR range or a dash range."""
    if dash := _RANGE.match(text):
        try:
            first, last = ipaddress.IPv4Address(dash["first"]), ipaddress.IPv4Address(dash["last"])
        except ValueError:
            return False
        return any(first <= block.broadcast_address and last >= block.network_address for block in PRIVATE)
    network = network_of(text)
    return network is not None and any(map(network.overlaps, PRIVATE))


def skip_address(text: str) -> str:
    """An IPv4 address, a CIDR of any width or a dash range, as EFSkipIPs takes it.

    Raises:
        ItemRefused: V5 for IPv6; `address` for what is none of these.
    """
    dash = _RANGE.match(text)
    if not dash:
        return _spelled(_ipv4_network(text, _SKIP_IPS))
    try:
        first, last = ipaddress.IPv4Address(dash["first"]), ipaddress.IPv4Address(dash["last"])
    except ValueError:
        raise _no_address(text, _SKIP_IPS) from None
    if last < first:
        raise ItemRefused("address", f"{text!r} ends before it begins", "swap the two", _SKIP_IPS)
    return f"{first}-{last}" if first != last else str(first)


def smart_host(text: str) -> str:
    """A host name, IPv4 address or IPv4 CIDR; brackets around an address are dropped (N7, assumed).

    Raises:
        ItemRefused: V20 for a port, V5 for IPv6, `host` for what is none of these.
    """
    source = "New-OutboundConnector, SmartHosts"
    bare = text.strip()
    if bare.startswith("[") and bare.endswith("]"):
        bare = bare[1:-1]
    host, colon, port = bare.rpartition(":")
    if colon and ":" not in host and port.isdigit():
        raise ItemRefused(
            "V20", f"{text!r} names a port", f"write {host!r}: Exchange Online always uses port 25", source
        )
    if re.fullmatch(r"[0-9./\s]+|[0-9a-f.]*:[0-9a-f:.]*(%.*)?(/\d+)?", bare, re.IGNORECASE):
        return _spelled(_ipv4_network(bare, source))
    return host_name(bare)


def address_order(text: str) -> tuple[int | str, ...]:
    """Sorts addresses by number, before what is no address."""
    try:
        network = ipaddress.IPv4Network(text.partition("-")[0], strict=False)
    except ValueError:
        return (1, text)
    return (0, int(network.network_address), network.prefixlen, text)


def _ipv4_network(text: str, source: str) -> ipaddress.IPv4Network:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise _no_address(text, source) from None
    if isinstance(network, ipaddress.IPv6Network):
        raise ItemRefused(
            "V5", f"{text!r} is an IPv6 address", "write the IPv4 addresses: connectors take no IPv6", source
        )
    return network


def _made_up(items: Iterable[str]) -> Iterator[ipaddress.IPv4Network]:
    """The widest ranges of which a list holds every /24."""
    networks = (network_of(item) for item in items)
    return ipaddress.collapse_addresses(
        network for network in networks if network is not None and network.prefixlen == WIDEST_SENT
    )


def _what_unroutable(network: ipaddress.IPv4Network) -> str | None:
    return next((what for block, what in _UNROUTABLE if network.subnet_of(block)), None)


def _too_wide(text: str, network: ipaddress.IPv4Network) -> ItemRefused:
    if network.prefixlen == 0:
        return ItemRefused(
            "V6",
            f"{text!r} is everybody, so that it restricts nothing",
            "leave it and the restriction to addresses out, or ask the partner for its sending servers and list those",
            _SENDER_IPS,
        )
    what = _what_unroutable(network)
    also = f", and {what}, where no mail from the internet comes from" if what else ""
    return ItemRefused(
        "V6",
        f"{text!r} is wider than /{WIDEST_WRITTEN}, too wide to be written out as ranges of /24{also}",
        "ask the partner for the public addresses of its sending servers, and list them, or ranges from /18 to /32",
        _SENDER_IPS,
    )


def _as_cidr(dash: re.Match[str]) -> tuple[str, ...]:
    """The CIDR ranges of a dash range; none where they are many, or too wide."""
    try:
        ends = ipaddress.IPv4Address(dash["first"]), ipaddress.IPv4Address(dash["last"])
        ranges = list(ipaddress.summarize_address_range(*ends))
    except ValueError:
        return ()
    few = len(ranges) <= _FEW and all(network.prefixlen >= WIDEST_WRITTEN for network in ranges)
    return tuple(map(_spelled, ranges)) if few else ()


def _spelled(network: ipaddress.IPv4Network) -> str:
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def _no_address(text: str, source: str) -> ItemRefused:
    return ItemRefused(
        "address", f"{text!r} is not an IPv4 address or range", "write one such as 192.0.2.10 or 192.0.2.0/28", source
    )
