"""Takes out of an answer what tells whose it is: names, Guids, domains, mailboxes, addresses, tokens."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exchange_online.admin_api import clean
from regulated_partners.conformance.workbench import Mark

_GUID = re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b", re.IGNORECASE)
_MAILBOX = re.compile(r"[^\s@'\"<>|:;,()\[\]]+@[^\s@'\"<>|:;,()\[\]]+\w")
_SERVER = re.compile(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:prod|protection)\.(?:outlook\.com|exchangelabs\.com)\b", re.I)
_HOST = re.compile(r"(?<![\w`$-])(?:[\w-]+\.)+[a-z][\w-]*[a-z](?![\w`])", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:])", re.I)
#: Correlation ids, machine and process names have no form of their own; what is long and mixed is none of our words.
_OPAQUE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9_-]{24,}\b")
#: Names of types and of OData's preferences, which are what a reader of the report wants to see.
_TYPE = re.compile(r"(?:Microsoft|System|Newtonsoft|Exchange)(?:\.[A-Z]\w*)+|odata\.[\w-]+")
#: What is reserved for documentation (RFC 5737, RFC 3849), and the private addresses that a rule is about.
_OWN_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"),
        *("192.168.1.0/24", "172.15.255.0/32", "172.16.0.0/32", "8.0.0.0/32"),
    )
)

_OWN_DOMAIN, _OWN_NAME = "[own domain]", "[own]"
#: Shorter names would be found in words.
_SHORTEST_NAME = 3


@dataclass(frozen=True)
class Redaction:
    """What is taken out of the texts of one run.

    Attributes:
        mark: of the run; its names and domains are the same in every report.
        names: of the tenant, of its domains, and of its connectors and rules.
    """

    mark: Mark
    names: tuple[str, ...] = ()

    def text(self, text: str) -> str:
        """The text with placeholders, on one line."""
        text = clean(text)
        text = re.sub(re.escape(self.mark.domain), _OWN_DOMAIN, text, flags=re.IGNORECASE)
        text = re.sub(re.escape(self.mark.name), _OWN_NAME, text, flags=re.IGNORECASE)
        text = text.replace(self.mark.word, "[mark]")
        for name in sorted(self.names, key=len, reverse=True):
            if len(name) >= _SHORTEST_NAME:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[name]", text, flags=re.IGNORECASE)
        text = _GUID.sub("[guid]", text)
        text = _SERVER.sub("[server]", text)
        text = _MAILBOX.sub("[mailbox]", text)
        text = _HOST.sub(_host, text)
        text = _ADDRESS.sub(_address, text)
        return _OPAQUE.sub(_opaque, text)

    def value(self, value: object) -> Any:
        """The same for each text of a JSON value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {str(key): self.value(item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, (list, tuple)) else value


def redaction(mark: Mark, names: Iterable[str]) -> Redaction:
    """What to take out, given every name that is the tenant's."""
    return Redaction(mark, tuple({name.strip() for name in names if name.strip()}))


def _host(found: re.Match[str]) -> str:
    return found[0] if _TYPE.fullmatch(found[0]) else "[domain]"


def _address(found: re.Match[str]) -> str:
    try:
        address = ipaddress.ip_address(found[0])
    except ValueError:
        return found[0]
    known = any(address.version == network.version and address in network for network in _OWN_NETWORKS)
    return found[0] if known else "[address]"


def _opaque(found: re.Match[str]) -> str:
    # Names of exceptions and parameters hold no digits, but for a few: a word in capitals and small letters alone.
    return found[0] if re.fullmatch(r"(?:[A-Z][a-z]+\d?)+", found[0]) else "[id]"
