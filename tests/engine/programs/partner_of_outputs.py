"""A partner of which most is an output: known at once, only after an `up`, or a secret."""

from __future__ import annotations

import os

import pulumi

from exchange_online import InboundConnector
from regulated_partners import RegulatedPartner

other = InboundConnector("other", name="Other", sender_domains=["other.example"])
certificate = os.environ.get("CERTIFICATE_NAME", "mail.northwind.example")


async def awaited() -> str:
    """An argument may be something to await, too."""
    return "mail.contoso.example"


RegulatedPartner(
    "Contoso", domains=other.guid.apply(lambda _: ["contoso.example"]), certificate_name=awaited(), comment="plain"
)
RegulatedPartner(
    "Northwind",
    domains=["northwind.example", pulumi.Output.from_input("more.northwind.example")],
    certificate_name=other.guid.apply(lambda _: certificate),
    comment=pulumi.Output.secret("CANARY-of-the-comment"),
    inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": [pulumi.Output.from_input("192.0.2.7")]},
    outbound={
        "smartHosts": other.guid.apply(lambda _: ["relay.northwind.example"]),
        "settings": {"smtpDaneMode": pulumi.Output.from_input("None")},
    },
)
