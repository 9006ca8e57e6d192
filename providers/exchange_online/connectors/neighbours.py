"""Connectors that apply to the same mail."""

from __future__ import annotations

from collections.abc import Iterable

from exchange_online.connectors.settings import ConnectorSettings, InboundSettings


def neighbour_warnings(connector: ConnectorSettings, others: Iterable[ConnectorSettings]) -> tuple[str, ...]:
    """What the administrator should know of connectors that apply to a connector's mail too.

    Args:
        connector: the new one, or the declared one.
        others: other connectors of its direction.

    Source: connector-semantics 9: inbound, a restricting connector wins over one by domain (documented,
    OfficeDocs-Exchange issue 900); duplicates for one partner can lose mail (documented).
    """
    enabled = sorted((other for other in others if other.enabled), key=lambda other: other.name)
    return (*_tenant_wide(connector, enabled), *_same_domains(connector, enabled))


def restricts_tenant(connector: ConnectorSettings) -> bool:
    """Whether it refuses mail of every sender that does not meet its restriction (V12)."""
    return (
        isinstance(connector, InboundSettings)
        and connector.enabled
        and connector.is_partner
        and "*" in connector.sender_domains
        and connector.restricts
    )


def _tenant_wide(connector: ConnectorSettings, others: Iterable[ConnectorSettings]) -> Iterable[str]:
    for other in others:
        if isinstance(connector, InboundSettings) and restricts_tenant(other):
            yield (
                f"the connector '{other.name}' restricts all senders of the tenant, and wins over this one for mail "
                "from the same source: check that the partner's mail meets its restriction too"
            )


def _same_domains(connector: ConnectorSettings, others: Iterable[ConnectorSettings]) -> Iterable[str]:
    own = set(connector.domains)
    for other in others:
        if shared := sorted(own.intersection(other.domains)):
            yield (
                f"the connector '{other.name}' applies to {', '.join(shared)} too; two connectors for one domain can "
                "lose mail: disable or remove one"
            )
