"""Forced TLS with Fabrikam, with the SDK that `pulumi package add ../../providers/plugin` makes."""

import pulumi
import regulated_partners_exchange_online as exchange_online

fabrikam = exchange_online.RegulatedPartner(
    "Fabrikam",
    domains=["fabrikam.com", "*.fabrikam.com"],
    certificate_name="mail.fabrikam.com",
    comment="SEC-1234, owner messaging team",
)

pulumi.export("inboundConnector", fabrikam.inbound.apply(lambda connector: connector.guid))
pulumi.export("outboundConnector", fabrikam.outbound.apply(lambda connector: connector.guid))
