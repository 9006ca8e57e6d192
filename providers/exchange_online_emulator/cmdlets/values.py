"""Stored forms: what a value given to a connector parameter becomes, and which values are refused."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from exchange_online_emulator.errors import InvalidSettingError
from exchange_online_emulator.models import SettingValue
from exchange_online_emulator.rules import assumed, documented, observed_live, observed_single

_LABEL = r"[^\s.@*;:/\\,\"\[\]]+"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_ADDRESS_SPACE = re.compile(r"(?:smtp:)?(?P<domain>[^;]*?)(?:;(?P<cost>\d+))?", re.IGNORECASE)
_WIDEST_PREFIX = 24
_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))

Normaliser = Callable[[str, str], str]


@documented(
    "V4",
    "SenderDomains, RecipientDomains, TlsDomain, TlsSenderCertificateName: a wildcard stands only as the first label",
    "New-InboundConnector, SenderDomains and TlsSenderCertificateName; New-OutboundConnector; text assumed",
)
def domain(parameter: str, value: str) -> str:
    """`contoso.com` or `*.contoso.com`, spelt as sent. Raises `InvalidSettingError`."""
    plain = value.removeprefix("*.")
    if _DOMAIN.fullmatch(plain):
        return value
    raise InvalidSettingError(f"The value '{value}' of the parameter {parameter} isn't a valid SMTP domain.")


def domain_or_any(parameter: str, value: str) -> str:
    """A domain, `*.domain`, or `*` alone. Source: connector-semantics section 9, Values."""
    return value if value == "*" else domain(parameter, value)


@observed_live(
    "N1",
    "SenderDomains are read back as `smtp:<domain>;1` whatever form was sent; both forms are accepted on write",
    "G2O; Microsoft365DSC #2180, PR #2212; keeping another number than 1 is assumed",
)
def address_space(parameter: str, value: str) -> str:
    """`contoso.com` or `smtp:contoso.com;1` as `smtp:contoso.com;1`. Raises `InvalidSettingError`."""
    parts = _ADDRESS_SPACE.fullmatch(value)
    name = domain_or_any(parameter, parts["domain"] if parts else value)
    return f"smtp:{name};{(parts and parts['cost']) or 1}"


def certificate_name(parameter: str, value: str) -> str:
    """A domain, `*.domain`, or the hybrid form `<I>issuer<S>subject` unchanged (N12, assumed)."""
    return value if value.upper().startswith("<I>") else domain(parameter, value)


@documented(
    "V5", "SenderIPAddresses: an IPv6 address is refused", "New-InboundConnector, SenderIPAddresses; text assumed"
)
@documented(
    "V6",
    "SenderIPAddresses: a mask wider than /24 is refused",
    "New-InboundConnector, SenderIPAddresses; docs issue 8064; text assumed",
)
def sender_ip_address(parameter: str, value: str) -> str:
    """An IPv4 address, or a CIDR range /24 to /32 with or without host bits. Raises `InvalidSettingError`.

    A dash range passes here: whether the service refuses it is unknown (V7).
    """
    if ":" in value:
        raise InvalidSettingError(f"The value '{value}' of {parameter} is invalid. IPv6 addresses are not supported.")
    prefix = value.partition("/")[2]
    normal = ip_range(parameter, value)
    if prefix and int(prefix) < _WIDEST_PREFIX:
        raise InvalidSettingError(f"The value '{value}' of {parameter} is invalid. Use a mask from /24 to /32.")
    return normal


def ip_range(parameter: str, value: str) -> str:
    """An IPv4 address, CIDR range or dash range, spelt as sent. Source: New-InboundConnector, EFSkipIPs."""
    if _is_ip_range(value):
        return value
    raise InvalidSettingError(f"The value '{value}' of {parameter} isn't a valid IP address range.")


@observed_single(
    "EF-private",
    "EFSkipIPs: a private address (RFC 1918) is refused, and a range that holds one",
    "OfficeDocs-Exchange #1960 (portal and PowerShell, addresses and CIDR ranges), PR #1982; that a part of a range is "
    "enough, and the text, are assumed",
)
def skip_ip_range(parameter: str, value: str) -> str:
    """An IP range without private addresses. Raises `InvalidSettingError`."""
    normal = ip_range(parameter, value)
    first, _, last = normal.partition("-")
    start = ipaddress.IPv4Interface(first.strip()).network
    lowest = start.network_address
    highest = ipaddress.IPv4Address(last.strip()) if last else start.broadcast_address
    if any(lowest <= block.broadcast_address and highest >= block.network_address for block in _PRIVATE):
        raise InvalidSettingError(f"The value '{value}' of {parameter} is invalid. It holds private IP addresses.")
    return normal


def _is_ip_range(value: str) -> bool:
    first, dash, last = value.partition("-")
    prefix = first.partition("/")[2]
    try:
        if dash:
            return ipaddress.IPv4Address(first.strip()) <= ipaddress.IPv4Address(last.strip())
        ipaddress.IPv4Interface(value)
    except ValueError:
        return False
    # A dotted mask is no CIDR range.
    return "/" not in value or prefix.isdecimal()


@observed_single("V20", "SmartHosts: a port is refused", "docs issue 5599; text assumed")
def smart_host(parameter: str, value: str) -> str:
    """An FQDN, an IPv4 address (bracketed or not) or an IPv4 CIDR range. Raises `InvalidSettingError`."""
    plain = value.removeprefix("[").removesuffix("]")
    if re.fullmatch(r"[\d./]+", plain):
        return ip_range(parameter, plain)
    if not _DOMAIN.fullmatch(plain) or plain != value:
        raise InvalidSettingError(f"The value '{value}' of {parameter} isn't a valid smart host.")
    return value


@documented(
    "smtp-addresses",
    "EFUsers, ValidationRecipients and Recipients take SMTP addresses",
    "Set-InboundConnector, EFUsers; Set-OutboundConnector, ValidationRecipients; text assumed",
)
def smtp_address(parameter: str, value: str) -> str:
    """`user@domain`. Raises `InvalidSettingError`."""
    local, at, host = value.rpartition("@")
    if at and local and not re.search(r"[\s@]", local) and _DOMAIN.fullmatch(host):
        return value
    raise InvalidSettingError(f"The value '{value}' of {parameter} isn't a valid SMTP address.")


NORMALISERS: Mapping[str, Normaliser] = {
    "SenderDomains": address_space,
    "RecipientDomains": domain_or_any,
    "AssociatedAcceptedDomains": domain,
    "TlsDomain": domain,
    "TlsSenderCertificateName": certificate_name,
    "SenderIPAddresses": sender_ip_address,
    "EFSkipIPs": skip_ip_range,
    "EFUsers": smtp_address,
    "SmartHosts": smart_host,
    "ValidationRecipients": smtp_address,
    "Recipients": smtp_address,
}


@observed_live(
    "N5",
    "empty lists are read back as [], unset TlsDomain and TlsSenderCertificateName as null, an unset Comment as ''",
    "G2O (N3, N4, N5)",
)
def stored(parameter: str, value: SettingValue) -> SettingValue:
    """The stored form of a bound value. A list loses repeated entries (assumed). Raises `InvalidSettingError`."""
    normalise = NORMALISERS.get(parameter)
    if isinstance(value, tuple):
        items = [normalise(parameter, item) for item in value] if normalise else value
        return tuple({item.casefold(): item for item in reversed(items)}.values())[::-1]
    if normalise and isinstance(value, str):
        return normalise(parameter, value)
    return value


@assumed(
    "N8",
    "with stored_form_variants lists come back sorted, networks masked, IP smart hosts bracketed, domains as paths",
    "N6, N7, N8, N9 (connector-semantics 4.2): forms a client must survive",
    applies="switch",
)
def variant(parameter: str, value: SettingValue) -> SettingValue:
    """The other form in which the service may return a stored value."""
    if not isinstance(value, tuple):
        return value
    spell = _VARIANTS.get(parameter)
    return tuple(sorted(spell(item) if spell else item for item in value))


@observed_live(
    "dates",
    "dates have seven fractional digits: UTC with Z, local with +00:00, LastValidationTimestamp with no zone",
    "G2O (exchange-wire 6.2)",
)
def ticks(moment: datetime) -> str:
    """A moment with seven fractional digits and no zone."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}0"


def _masked(value: str) -> str:
    return value if "-" in value or "/" not in value else str(ipaddress.IPv4Interface(value).network)


def _bracketed(value: str) -> str:
    return f"[{value}]" if re.fullmatch(r"[\d./]+", value) else value


_VARIANTS: Mapping[str, Callable[[str], str]] = {
    "SenderIPAddresses": _masked,
    "SmartHosts": _bracketed,
    "AssociatedAcceptedDomains": lambda value: f"EMULATOR/Accepted Domains/{value}",
}
