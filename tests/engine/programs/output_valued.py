"""A connector of which an argument is the output of another one."""

from __future__ import annotations

from exchange_online import InboundConnector, OutboundConnector

inbound = InboundConnector("in", name="Fabrikam in", sender_domains=["fabrikam.com"])
OutboundConnector(
    "out",
    name="Fabrikam out",
    recipient_domains=["fabrikam.com"],
    comment=inbound.guid.apply(lambda guid: f"pair of {guid}"),
)
