"""A connector as the service shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online.connectors.canonical import InputValue, inputs, observed
from exchange_online.connectors.names import Direction
from exchange_online.connectors.settings import ConnectorSettings


@dataclass(frozen=True)
class ConnectorRecord:
    """One row of `Get-InboundConnector` or `Get-OutboundConnector`.

    Attributes:
        guid: the connector's immutable id, lower case.
        settings: canonical.
        identity: what the service calls it; the name in a single tenant.
        connector_source: who made it: `Default` (`AdminUI` and empty mean the same, N2), `HybridWizard`, `Migrated`.
        is_valid: the directory's own verdict on the object; None where the row has none.
        when_created_utc, when_changed_utc: ISO 8601 as the service writes it, empty where the row has none.
        is_validated: outbound only; None where the row has none.
        last_validation_timestamp: outbound only; empty where there was none.
    """

    guid: str
    settings: ConnectorSettings
    identity: str = ""
    connector_source: str = "Default"
    is_valid: bool | None = None
    when_created_utc: str = ""
    when_changed_utc: str = ""
    is_validated: bool | None = None
    last_validation_timestamp: str = ""

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def direction(self) -> Direction:
        return self.settings.direction

    def outputs(self) -> dict[str, InputValue]:
        """The Pulumi outputs: the settings, and what the service computed."""
        computed: dict[str, InputValue | None] = {
            "guid": self.guid,
            "identity": self.identity,
            "connectorSource": self.connector_source,
            "isValid": self.is_valid,
            "whenCreatedUtc": self.when_created_utc,
            "whenChangedUtc": self.when_changed_utc,
            "isValidated": self.is_validated,
            "lastValidationTimestamp": self.last_validation_timestamp,
        }
        return inputs(self.settings) | {key: value for key, value in computed.items() if value not in (None, "")}


#: The outputs that no declaration holds.
COMPUTED = (
    "guid",
    "identity",
    "connectorSource",
    "isValid",
    "whenCreatedUtc",
    "whenChangedUtc",
    "isValidated",
    "lastValidationTimestamp",
)


def record_from_row(direction: Direction, row: Mapping[str, object]) -> ConnectorRecord:
    """Reads a row; unknown keys are ignored, missing ones have their default.

    Raises:
        ValueError: for a row without a Guid, which no connector can be known by.
    """
    guid = _text(row, "Guid").lower()
    if not guid:
        raise ValueError(f"a row of Get-{direction} has no Guid")
    source = _text(row, "ConnectorSource")
    return ConnectorRecord(
        guid=guid,
        settings=observed(direction, row),
        identity=_text(row, "Identity"),
        connector_source="Default" if source in ("", "AdminUI") else source,
        is_valid=_flag(row, "IsValid"),
        when_created_utc=_text(row, "WhenCreatedUTC"),
        when_changed_utc=_text(row, "WhenChangedUTC"),
        is_validated=_flag(row, "IsValidated"),
        last_validation_timestamp=_text(row, "LastValidationTimestamp"),
    )


def _text(row: Mapping[str, object], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _flag(row: Mapping[str, object], key: str) -> bool | None:
    value = row.get(key)
    return value if isinstance(value, bool) else None
