"""What is Microsoft's: hosts by their names, and servers by their published addresses.

The addresses are data, `microsoft_addresses.json`, each list with its date and its source;
`python -m tools.microsoft_addresses` renews it.
"""

from __future__ import annotations

import functools
import ipaddress
from pathlib import Path

from pydantic import BaseModel, ConfigDict

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Hosts that take mail for a tenant at its border. Those of the national clouds are assumed by analogy.
BORDER = (
    ".mail.protection.outlook.com",
    ".mail.protection.office365.us",
    ".mail.protection.apps.mil",
    ".mail.protection.partner.outlook.cn",
)
#: Hosts that deliver a tenant's mail to others; the same.
DELIVERY = (
    ".outbound.protection.outlook.com",
    ".outbound.protection.office365.us",
    ".outbound.protection.apps.mil",
    ".outbound.protection.partner.outlook.cn",
)
#: Everything that Microsoft runs for mail.
MICROSOFT = (
    *(".outlook.com", ".office365.com", ".exchangelabs.com"),
    *(".office365.us", ".protection.apps.mil", ".partner.outlook.cn"),
)
DATA = Path(__file__).with_name("microsoft_addresses.json")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PublishedAddresses(_Record):
    """The addresses from which Exchange Online delivers, as published for one cloud.

    Attributes:
        cloud: our word for it.
        instance: Microsoft's word in the web service; empty for a list that the service does not have.
        version: of the list: year, month, day and a number.
        source: where it is published.
        delivers: the networks.
    """

    cloud: str
    instance: str
    version: str
    source: str
    delivers: tuple[Network, ...]


class MicrosoftAddresses(_Record):
    """The file. `internal` holds networks of Exchange Online's servers among themselves, which nobody else can have."""

    clouds: tuple[PublishedAddresses, ...]
    internal: tuple[Network, ...]
    internal_source: str


@functools.cache
def published() -> MicrosoftAddresses:
    """The addresses that this version knows."""
    return MicrosoftAddresses.model_validate_json(DATA.read_bytes())


def published_on() -> str:
    """The date of the list for the commercial cloud: `2022-07-28`."""
    version = published().clouds[0].version
    return f"{version[:4]}-{version[4:6]}-{version[6:8]}"


def delivers_from(address: str | None) -> bool:
    """Whether Exchange Online delivers from an address: for any tenant, so it says nothing about which."""
    return _in(address, tuple(network for cloud in published().clouds for network in cloud.delivers))


def is_private(address: str | None) -> bool:
    """Whether an address connects within one organization only: loopback, link-local, RFC 1918.

    Addresses of documentation (RFC 5737, RFC 3849) are not meant: they stand for those of others.
    """
    parsed = parsed_address(address)
    return parsed is not None and parsed.is_private and not is_documentation(address)


def is_internal(address: str | None) -> bool:
    """Whether an address is one of Exchange Online's servers among themselves."""
    return is_private(address) or _in(address, published().internal)


def is_documentation(address: str | None) -> bool:
    """Whether an address stands for another one: headers are masked so before they are shown to others."""
    return _in(address, _DOCUMENTATION)


def parsed_address(address: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address as servers write it, None where it is none. `::ffff:192.0.2.1` is `192.0.2.1`."""
    try:
        parsed = ipaddress.ip_address((address or "").strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def same_address(one: str | None, other: str | None) -> bool:
    """Whether two texts are the same address."""
    parsed = parsed_address(one)
    return parsed is not None and parsed == parsed_address(other)


def in_networks(address: str | None, networks: tuple[Network, ...]) -> bool:
    """Whether an address is in one of the networks."""
    return _in(address, networks)


def host_ends(host: str | None, suffixes: tuple[str, ...]) -> bool:
    """Whether a host is one of the domains, each written `.fabrikam.com`, or under it."""
    return host is not None and f".{host.lower().rstrip('.')}".endswith(suffixes)


def _in(address: str | None, networks: tuple[Network, ...]) -> bool:
    parsed = parsed_address(address)
    return parsed is not None and any(parsed in network for network in networks)


_DOCUMENTATION: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")
)
