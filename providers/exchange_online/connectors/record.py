"""A connector as the service shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, get_type_hints

from exchange_online.connectors.canonical import InputValue, inputs, observed
from exchange_online.connectors.mark import Mark, without_mark
from exchange_online.connectors.names import Direction, Named
from exchange_online.connectors.settings import ConnectorSettings


@dataclass(frozen=True)
class Computed(Named):
    """A property of a row that the service computes and nobody declares.

    Attributes:
        doc: what it says.
        type: of its value in a row; another one counts as missing.
        outbound_only: whether inbound connectors have none.
    """

    doc: str
    type: type = str
    outbound_only: bool = False


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
        str, Computed("ConnectorSource", "Who made it: `Default`, `HybridWizard` or `Migrated`.")
    ] = "Default"
    is_valid: Annotated[bool | None, Computed("IsValid", "The directory's own verdict on the object.", bool)] = None
    when_created_utc: Annotated[str, Computed("WhenCreatedUTC", "ISO 8601, as the service writes it.")] = ""
    when_changed_utc: Annotated[str, Computed("WhenChangedUTC", "ISO 8601, as the service writes it.")] = ""
    is_validated: Annotated[
        bool | None, Computed("IsValidated", "Whether a validation has succeeded.", bool, outbound_only=True)
    ] = None
    last_validation_timestamp: Annotated[
        str, Computed("LastValidationTimestamp", "When it was validated; none where it never was.", outbound_only=True)
    ] = ""
    managed_by: Annotated[
        str, Computed("ManagedBy", "The stack that manages it, as the last line of its comment says: `project/stack`.")
    ] = ""
    row: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def mark(self) -> Mark | None:
        """The stack that manages it; None where the comment holds no mark."""
        return Mark.read(self.managed_by)

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
    shown: dict[str, Any] = {
        computed.attribute: row[computed.name]
        for computed in computed_outputs()
        if isinstance(row.get(computed.name), computed.type)
    }
    if not shown.get("guid"):
        raise ValueError(f"a row of Get-{direction} has no Guid")
    shown["guid"] = shown["guid"].lower()
    # Empty and `AdminUI` mean the same as `Default`. Source: N2.
    if shown.get("connector_source") in ("", "AdminUI"):
        del shown["connector_source"]
    comment, mark = without_mark(_text(row.get("Comment")))
    settings = observed(direction, {**row, "Comment": comment})
    return ConnectorRecord(settings=settings, row=row, **{**shown, "managed_by": str(mark or "")})


def utc_time(text: str) -> datetime | None:
    """A time of a record, with its zone; None for what is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
