"""What a stack declares, and what the tenant must then hold, said without the code under test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

#: Cells of a row of `Get-…Connector` by their names; lists as sets.
Cells = Mapping[str, object]

#: The service's words for what is declared. Source: map of the admin centre's options.
TLS_SETTINGS = {
    "recipientCertificateMatchesDomain": "DomainValidation",
    "trustedCertificationAuthority": "CertificateValidation",
    "selfSignedCertificate": "EncryptionOnly",
}

DIRECTIONS = ("inbound", "outbound")

#: Begins the line of a comment that names the stack which manages the connector.
_MARK = "[Pulumi: "

#: What a listing writes around a domain.
_DOMAIN_PREFIX, _DOMAIN_SUFFIX = "smtp:", ";1"


@dataclass(frozen=True)
class Wanted:
    """A connector as declared.

    Attributes:
        key: which one it is, whatever it is called: `partner 3 inbound`.
        direction: `inbound` or `outbound`.
        resource: the name of its resource in the program.
        cells: what its row must show.
        protected: whether Pulumi refuses to delete it.
    """

    key: str
    direction: str
    resource: str
    name: str
    cells: Cells
    protected: bool = False


@dataclass(frozen=True)
class Partner:
    """A partner; `number` stays through renames.

    Attributes:
        inbound_name, outbound_name: of the connectors, where they are not the partner's.
        adopt: whether connectors of these names are taken over.
    """

    number: int
    name: str
    domains: tuple[str, ...]
    certificate: str
    comment: str | None = None
    enabled: bool = True
    addresses: tuple[str, ...] = ()
    security: str = "recipientCertificateMatchesDomain"
    hosts: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    inbound_name: str | None = None
    outbound_name: str | None = None
    aliases: tuple[str, ...] = ()
    adopt: bool = False
    protect: bool | None = None

    @property
    def key(self) -> str:
        return f"partner {self.number}"

    @property
    def names(self) -> tuple[str, str]:
        """Of the two connectors."""
        return self.inbound_name or f"{self.name} - inbound", self.outbound_name or f"{self.name} - outbound"

    def declared(self) -> dict[str, Any]:
        """As a stack file holds it."""
        inbound: dict[str, Any] = {"name": self.inbound_name}
        if self.addresses:
            inbound |= {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": list(self.addresses)}
        outbound = {
            "name": self.outbound_name,
            "connectionSecurity": self.security,
            "smartHosts": list(self.hosts),
            "validationRecipients": list(self.recipients),
        }
        return _without_empty(
            {
                "name": self.name,
                "domains": list(self.domains),
                "certificateName": self.certificate,
                "comment": self.comment,
                "enabled": self.enabled,
                "inbound": _without_empty(inbound),
                "outbound": _without_empty(outbound),
                "aliases": list(self.aliases),
                "adoptExisting": self.adopt or None,
                "protect": self.protect,
            }
        )

    def connectors(self) -> tuple[Wanted, Wanted]:
        """What the tenant must hold."""
        inbound_name, outbound_name = self.names
        by_address = bool(self.addresses)
        common = {"Enabled": self.enabled, "Comment": self.comment or "", "ConnectorType": "Partner"}
        inbound = {
            **common,
            "Name": inbound_name,
            "RequireTls": True,
            "SenderDomains": frozenset(self.domains),
            "RestrictDomainsToCertificate": not by_address,
            "TlsSenderCertificateName": None if by_address else self.certificate,
            "RestrictDomainsToIPAddresses": by_address,
            "SenderIPAddresses": frozenset(self.addresses),
        }
        outbound = {
            **common,
            "Name": outbound_name,
            "RecipientDomains": frozenset(self.domains),
            "TlsSettings": TLS_SETTINGS[self.security],
            "TlsDomain": self.certificate if TLS_SETTINGS[self.security] == "DomainValidation" else None,
            "UseMXRecord": not self.hosts,
            "SmartHosts": frozenset(self.hosts),
            "ValidationRecipients": frozenset(self.recipients),
        }
        protected = bool(self.protect)
        return (
            Wanted(f"{self.key} inbound", "inbound", f"{self.name}-inbound", inbound_name, inbound, protected),
            Wanted(f"{self.key} outbound", "outbound", f"{self.name}-outbound", outbound_name, outbound, protected),
        )


@dataclass(frozen=True)
class Beside:
    """A connector that belongs to no partner; `number` stays through renames."""

    number: int
    direction: str
    name: str
    domain: str
    comment: str | None = None
    enabled: bool = True
    aliases: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"connector {self.number}"

    def declared(self) -> dict[str, Any]:
        """As a stack file holds it."""
        own: dict[str, Any] = (
            {"senderDomains": [self.domain], "requireTls": True}
            if self.direction == "inbound"
            else {"recipientDomains": [self.domain], "tlsSettings": "EncryptionOnly"}
        )
        named = {"name": self.name, "comment": self.comment, "enabled": self.enabled, "aliases": list(self.aliases)}
        return _without_empty({**named, **own})

    def connectors(self) -> tuple[Wanted]:
        """What the tenant must hold."""
        own: dict[str, object] = (
            {"SenderDomains": frozenset({self.domain}), "RequireTls": True}
            if self.direction == "inbound"
            else {"RecipientDomains": frozenset({self.domain}), "TlsSettings": "EncryptionOnly"}
        )
        cells = {"Name": self.name, "Enabled": self.enabled, "Comment": self.comment or "", **own}
        return (Wanted(self.key, self.direction, self.name, self.name, cells),)


Item = Partner | Beside


@dataclass(frozen=True)
class Declaration:
    """What a stack declares."""

    items: tuple[Item, ...] = ()

    @property
    def partners(self) -> tuple[Partner, ...]:
        return tuple(item for item in self.items if isinstance(item, Partner))

    @property
    def beside(self) -> tuple[Beside, ...]:
        return tuple(item for item in self.items if isinstance(item, Beside))

    def wanted(self) -> tuple[Wanted, ...]:
        """Every connector that the tenant must hold."""
        return tuple(wanted for item in self.items for wanted in item.connectors())

    def settings(self) -> dict[str, object]:
        """The settings of the stack file."""
        settings: dict[str, object] = {"partners": [partner.declared() for partner in self.partners]}
        for direction in DIRECTIONS:
            if listed := [item.declared() for item in self.beside if item.direction == direction]:
                settings[f"{direction}Connectors"] = listed
        return settings

    def with_(self, item: Item) -> Declaration:
        """This one with the item, in place of the one of its key if there is one."""
        if any(known.key == item.key for known in self.items):
            return Declaration(tuple(item if known.key == item.key else known for known in self.items))
        return Declaration((*self.items, item))

    def without(self, key: str) -> Declaration:
        """This one without an item."""
        return Declaration(tuple(item for item in self.items if item.key != key))


def differences(wanted: Wanted, row: Mapping[str, Any]) -> Iterator[str]:
    """What a row shows otherwise than declared; the mark in its comment is no difference."""
    for cell, value in wanted.cells.items():
        shown = _shown(cell, row.get(cell))
        if shown != value:
            yield f"{cell} is {_words(shown)}, declared {_words(value)}"


def mark_of(row: Mapping[str, Any]) -> str | None:
    """The stack that a row's comment names as its manager, None if it names none."""
    last = (row.get("Comment") or "").splitlines()[-1:]
    return last[0].removeprefix(_MARK).removesuffix("]") if last and last[0].startswith(_MARK) else None


def without_mark(comment: str) -> str:
    """A comment without the line of the mark."""
    return "\n".join(line for line in comment.splitlines() if not line.startswith(_MARK))


def _shown(cell: str, value: object) -> object:
    if isinstance(value, list):
        return frozenset(str(item).removeprefix(_DOMAIN_PREFIX).removesuffix(_DOMAIN_SUFFIX) for item in value)
    return without_mark(str(value or "")) if cell == "Comment" else value


def _words(value: object) -> str:
    return repr(sorted(value)) if isinstance(value, frozenset) else repr(value)


def _without_empty(content: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value not in (None, [], {})}
