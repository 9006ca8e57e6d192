"""A connector whose comment holds another one's id, which nobody knows before that one is there."""

import pulumi

from exchange_online import InboundConnector, OutboundConnector

inbound = InboundConnector(
    "fabrikam-in",
    name="Fabrikam - inbound",
    comment="SEC-1, owner messaging team",
    sender_domains=["fabrikam.com"],
    restrict_domains_to_certificate=True,
    tls_sender_certificate_name="mail.fabrikam.com",
)
OutboundConnector(
    "fabrikam-out",
    name="Fabrikam - outbound",
    comment=pulumi.Output.concat("pair of ", inbound.guid),
    recipient_domains=["fabrikam.com"],
    tls_settings="DomainValidation",
    tls_domain="mail.fabrikam.com",
)
