"""A change to a connector: what was given, what stood before, what would stand after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online_emulator.cmdlets.parameters import Bound, ListChange
from exchange_online_emulator.cmdlets.values import stored
from exchange_online_emulator.errors import InvalidSettingError
from exchange_online_emulator.models import Kind, Settings, SettingValue, StoredObject, Switches
from exchange_online_emulator.rules import observed_single

#: Parameters that steer the cmdlet and are not settings of the object.
NOT_SETTINGS = frozenset({"Identity", "Name", "Confirm", "WhatIf", "LinkForModifiedConnector"})


@dataclass(frozen=True)
class Change:
    """A New (`before` None) or a Set of a connector, before the rules have judged it.

    `accepted_domains` are the tenant's accepted domains; `rules_using` the names of the transport rules that route
    messages to this connector.
    """

    kind: Kind
    name: str
    given: Bound
    before: StoredObject | None
    after: Mapping[str, SettingValue]
    switches: Switches
    accepted_domains: tuple[str, ...] = ()
    rules_using: tuple[str, ...] = ()

    def flag(self, name: str) -> bool:
        """A Boolean setting after the change."""
        return self.after.get(name) is True

    def values(self, name: str) -> tuple[str, ...]:
        """A list setting after the change."""
        value = self.after.get(name)
        return value if isinstance(value, tuple) else ()

    @property
    def partner(self) -> bool:
        """Whether the connector is of type Partner after the change."""
        return self.after.get("ConnectorType") == "Partner"


def merged(given: Bound, before: Settings) -> dict[str, SettingValue]:
    """The settings after the given parameters: stored forms, list changes applied. Raises `InvalidSettingError`."""
    after = dict(before)
    for name, value in given.items():
        if name in NOT_SETTINGS:
            continue
        if isinstance(value, ListChange):
            current = before.get(name)
            after[name] = _changed(name, current if isinstance(current, tuple) else (), value)
        else:
            after[name] = stored(name, value)
    return after


@observed_single(
    "V27",
    "Add of a value that the list holds is refused; Remove of one that it does not hold does nothing",
    "a public forced-TLS script (Add); Remove is assumed",
)
def _changed(name: str, current: tuple[str, ...], change: ListChange) -> tuple[str, ...]:
    added, removed = stored(name, change.add), stored(name, change.remove)
    add, remove = (value if isinstance(value, tuple) else () for value in (added, removed))
    gone = {item.casefold() for item in remove}
    kept = tuple(item for item in current if item.casefold() not in gone)
    held = {item.casefold() for item in kept}
    for item in add:
        if item.casefold() in held:
            raise InvalidSettingError(f'The value "{item}" is already present in the collection.')
    return kept + add


def same_settings(first: Settings, second: Settings) -> bool:
    """Whether two sets of settings are equal; the order of lists does not count (assumed)."""

    def key(settings: Settings) -> dict[str, object]:
        return {name: frozenset(value) if isinstance(value, tuple) else value for name, value in settings.items()}

    return key(first) == key(second)
