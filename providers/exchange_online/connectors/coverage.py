"""What lists of domains, names and addresses cover: wider, narrower, or something else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from exchange_online.connectors.addresses import network_of
from exchange_online.connectors.words import listed


@dataclass(frozen=True)
class Difference:
    """What a list covers no longer, and what it covers now: items of the lists, in their order."""

    lost: tuple[str, ...]
    gained: tuple[str, ...]


def domains_difference(before: Sequence[str], after: Sequence[str], *, wildcard_holds_domain: bool) -> Difference:
    """Compares lists of domains, `*.domain` and `*`.

    Args:
        wildcard_holds_domain: whether `*.fabrikam.com` covers fabrikam.com. For SenderDomains it is documented; for
            RecipientDomains and TlsDomain sources disagree (connector-semantics 7), so there it does not count.
    """

    def uncovered(items: Sequence[str], by: Sequence[str]) -> tuple[str, ...]:
        return tuple(
            item
            for item in items
            if not any(domain_covers(wide, item, wildcard_holds_domain=wildcard_holds_domain) for wide in by)
        )

    return Difference(lost=uncovered(before, after), gained=uncovered(after, before))


def addresses_difference(before: Sequence[str], after: Sequence[str]) -> Difference:
    """Compares lists of IPv4 addresses and CIDR ranges by the addresses in them; anything else by its text."""
    old, new = _networks(before), _networks(after)
    lost, gained = _spelled(_without(old, new)), _spelled(_without(new, old))
    strange_old, strange_new = ([item for item in items if network_of(item) is None] for items in (before, after))
    return Difference(
        lost=lost + tuple(item for item in strange_old if item not in strange_new),
        gained=gained + tuple(item for item in strange_new if item not in strange_old),
    )


def spoken(domains: Sequence[str]) -> str:
    """Domains in words; `*` is what no other connector is for."""
    if "*" in domains:
        return "every other domain in the world"
    return listed([f"subdomains of {name[2:]}" if name.startswith("*.") else name for name in domains], "and")


class NameRelation(StrEnum):
    """How a certificate name relates to the one before."""

    SAME = "same"
    WIDER = "wider"
    NARROWER = "narrower"
    OTHER = "other"


def name_relation(before: str | None, after: str | None) -> NameRelation:
    """Compares the names of certificates: a wildcard is wider than the names under it, and than any single name."""
    if before == after:
        return NameRelation.SAME
    old_wildcard, new_wildcard = (before or "").startswith("*."), (after or "").startswith("*.")
    if old_wildcard != new_wildcard:
        return NameRelation.WIDER if new_wildcard else NameRelation.NARROWER
    if old_wildcard and name_covers(after, before):
        return NameRelation.WIDER
    if old_wildcard and name_covers(before, after):
        return NameRelation.NARROWER
    return NameRelation.OTHER


def name_covers(wide: str | None, narrow: str | None) -> bool:
    """Whether a certificate that matches `narrow` matches `wide` too (assumed: a wildcard covers all subdomains)."""
    return wide is not None and narrow is not None and domain_covers(wide, narrow)


def domain_covers(wide: str, narrow: str, *, wildcard_holds_domain: bool = False) -> bool:
    """Whether whatever `narrow` stands for, `wide` stands for too: a domain, `*.domain` or `*`."""
    if wide in ("*", narrow):
        return True
    if not wide.startswith("*.") or narrow == "*":
        return False
    suffix = wide[1:]
    return narrow.endswith(suffix) or (wildcard_holds_domain and narrow == wide[2:])


def addresses_overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether an IPv4 address is in both lists of addresses and CIDR ranges."""
    return any(left.overlaps(right) for left in _networks(one) for right in _networks(other))


def _networks(items: Iterable[str]) -> list[ipaddress.IPv4Network]:
    return list(ipaddress.collapse_addresses(found for item in items if (found := network_of(item)) is not None))


def _without(networks: list[ipaddress.IPv4Network], others: list[ipaddress.IPv4Network]) -> list[ipaddress.IPv4Network]:
    left = networks
    for other in others:
        left = [part for network in left for part in _cut(network, other)]
    return left


def _cut(network: ipaddress.IPv4Network, other: ipaddress.IPv4Network) -> list[ipaddress.IPv4Network]:
    if not network.overlaps(other):
        return [network]
    return [] if network.subnet_of(other) else list(network.address_exclude(other))


def _spelled(networks: list[ipaddress.IPv4Network]) -> tuple[str, ...]:
    return tuple(
        str(network.network_address) if network.prefixlen == 32 else str(network)
        for network in ipaddress.collapse_addresses(networks)
    )
