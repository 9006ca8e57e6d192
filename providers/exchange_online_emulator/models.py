"""What the emulated tenant holds: connectors, transport rules and accepted domains, as frozen records."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

SettingValue = str | bool | int | None | tuple[str, ...]
Settings = Mapping[str, SettingValue]


class Kind(StrEnum):
    """The kinds of object, named as in the cmdlets (`New-<Kind>`)."""

    INBOUND = "InboundConnector"
    OUTBOUND = "OutboundConnector"
    TRANSPORT_RULE = "TransportRule"
    ACCEPTED_DOMAIN = "AcceptedDomain"
    MESSAGE_TRACE = "MessageTraceV2"
    MESSAGE_TRACE_DETAIL = "MessageTraceDetailV2"


@dataclass(frozen=True)
class StoredObject:
    """One object of the tenant.

    `sequence` orders listings; `settings` maps a property (`RequireTls`) to its stored form; times are UTC.
    """

    kind: Kind
    name: str
    settings: Settings
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    sequence: int = 0
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))

    def matches(self, identity: str) -> bool:
        """Whether Identity (a name, GUID or distinguished name, any case) means this object."""
        wanted = identity.casefold()
        return wanted in (self.name.casefold(), self.guid, f"cn={self.name.casefold()},{DN_SUFFIX}")

    def with_settings(self, name: str, settings: Settings) -> StoredObject:
        """The object after a change made now."""
        return replace(self, name=name, settings=settings, changed=datetime.now(UTC))

    def text(self, name: str) -> str | None:
        """A scalar text setting, None when unset."""
        value = self.settings.get(name)
        return value if isinstance(value, str) else None

    def values(self, name: str) -> tuple[str, ...]:
        """A list setting, empty when unset."""
        value = self.settings.get(name)
        return value if isinstance(value, tuple) else ()

    def flag(self, name: str) -> bool:
        """A Boolean setting, False when unset."""
        return self.settings.get(name) is True


DN_SUFFIX = "cn=transport settings,cn=configuration,dc=emulator,dc=prod,dc=outlook,dc=com"
