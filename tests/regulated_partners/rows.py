"""Connectors of a tenant, built from rows as the service sends them."""

from __future__ import annotations

import uuid

from exchange_online.connectors import ConnectorRecord, Direction, record_from_row

_NAMESPACE = uuid.UUID("b7f6a4d2-0000-4000-8000-000000000000")


def inbound(name: str, *domains: str, **cells: object) -> ConnectorRecord:
    """An inbound connector; `cells` are further properties by their cmdlet names."""
    return _connector(
        Direction.INBOUND, {"Name": name, "SenderDomains": [f"smtp:{each};1" for each in domains], **cells}
    )


def outbound(name: str, *domains: str, **cells: object) -> ConnectorRecord:
    """An outbound connector; `cells` are further properties by their cmdlet names."""
    return _connector(Direction.OUTBOUND, {"Name": name, "RecipientDomains": list(domains), **cells})


def pair(name: str, *domains: str, certificate: str = "mail.fabrikam.com") -> tuple[ConnectorRecord, ConnectorRecord]:
    """Forced TLS both ways, named as this project names connectors."""
    return (
        inbound(f"{name} - inbound", *domains, RestrictDomainsToCertificate=True, TlsSenderCertificateName=certificate),
        outbound(f"{name} - outbound", *domains, TlsSettings="DomainValidation", TlsDomain=certificate),
    )


def _connector(direction: Direction, row: dict[str, object]) -> ConnectorRecord:
    row = {"Guid": str(uuid.uuid5(_NAMESPACE, repr((direction, row["Name"])))), **row}
    return record_from_row(direction, row)
