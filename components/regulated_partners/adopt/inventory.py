"""What the inventory says of each connector, as a table, as JSON, as CSV (RFC 4180). Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from exchange_online.connectors import ConnectorRecord, ConnectorSettings, Value, mail_flow, parameters
from regulated_partners.adopt.ownership import Owned, Ownership, owned
from regulated_partners.adopt.tenant import ConnectorKind, kind_of
from regulated_partners.engine.plan import without_secrets
from regulated_partners.engine.state import ManagedConnector, States
from regulated_partners.other_ways import Look, PartnersWay
from regulated_partners.table import Column, table
from regulated_partners.text import printable

#: How the inventory is written.
Format = Literal["table", "csv"]

#: Kinds that nobody should manage, so that they are not missing where they are not managed.
_NOBODYS = (ConnectorKind.HYBRID, ConnectorKind.TEST_MODE)

#: Names before a note; the table says of which others it holds.
_MOST_NAMES = 5


@dataclass(frozen=True)
class InventoryItem:
    """One connector.

    Attributes:
        owned: it, and which stack manages it.
        ways: how the mail of the stack's partners can meet it.
    """

    owned: Owned
    ways: tuple[PartnersWay, ...] = ()

    @property
    def partners(self) -> tuple[str, ...]:
        """The partners whose mail it can take or refuse."""
        return tuple(dict.fromkeys(owner for found in self.ways if found.way.is_alarm for owner in found.owners))

    @property
    def connector(self) -> ConnectorRecord:
        """It, of the tenant."""
        return self.owned.connector

    @property
    def managed(self) -> ManagedConnector | None:
        """Its resource in the state of the stack that manages it, None where none does."""
        return self.owned.managed

    @property
    def unmanaged(self) -> bool:
        """Whether no stack manages it although one could: hybrid and test-mode connectors do not count.

        A mark alone counts where the state of its stack is not known here.
        """
        nobodys = self.owned.ownership in (Ownership.NONE, Ownership.NOT_IN_STATE)
        return nobodys and kind_of(self.connector) not in _NOBODYS

    @property
    def mail_flow(self) -> str:
        """What it does to mail, one sentence."""
        return mail_flow(self.settings)

    @property
    def settings(self) -> ConnectorSettings:
        """Its settings; what is a secret of the stack that manages it is not shown."""
        return without_secrets(self.connector.settings, self.managed.secret if self.managed else ())

    def parameters(self) -> dict[str, Value]:
        """Every setting by its Pulumi name, canonical; a secret is `[secret]`."""
        settings = self.settings
        return {parameter.key: settings.value(parameter) for parameter in parameters(settings.direction)}

    def fields(self) -> dict[str, str | bool | None]:
        """What JSON and CSV hold."""
        return {name: read(self) for name, read in _FIELDS.items()}


def inventory_of(
    tenant: Iterable[ConnectorRecord], states: States, ways: Iterable[PartnersWay] = (), *, marks: bool = True
) -> tuple[InventoryItem, ...]:
    """One item for each connector, in the tenant's order.

    Args:
        ways: how the mail of the stack's partners can meet connectors of the tenant.
        marks: whether the stack whose tenant it is marks its connectors.
    """
    by_guid: dict[str, list[PartnersWay]] = {}
    for found in ways:
        by_guid.setdefault(found.way.guid, []).append(found)
    return tuple(
        InventoryItem(owned(connector, states, marks=marks), tuple(by_guid.get(connector.guid, ())))
        for connector in tenant
    )


#: The fields of JSON and CSV; the names stay. Empty where the service does not say.
_FIELDS: dict[str, Callable[[InventoryItem], str | bool | None]] = {
    "direction": lambda item: item.connector.direction.word,
    "name": lambda item: item.settings.name,
    "id": lambda item: item.connector.guid,
    "kind": lambda item: kind_of(item.connector).value,
    "enabled": lambda item: item.connector.settings.enabled,
    "managedBy": lambda item: item.managed.stack if item.managed else None,
    "resource": lambda item: item.managed.resource if item.managed else None,
    "mark": lambda item: item.connector.managed_by or None,
    "ownership": lambda item: item.owned.ownership.value,
    "note": lambda item: item.owned.note or None,
    "partners": lambda item: ", ".join(item.partners) or None,
    "comment": lambda item: item.settings.comment or "",
    "mailFlow": lambda item: item.mail_flow,
    "whenChangedUtc": lambda item: item.connector.when_changed_utc,
}


def rendered(items: Sequence[InventoryItem], how: Format, ways: Sequence[PartnersWay] = ()) -> str:
    """The inventory of a tenant.

    Args:
        ways: of the mail of the stack's partners, transport rules among them.
    """
    return _csv(items) if how == "csv" else _table(items, ways)


def inventory_json(items: Sequence[InventoryItem], tenant: str, look: Look, head: Mapping[str, object]) -> str:
    """The same for programs, with all settings of each connector.

    Args:
        tenant: its Guid.
        look: at the other ways of the mail of the stack's partners.
        head: what every record begins with.
    """
    document = {
        **head,
        "tenant": tenant,
        "connectors": [{**item.fields(), "settings": item.parameters()} for item in items],
        **look.as_object(),
    }
    return json.dumps(document, indent=2) + "\n"


def _csv(items: Sequence[InventoryItem]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _FIELDS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({**item.fields(), "enabled": str(item.fields()["enabled"]).lower()} for item in items)
    return text.getvalue()


def _table(items: Sequence[InventoryItem], ways: Iterable[PartnersWay]) -> str:
    if not items:
        return "The tenant has no connectors.\n"
    heads = (Column("direction"), Column("connector"), Column("kind"), Column("managed by"), Column("mail", wide=True))
    rows = [
        (
            item.connector.direction.word,
            printable(item.settings.name),
            kind_of(item.connector).value,
            printable(_owner(item)),
            printable(item.mail_flow),
        )
        for item in items
    ]
    counts = [
        (len(items), "connectors"),
        (sum(item.managed is not None for item in items), "managed"),
        (sum(item.unmanaged for item in items), "unmanaged"),
    ]
    if others := sum(item.owned.ownership is Ownership.OTHER_STACK for item in items):
        counts.append((others, "by a mark alone"))
    said = ", ".join(f"{count} {what}" for count, what in counts)
    alarms = (f"{found}\n" for found in ways if found.way.is_alarm)
    return "".join([table(heads, rows), *_notes(items), *alarms, f"{said}\n"])


def _owner(item: InventoryItem) -> str:
    """The stack that has it, and what its mark says where that is something else."""
    owner, mark = item.owned.owner, item.connector.managed_by
    nobody = "unmanaged" if item.unmanaged else "-"
    return {
        Ownership.MANAGED: f"{owner} (marked {mark})" if item.owned.note else owner,
        Ownership.UNMARKED: f"{owner} (no mark)",
        Ownership.CONTRADICTED: f"{owner} (marked {mark})",
        Ownership.SHARED: ", ".join((owner, *(item.managed.others if item.managed else ()))),
        Ownership.NOT_IN_STATE: f"{nobody} (marked {mark})",
        Ownership.OTHER_STACK: f"{mark} (by its mark)",
        Ownership.NONE: nobody,
    }[item.owned.ownership]


def _notes(items: Iterable[InventoryItem]) -> Iterable[str]:
    """What there is to know beside the table: each note once, below the names of those that it holds for."""
    by_note: dict[str, list[str]] = {}
    for item in items:
        if item.owned.note:
            name = f"{item.connector.direction.word} '{printable(item.settings.name)}'"
            by_note.setdefault(item.owned.note, []).append(name)
    for note, names in by_note.items():
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        yield f"{', '.join(names[:_MOST_NAMES])}{more}: {note}.\n"
