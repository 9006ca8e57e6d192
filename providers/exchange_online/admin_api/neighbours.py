"""Other connectors of the tenant that a new one has to share mail with."""

from __future__ import annotations

from collections.abc import Iterable

from providers.exchange_online.connectors import ConnectorRecord, InboundSettings, OutboundSettings
from providers.exchange_online.connectors.settings import ConnectorSettings


def neighbour_warnings(created: ConnectorRecord, tenant: Iterable[ConnectorRecord]) -> tuple[str, ...]:
    """What the administrator should know of connectors that apply to the same mail.

    Args:
        created: the new connector.
        tenant: every connector of its direction.

    Source: connector-semantics 9: inbound, a restricting connector wins over one by domain (documented,
    OfficeDocs-Exchange issue 900); duplicates for one partner can lose mail (documented).
    """
    others = sorted((other for other in tenant if other.guid != created.guid), key=lambda other: other.name)
    return (*_tenant_wide(created, others), *_same_domains(created, others))


def _tenant_wide(created: ConnectorRecord, others: Iterable[ConnectorRecord]) -> Iterable[str]:
    if not isinstance(created.settings, InboundSettings):
        return
    for other in others:
        s = other.settings
        if (
            isinstance(s, InboundSettings)
            and s.enabled
            and s.is_partner
            and "*" in s.sender_domains
            and (s.restrict_domains_to_certificate or s.restrict_domains_to_ip_addresses)
        ):
            yield (
                f"the connector '{other.name}' restricts all senders of the tenant, and wins over this one for mail "
                "from the same source: check that the partner's mail meets its restriction too"
            )


def _same_domains(created: ConnectorRecord, others: Iterable[ConnectorRecord]) -> Iterable[str]:
    own = set(_domains(created.settings))
    for other in others:
        shared = sorted(own & set(_domains(other.settings)))
        if shared and other.settings.enabled:
            yield (
                f"the connector '{other.name}' applies to {', '.join(shared)} too; two connectors for one domain can "
                "lose mail: disable or remove one"
            )


def _domains(settings: ConnectorSettings) -> tuple[str, ...]:
    if isinstance(settings, InboundSettings):
        return settings.sender_domains
    return settings.recipient_domains if isinstance(settings, OutboundSettings) else ()
