"""Under which names the emulator answers: loopback's, the service's own, and others that it was given."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from exchange_online_emulator.rules import documented, observed_multi

LOOPBACK = ("127.0.0.1", "::1", "localhost")

#: The admin API's hosts. Source: exchange-wire 3.2; the second: RAWHTTP (3.1).
ADMIN_HOSTS = ("outlook.office365.com", "outlook.office.com")

#: The host of the token endpoint. Source: exchange-wire 3.2.
LOGIN_HOST = "login.microsoftonline.com"

#: The service's own names, which `--as-service` serves: those of the commercial cloud.
SERVICE_NAMES = (*ADMIN_HOSTS, LOGIN_HOST)

#: Source: RFC 1123, 2.1.
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_LONGEST = 253


def allowed_hosts(names: Iterable[str]) -> list[str]:
    """What may stand in a Host header, ports left out. A page that resolves its own name to loopback is not among it.

    Args:
        names: those that the emulator was given besides loopback's.
    """
    return [*map(in_url, (*LOOPBACK, *names)), "::1"]


def in_url(name: str) -> str:
    """A host name or address as it stands in a URL."""
    return f"[{name}]" if ":" in name else name


def is_host(name: str) -> bool:
    """Whether it is an address, or a host name that a certificate can hold."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return len(name) <= _LONGEST and _HOST.fullmatch(name) is not None
    return True


@documented(
    "links",
    "links in answers and in the discovery document lead to the host and port that the request named",
    "OData JSON Format (a context URL, a next link), OpenID Connect Discovery; that Exchange builds them so is assumed",
)
def origin(headers: Mapping[str, str]) -> str:
    """The base URL by which a request reached the emulator: its Host, which has been judged by `allowed_hosts`."""
    return f"https://{headers['host']}"


def authority(asked: str) -> str:
    """The base URL of the token endpoint for who asked at that base URL."""
    parts = urlsplit(asked)
    if parts.hostname not in ADMIN_HOSTS:
        return asked
    return f"https://{LOGIN_HOST}" + (f":{parts.port}" if parts.port else "")


@observed_multi(
    "instance-metadata",
    "under login.microsoftonline.com the instance discovery names the aliases of the commercial cloud; under another "
    "name only that",
    "MSAL for Python, .NET and Go know the same aliases",
)
def instance_metadata(asked: str) -> dict[str, object]:
    """The one entry of the instance discovery's `metadata`, for who asked at that base URL."""
    if urlsplit(asked).hostname == LOGIN_HOST:
        aliases = [LOGIN_HOST, "login.windows.net", "login.microsoft.com", "sts.windows.net"]
        return {"preferred_network": LOGIN_HOST, "preferred_cache": "login.windows.net", "aliases": aliases}
    host = urlsplit(asked).netloc
    return {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
