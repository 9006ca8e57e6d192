"""A connector as the service shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Annotated, Any, get_type_hints

from exchange_online.connectors.canonical import InputValue, inputs, observed
from exchange_online.connectors.names import Direction, camel_case, snake_case
from exchange_online.connectors.settings import ConnectorSettings


@dataclass(frozen=True)
class Computed:
    """What the service says of a connector and nobody declares.

    Attributes:
        name: the property of a row, `WhenChangedUTC`.
        doc: what it says.
        outbound_only: whether inbound connectors have none.
    """

    name: str
    doc: str
    outbound_only: bool = False

    @property
    def key(self) -> str:
        """The Pulumi output, `whenChangedUtc`."""
        return camel_case(self.name)

    @property
    def attribute(self) -> str:
        """The attribute of the record and of the resource, `when_changed_utc`."""
        return snake_case(self.name)


@dataclass(frozen=True)
class ConnectorRecord:
    """One row of `Get-InboundConnector` or `Get-OutboundConnector`.

    Attributes:
        settings: canonical.
        row: as it came, with what is neither declared nor an output. Records are compared without it.
    """

    guid: Annotated[str, Computed("Guid", "The connector's immutable id, lower case; equal to `id`.")]
    settings: ConnectorSettings
    identity: Annotated[str, Computed("Identity", "What the service calls it; the name in a single tenant.")] = ""
    connector_source: Annotated[
        # Empty and `AdminUI` mean the same as `Default`. Source: N2.
        str, Computed("ConnectorSource", "Who made it: `Default`, `HybridWizard` or `Migrated`.")
    ] = "Default"
    is_valid: Annotated[bool | None, Computed("IsValid", "The directory's own verdict on the object.")] = None
    when_created_utc: Annotated[str, Computed("WhenCreatedUTC", "ISO 8601, as the service writes it.")] = ""
    when_changed_utc: Annotated[str, Computed("WhenChangedUTC", "ISO 8601, as the service writes it.")] = ""
    is_validated: Annotated[
        bool | None, Computed("IsValidated", "Whether a validation has succeeded.", outbound_only=True)
    ] = None
    last_validation_timestamp: Annotated[
        str, Computed("LastValidationTimestamp", "When it was validated; none where it never was.", outbound_only=True)
    ] = ""
    row: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def direction(self) -> Direction:
        return self.settings.direction

    def outputs(self) -> dict[str, InputValue]:
        """The Pulumi outputs: the settings, and what the service computed."""
        found = {computed.key: getattr(self, computed.attribute) for computed in computed_outputs()}
        return inputs(self.settings) | {key: value for key, value in found.items() if value not in (None, "")}


@cache
def computed_outputs() -> tuple[Computed, ...]:
    """What records hold beside the settings, in the order of the fields."""
    hints: dict[str, Any] = get_type_hints(ConnectorRecord, include_extras=True)
    marks = [getattr(hints[field.name], "__metadata__", ()) for field in fields(ConnectorRecord)]
    return tuple(mark for (mark, *_) in filter(None, marks))


#: The outputs that no declaration holds.
COMPUTED = tuple(computed.key for computed in computed_outputs())


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
        row=row,
    )


def _text(row: Mapping[str, object], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def _flag(row: Mapping[str, object], key: str) -> bool | None:
    value = row.get(key)
    return value if isinstance(value, bool) else None
