"""A partner in Python with three mistakes."""

from __future__ import annotations

from regulated_partners import RegulatedPartner

RegulatedPartner(
    "Fabrikam Bank",
    domains=["fabrikam.com", "not a domain"],
    inbound={"restrictDomainsBy": "ipAddresses"},
    outbound={"conectionSecurity": "forceTls"},
)
