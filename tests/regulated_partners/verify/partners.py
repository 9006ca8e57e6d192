"""Declared partners for these tests."""

from __future__ import annotations

from typing import Any

from regulated_partners.partners import Pair, Partner, judge


def declared(**changes: Any) -> Pair:
    """Fabrikam Bank: forced TLS both ways with a certificate for mail.fabrikam.com, unless changed."""
    declaration = {
        "name": "Fabrikam Bank",
        "domains": ["fabrikam.com"],
        "certificateName": "mail.fabrikam.com",
        **changes,
    }
    return judge(Partner.model_validate(declaration))
