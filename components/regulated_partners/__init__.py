"""Regulated partners: one declaration for each, a pair of Exchange Online connectors for TLS-only mail.

The component and the program are loaded when they are asked for: `regulated_partners.partners` needs no Pulumi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regulated_partners.component import RegulatedPartner
    from regulated_partners.partners.declaration import Inbound, Outbound, Partner

__all__ = ["Inbound", "Outbound", "Partner", "RegulatedPartner"]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("regulated-partners")
    if name == "RegulatedPartner":
        from regulated_partners.component import RegulatedPartner

        return RegulatedPartner
    if name in __all__:
        from regulated_partners.partners import declaration

        found: object = getattr(declaration, name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
