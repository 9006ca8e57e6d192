"""The tenant that the cmdlets work on: its store, its switches, what a Get sees; and what a cmdlet gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online_emulator.errors import ObjectNotFoundError
from exchange_online_emulator.models import Kind, SettingValue, StoredObject, Switches
from exchange_online_emulator.storage import Store


@dataclass(frozen=True)
class PlainRow:
    """A row that is not an object of the tenant, such as a task of Validate-OutboundConnector."""

    values: Mapping[str, SettingValue]


@dataclass(frozen=True)
class Outcome:
    """The rows of a cmdlet, its warnings, and the confirmation message that stands for a change not made."""

    rows: tuple[StoredObject | PlainRow, ...] = ()
    warnings: tuple[str, ...] = ()
    confirmation_message: str | None = None


class Tenant:
    """The objects and switches of one tenant."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.switches = Switches.model_validate_json(store.document("settings", "switches") or "{}")

    def switch(self, **changes: object) -> Switches:
        """Change the switches named; returns all."""
        # The store's own lock is the only one: a second, taken in the other order by a cmdlet, would stop both.
        with self.store.transaction():
            switches = self.switches.model_copy(update=changes)
            self.store.put_document("settings", "switches", switches.model_dump_json())
            self.switches = switches
        return switches

    def forget(self) -> None:
        """Forget every object, call and setting."""
        self.store.clear()
        self.switches = Switches()

    def find(self, kind: Kind, identity: str) -> StoredObject:
        """The object that Identity means. Raises `ObjectNotFoundError`."""
        found = self.store.find(kind, identity)
        if found is None:
            raise ObjectNotFoundError(identity)
        return found

    def accepted_domains(self) -> tuple[str, ...]:
        """The names of the tenant's accepted domains."""
        return tuple(item.text("DomainName") or item.name for item in self.store.objects(Kind.ACCEPTED_DOMAIN))

    def rules_using(self, connector: StoredObject) -> tuple[str, ...]:
        """The names of the transport rules that route messages to an outbound connector."""
        rules = self.store.objects(Kind.TRANSPORT_RULE)
        return tuple(item.name for item in rules if item.text("RouteMessageOutboundConnector") == connector.guid)
