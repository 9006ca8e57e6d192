"""Declared partners for these tests."""

from __future__ import annotations

from typing import Any

from exchange_online.connectors import InboundSettings, OutboundSettings, check
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.pair import inbound_half, outbound_half
from regulated_partners.verify.declared import DeclaredPartner


def declared(**changes: Any) -> DeclaredPartner:
    """Fabrikam Bank: forced TLS both ways with a certificate for mail.fabrikam.com, unless changed."""
    declaration = {
        "name": "Fabrikam Bank",
        "domains": ["fabrikam.com"],
        "certificateName": "mail.fabrikam.com",
        **changes,
    }
    partner = Partner.model_validate(declaration)
    halves = (check(half.direction, half.inputs) for half in (inbound_half(partner), outbound_half(partner)))
    inbound, outbound = (half.settings for half in halves)
    assert isinstance(inbound, InboundSettings)
    assert isinstance(outbound, OutboundSettings)
    return DeclaredPartner(partner.name, inbound, outbound)
