"""A connector that the plugin made, declared by the dynamic face again."""

import pulumi

from exchange_online import InboundConnector

_EARLIER = pulumi.Alias(type_="exchange-online:index:InboundConnector")
InboundConnector("In", name="In", sender_domains=["in.example"], opts=pulumi.ResourceOptions(aliases=[_EARLIER]))
