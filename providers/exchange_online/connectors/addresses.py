"""IP addresses, ranges and smart hosts in their canonical spelling."""

from __future__ import annotations

import ipaddress
import re

from exchange_online.connectors.domains import host_name
from exchange_online.connectors.values import ItemRefused

_RANGE = re.compile(r"^\s*(?P<first>[0-9.]+)\s*-\s*(?P<last>[0-9.]+)\s*$")
_SENDER_IPS = "New-InboundConnector, SenderIPAddresses"
_SKIP_IPS = "New-InboundConnector, EFSkipIPs"


def sender_ip_address(text: str) -> str:
    """An IPv4 address or IPv4 CIDR from /24 to /32; host bits are dropped, `/32` is the address itself.

    Raises:
        ItemRefused: V5 for IPv6, V6 for a wider mask, V7 for a dash range.
    """
    if _RANGE.match(text):
        raise ItemRefused(
            "V7", f"{text!r} is a dash range", "write addresses or CIDR ranges from /24 to /32", _SENDER_IPS
        )
    network = _ipv4_network(text, _SENDER_IPS)
    if network.prefixlen < 24:
        wide = f"{2 ** (24 - network.prefixlen)} ranges of /24"
        raise ItemRefused("V6", f"{text!r} is wider than /24", f"write it as {wide}", _SENDER_IPS)
    return _spelled(network)


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


def _spelled(network: ipaddress.IPv4Network) -> str:
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def _no_address(text: str, source: str) -> ItemRefused:
    return ItemRefused(
        "address", f"{text!r} is not an IPv4 address or range", "write one such as 192.0.2.10 or 192.0.2.0/28", source
    )
