"""The same partner as in the stack's list, declared in Python."""

from __future__ import annotations

from regulated_partners import RegulatedPartner

RegulatedPartner(
    "Fabrikam Bank",
    domains=["fabrikam.com", "*.fabrikam.com"],
    certificate_name="mail.fabrikam.com",
    comment="SEC-1234, owner messaging team",
)
