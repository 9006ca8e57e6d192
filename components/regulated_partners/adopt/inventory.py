"""What the inventory says of each connector, as a table, as JSON, as CSV (RFC 4180). Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from exchange_online.connectors import mail_flow
from regulated_partners.adopt.tenant import ConnectorKind, TenantConnector
from regulated_partners.engine.state import ManagedConnector
from regulated_partners.table import Column, table
from regulated_partners.text import printable

#: Kinds that nobody should manage, so that they are not missing where they are not managed.
_NOBODYS = (ConnectorKind.HYBRID, ConnectorKind.TEST_MODE)


@dataclass(frozen=True)
class InventoryItem:
    """One connector.

    Attributes:
        direction: `inbound` or `outbound`.
        name, guid: of the connector.
        kind: what it is for, as far as its settings tell.
        enabled: whether it is in use.
        stack: the stack that manages it, None where none does.
        resource: its resource's name in the program of that stack.
        comment: the connector's, empty where it has none.
        mail_flow: what it does to mail, one sentence.
        when_changed_utc: ISO 8601, empty where the service does not say.
    """

    direction: str
    name: str
    guid: str
    kind: ConnectorKind
    enabled: bool
    stack: str | None
    resource: str | None
    comment: str
    mail_flow: str
    when_changed_utc: str

    @property
    def unmanaged(self) -> bool:
        """Whether no stack manages it although one could: hybrid and test-mode connectors do not count."""
        return self.stack is None and self.kind not in _NOBODYS


def inventory_of(
    tenant: Iterable[TenantConnector], managed: Mapping[str, ManagedConnector]
) -> tuple[InventoryItem, ...]:
    """One item for each connector, in the tenant's order.

    Args:
        tenant: every connector.
        managed: by Guid, the connectors in the state of any stack.
    """
    return tuple(_item(connector, managed.get(connector.guid)) for connector in tenant)


def _item(connector: TenantConnector, managed: ManagedConnector | None) -> InventoryItem:
    record = connector.record
    return InventoryItem(
        direction=record.direction.word,
        name=record.name,
        guid=record.guid,
        kind=connector.kind,
        enabled=record.settings.enabled,
        stack=managed.stack if managed else None,
        resource=managed.resource if managed else None,
        comment=record.settings.comment or "",
        mail_flow=mail_flow(record.settings),
        when_changed_utc=record.when_changed_utc,
    )


class Format(StrEnum):
    """How the inventory is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


#: The fields of JSON and CSV.
_FIELDS = (
    "direction",
    "name",
    "id",
    "kind",
    "enabled",
    "managedBy",
    "resource",
    "comment",
    "mailFlow",
    "whenChangedUtc",
)


def rendered(items: Sequence[InventoryItem], stack: str, tenant: str, how: Format) -> str:
    """The inventory.

    Args:
        items: the connectors.
        stack: whose tenant it is.
        tenant: GUID or domain.
        how: the format.
    """
    if how is Format.JSON:
        document = {"stack": stack, "tenant": tenant, "connectors": [_fields(item) for item in items]}
        return json.dumps(document, indent=2) + "\n"
    return _csv(items) if how is Format.CSV else _table(items)


def _fields(item: InventoryItem) -> dict[str, str | bool | None]:
    values = (
        item.direction,
        item.name,
        item.guid,
        item.kind.value,
        item.enabled,
        item.stack,
        item.resource,
        item.comment,
        item.mail_flow,
        item.when_changed_utc,
    )
    return dict(zip(_FIELDS, values, strict=True))


def _csv(items: Sequence[InventoryItem]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _FIELDS, lineterminator="\r\n")
    writer.writeheader()
    for item in items:
        fields = _fields(item)
        writer.writerow({**fields, "enabled": "true" if item.enabled else "false"})
    return text.getvalue()


def _table(items: Sequence[InventoryItem]) -> str:
    if not items:
        return "The tenant has no connectors.\n"
    columns = [
        Column("direction"),
        Column("connector"),
        Column("kind"),
        Column("managed by"),
        Column("mail", wide=True),
    ]
    rows = [
        (item.direction, printable(item.name), item.kind.value, item.stack or _nobody(item), printable(item.mail_flow))
        for item in items
    ]
    managed = sum(item.stack is not None for item in items)
    unmanaged = sum(item.unmanaged for item in items)
    return f"{table(columns, rows)}{len(items)} connectors, {managed} managed, {unmanaged} unmanaged\n"


def _nobody(item: InventoryItem) -> str:
    return "unmanaged" if item.unmanaged else "-"
