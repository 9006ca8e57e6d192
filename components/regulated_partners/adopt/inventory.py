"""What the inventory says of each connector, as a table, as JSON, as CSV (RFC 4180). Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from exchange_online.connectors import ConnectorRecord, ConnectorSettings, mail_flow
from regulated_partners.adopt.tenant import ConnectorKind, kind_of
from regulated_partners.engine.plan import without_secrets
from regulated_partners.engine.state import ManagedConnector
from regulated_partners.table import Column, table
from regulated_partners.text import printable

#: How the inventory is written.
Format = Literal["table", "json", "csv"]

#: Kinds that nobody should manage, so that they are not missing where they are not managed.
_NOBODYS = (ConnectorKind.HYBRID, ConnectorKind.TEST_MODE)


@dataclass(frozen=True)
class InventoryItem:
    """One connector.

    Attributes:
        connector: of the tenant.
        managed: its resource in the state of the stack that manages it, None where none does.
    """

    connector: ConnectorRecord
    managed: ManagedConnector | None

    @property
    def unmanaged(self) -> bool:
        """Whether no stack manages it although one could: hybrid and test-mode connectors do not count."""
        return self.managed is None and kind_of(self.connector) not in _NOBODYS

    @property
    def mail_flow(self) -> str:
        """What it does to mail, one sentence."""
        return mail_flow(self.settings)

    @property
    def settings(self) -> ConnectorSettings:
        """Its settings; what is a secret of the stack that manages it is not shown."""
        return without_secrets(self.connector.settings, self.managed.secret if self.managed else ())

    def fields(self) -> dict[str, str | bool | None]:
        """What JSON and CSV hold."""
        return {name: read(self) for name, read in _FIELDS.items()}


def inventory_of(
    tenant: Iterable[ConnectorRecord], managed: Mapping[str, ManagedConnector]
) -> tuple[InventoryItem, ...]:
    """One item for each connector, in the tenant's order; `managed` are, by Guid, those in the state of any stack."""
    return tuple(InventoryItem(connector, managed.get(connector.guid)) for connector in tenant)


#: The fields of JSON and CSV; the names stay. Empty where the service does not say.
_FIELDS: dict[str, Callable[[InventoryItem], str | bool | None]] = {
    "direction": lambda item: item.connector.direction.word,
    "name": lambda item: item.settings.name,
    "id": lambda item: item.connector.guid,
    "kind": lambda item: kind_of(item.connector).value,
    "enabled": lambda item: item.connector.settings.enabled,
    "managedBy": lambda item: item.managed.stack if item.managed else None,
    "resource": lambda item: item.managed.resource if item.managed else None,
    "comment": lambda item: item.settings.comment or "",
    "mailFlow": lambda item: item.mail_flow,
    "whenChangedUtc": lambda item: item.connector.when_changed_utc,
}


def rendered(items: Sequence[InventoryItem], stack: str, tenant: str, how: Format) -> str:
    """The inventory of the tenant of a stack."""
    if how == "json":
        document = {"stack": stack, "tenant": tenant, "connectors": [item.fields() for item in items]}
        return json.dumps(document, indent=2) + "\n"
    return _csv(items) if how == "csv" else _table(items)


def _csv(items: Sequence[InventoryItem]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _FIELDS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({**item.fields(), "enabled": str(item.fields()["enabled"]).lower()} for item in items)
    return text.getvalue()


def _table(items: Sequence[InventoryItem]) -> str:
    if not items:
        return "The tenant has no connectors.\n"
    heads = (Column("direction"), Column("connector"), Column("kind"), Column("managed by"), Column("mail", wide=True))
    rows = [
        (
            item.connector.direction.word,
            printable(item.settings.name),
            kind_of(item.connector).value,
            item.managed.stack if item.managed else "unmanaged" if item.unmanaged else "-",
            printable(item.mail_flow),
        )
        for item in items
    ]
    managed = sum(item.managed is not None for item in items)
    unmanaged = sum(item.unmanaged for item in items)
    return f"{table(heads, rows)}{len(items)} connectors, {managed} managed, {unmanaged} unmanaged\n"
