"""An inventory as a table, as JSON, as CSV (RFC 4180)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from enum import StrEnum

from regulated_partners.adopt.inventory import InventoryItem
from regulated_partners.table import Column, table
from regulated_partners.text import printable


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
