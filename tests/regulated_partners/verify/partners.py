"""Declared partners for these tests."""

from __future__ import annotations

from typing import Any

from regulated_partners.partners import Partner, judge
from regulated_partners.verify.declared import DeclaredPartner


def declared(**changes: Any) -> DeclaredPartner:
    """Fabrikam Bank: forced TLS both ways with a certificate for mail.fabrikam.com, unless changed."""
    declaration = {
        "name": "Fabrikam Bank",
        "domains": ["fabrikam.com"],
        "certificateName": "mail.fabrikam.com",
        **changes,
    }
    pair = judge(Partner.model_validate(declaration))
    return DeclaredPartner(pair.name, pair.inbound.settings, pair.outbound.settings)
