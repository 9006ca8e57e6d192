"""Declarations of partners that several tests use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Partner = Mapping[str, Any]

FABRIKAM: Partner = {
    "name": "Fabrikam Bank",
    "domains": ["fabrikam.com", "*.fabrikam.com"],
    "certificateName": "mail.fabrikam.com",
    "comment": "SEC-1234, owner messaging team",
}
WOODGROVE: Partner = {
    "name": "Woodgrove Hospital",
    "domains": ["woodgrove.org"],
    "inbound": {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.16/28"]},
    "outbound": {
        "connectionSecurity": "selfSignedCertificate",
        "smartHosts": ["relay1.woodgrove.org", "relay2.woodgrove.org"],
    },
}

#: What the resources and the connectors of a partner are called.
FABRIKAM_IN, FABRIKAM_OUT = "Fabrikam Bank-inbound", "Fabrikam Bank-outbound"
FABRIKAM_CONNECTORS = ["Fabrikam Bank - inbound", "Fabrikam Bank - outbound"]
