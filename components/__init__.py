"""Components: one declaration, a pair of connectors."""

from components.declaration import Inbound, Outbound, Partner
from components.regulated_partner import RegulatedPartner

__all__ = ["Inbound", "Outbound", "Partner", "RegulatedPartner"]
