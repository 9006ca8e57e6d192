"""The frozen names: what stands in the state of every stack, and what stack files are written with.

They outlive every change of the code. Two more stand in each state, as the pickle of a provider: the dotted paths
`exchange_online.resources.dynamic.InboundConnectorProvider` and `…OutboundConnectorProvider`; a test holds the golden
pickle.
"""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import urlsplit

#: The namespace of a stack's settings, whatever the project is called: `regulated-partners:cloud`.
NAMESPACE = "regulated-partners"

#: What a stack's `cloud` may be: the emulator on this machine, which counts unless it is set, and Microsoft's clouds.
LOCAL = "local"
CLOUD_NAMES = (LOCAL, "commercial", "gcc-high", "dod", "china")

#: The highest value of a stack's `concurrentCalls`: calls on their way to a tenant at a time.
MOST_CALLS = 10


def calls_of(value: object) -> int | None:
    """A number of calls at a time, 1 to `MOST_CALLS`; None for what is none.

    The engine hands on a number as text, and to a plugin as a floating one; a program may give it as it is.
    """
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    text = str(whole) if type(whole) in (int, str) else ""
    fits = text.isascii() and text.isdecimal() and len(text) <= len(str(MOST_CALLS)) and 1 <= int(text) <= MOST_CALLS
    return int(text) if fits else None


_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def guid_of(tenant: str) -> str:
    """The GUID that a stack's `tenant` is, lower case; empty where it is named otherwise."""
    name = tenant.strip().lower()
    return name if _GUID.fullmatch(name) else ""


def tenant_problem(tenant: str) -> str:
    """Why a stack's `tenant` can be none, as the rest of a sentence; empty where it can."""
    fits = guid_of(tenant) or _DOMAIN.fullmatch(tenant.strip().lower())
    return "" if fits else "is neither a GUID nor a domain"


def as_https(url: str) -> str:
    """A stack's `host` or `authority` as a URL; a bare host name is one of https."""
    return url if "://" in url else f"https://{url}"


def address_problem(url: str) -> str:
    """Why a stack's `host` or `authority` is no address of a host, as the rest of a sentence; empty where it is.

    Args:
        url: an https URL, or a bare host name.
    """
    try:
        parts = urlsplit(as_https(url))
    except ValueError:
        return "is not an https address"
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.query or parts.fragment:
        return "is not an https address"
    return "has a path" if parts.path.strip("/") else ""


#: The package of the resources, in type tokens and as a plugin.
PACKAGE = "exchange-online"


class Face(StrEnum):
    """The two ways in which a program declares a connector: which one it is stands in the resource's type token."""

    DYNAMIC = "dynamic"
    """By the classes of this package: dynamic resources of Python."""
    NATIVE = "native"
    """By the plugin, from any language."""

    def token(self, name: str) -> str:
        """The type token of what the package calls `name`."""
        return f"{self._module}:{name}"

    @property
    def _module(self) -> str:
        return f"pulumi-python:dynamic/{PACKAGE}" if self is Face.DYNAMIC else f"{PACKAGE}:index"

    @classmethod
    def of(cls, token: str) -> Face | None:
        """The face of a type token of this package, whether or not there is such a type; None for another package's."""
        module = token.rpartition(":")[0]
        if module == cls.DYNAMIC._module or module.startswith(f"{cls.DYNAMIC._module}/"):
            return cls.DYNAMIC
        return cls.NATIVE if module.partition(":")[0] == PACKAGE else None


def stack_of(urn: str) -> str:
    """The stack's name in a URN, `urn:pulumi:STACK::PROJECT::…`."""
    return urn.removeprefix("urn:pulumi:").partition("::")[0]


def type_of(urn: str) -> str:
    """The type token in a URN, `urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME`."""
    parts = urn.split("::", 3)
    return parts[2].rpartition("$")[2] if len(parts) == 4 else ""
