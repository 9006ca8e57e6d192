"""What a connector shows after a write, against what was sent."""

from __future__ import annotations

from exchange_online.connectors import Change, ConnectorRecord, ConnectorSettings, changes

#: Words of the warnings by which the service says that it did not enable a connector. Source: V30, V31 (documented).
DECLINED = ("created in a disabled state", "can't enable an inbound connector")


def as_sent(found: ConnectorRecord, settings: ConnectorSettings) -> bool:
    """Whether a connector shows everything that a `New-` sends."""
    return not any(change.parameter.on_new for change in changes(found.settings, settings))


def as_sent_but_disabled(found: ConnectorRecord, settings: ConnectorSettings) -> bool:
    """As sent but for Enabled: how the service creates a connector that the offering does not allow to enable (V30)."""
    different = [change.parameter.name for change in changes(found.settings, settings) if change.parameter.on_new]
    return different == ["Enabled"] and not found.settings.enabled


def says_declined(warnings: tuple[str, ...]) -> bool:
    """Whether the service says that it did not enable the connector."""
    return any(words in warning for warning in warnings for words in DECLINED)


def only_disabled(missing: tuple[Change, ...], warnings: tuple[str, ...]) -> bool:
    """Whether all that is missing is what the service says it declined."""
    return [change.parameter.key for change in missing] == ["enabled"] and says_declined(warnings)


def still_missing(record: ConnectorRecord, wanted: ConnectorSettings, sent: tuple[Change, ...]) -> tuple[Change, ...]:
    """Of the changes that were sent, those that do not show."""
    names = {change.parameter.name for change in sent}
    return tuple(change for change in changes(record.settings, wanted) if change.parameter.name in names)


def uncleared_lists(missing: tuple[Change, ...]) -> list[str]:
    """Lists that null did not empty: `[]` may. Source: exchange-wire 5.3 (unverified)."""
    return [change.parameter.name for change in missing if change.after == ()]
