"""A connector of a class of one's own, and one that is made past the classes, if the stack says so."""

import pulumi

from exchange_online import InboundConnector
from exchange_online.resources.dynamic import OutboundConnectorProvider


class Ours(InboundConnector):
    """An inbound connector with the habits of a company."""


class Raw(pulumi.dynamic.Resource, module="test", name="Thing"):
    """A resource of a type that says nothing of connectors."""


Ours("ours", name="Ours", sender_domains=["fabrikam.com"], require_tls=False, comment="owner messaging team")
if pulumi.Config("regulated-partners").get("clientId"):
    Raw(OutboundConnectorProvider(), "raw", {"name": "Raw", "recipientDomains": ["fabrikam.com"]})
