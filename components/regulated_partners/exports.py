"""What a stack exports for each partner: what an operator asks after a deployment."""

from __future__ import annotations

from typing import Any

from exchange_online import InboundConnector, OutboundConnector
from exchange_online.connectors import check
from exchange_online.connectors.words import mail_flow
from regulated_partners.component import RegulatedPartner
from regulated_partners.partners.connectors import DeclaredConnector
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.pair import Half, inbound_half, outbound_half


def partner_export(partner: Partner, component: RegulatedPartner) -> dict[str, Any]:
    """For each direction the connector's name and id, and what it does to mail in one sentence."""
    return {
        "inbound": _half_export(inbound_half(partner), component.inbound),
        "outbound": _half_export(outbound_half(partner), component.outbound),
    }


def connector_export(declared: DeclaredConnector, connector: InboundConnector | OutboundConnector) -> dict[str, Any]:
    """A connector's id, and what it does to mail in one sentence."""
    return {"id": connector.id, "mailFlow": mail_flow(declared.settings)}


def _half_export(half: Half, connector: InboundConnector | OutboundConnector) -> dict[str, Any]:
    settings = check(half.direction, half.inputs).settings
    return {"connector": settings.name, "id": connector.id, "mailFlow": mail_flow(settings)}
