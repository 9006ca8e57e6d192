"""The connectors of a tenant, with what decides whether they may be managed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online.admin_api import AdminApi, Answer, Connection, Effect
from exchange_online.admin_api.connectors import ConnectorCmdlets
from exchange_online.admin_api.wire import JsonValue
from exchange_online.connectors import ConnectorRecord, Direction
from exchange_online.connectors.parameters import REFUSED

#: Parameters that nobody declares and that say nothing when they are set.
_HARMLESS = {"ConnectorSource", "IsValidated", "LastValidationTimestamp", "Identity", "Confirm", "WhatIf"}

_NO_GUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class TenantConnector:
    """A connector of the tenant.

    Attributes:
        record: as the service shows it.
        internal_parameters: cmdlet parameters in use that nobody can declare, such as `EFTestMode`.
    """

    record: ConnectorRecord
    internal_parameters: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def direction(self) -> Direction:
        return self.record.direction


def connectors_of(connection: Connection) -> tuple[TenantConnector, ...]:
    """Every connector of the tenant, test-mode ones included, by direction and name. Raises AdminApiError."""
    with _RowKeeper(connection) as api:
        cmdlets = ConnectorCmdlets(api)
        records = [record for direction in Direction for record in cmdlets.list(direction)]
        found = [TenantConnector(record, internal_parameters(api.rows[record.guid])) for record in records]
    return tuple(sorted(found, key=lambda each: (each.direction.word, each.name.casefold(), each.record.guid)))


def internal_parameters(row: Mapping[str, object]) -> tuple[str, ...]:
    """The parameters of a row that are in use and that nobody can declare."""
    return tuple(
        name for name in REFUSED if name not in _HARMLESS and row.get(name) not in (None, "", False, [], _NO_GUID)
    )


class _RowKeeper(AdminApi):
    """Keeps the rows that records are made from: a record holds only what can be declared."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.rows: dict[str, Mapping[str, object]] = {}

    def invoke(
        self,
        cmdlet: str,
        parameters: Mapping[str, JsonValue],
        *,
        effect: Effect,
        about: str | None = None,
        read_timeout: float | None = None,
    ) -> Answer:
        answer = super().invoke(cmdlet, parameters, effect=effect, about=about, read_timeout=read_timeout)
        self.rows |= {str(row.get("Guid", "")).lower(): row for row in answer.rows}
        return answer
