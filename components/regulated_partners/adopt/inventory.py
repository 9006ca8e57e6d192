"""What the inventory says of each connector. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exchange_online.connectors.words import mail_flow
from regulated_partners.adopt.kinds import ConnectorKind, kind_of
from regulated_partners.adopt.tenant import TenantConnector
from regulated_partners.engine.state import ManagedConnector

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
    return tuple(_item(each, managed.get(each.record.guid)) for each in tenant)


def _item(connector: TenantConnector, managed: ManagedConnector | None) -> InventoryItem:
    record = connector.record
    return InventoryItem(
        direction=record.direction.word,
        name=record.name,
        guid=record.guid,
        kind=kind_of(record),
        enabled=record.settings.enabled,
        stack=managed.stack if managed else None,
        resource=managed.resource if managed else None,
        comment=record.settings.comment or "",
        mail_flow=mail_flow(record.settings),
        when_changed_utc=record.when_changed_utc,
    )
