"""Regulated partners: one declaration for each, a pair of Exchange Online connectors for TLS-only mail.

    import regulated_partners

    regulated_partners.run()                    # everything that the stack file declares

    regulated_partners.RegulatedPartner(        # or a partner in a program of one's own
        "Fabrikam Bank", domains=["fabrikam.com"], certificate_name="mail.fabrikam.com"
    )

What needs Pulumi is loaded when it is asked for: `regulated_partners.partners` works without.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regulated_partners.component import DeclarationRefusedError, InboundArgs, OutboundArgs, RegulatedPartner
    from regulated_partners.partners.declaration import Partner
    from regulated_partners.program import run

__all__ = ["DeclarationRefusedError", "InboundArgs", "OutboundArgs", "Partner", "RegulatedPartner", "run"]

_MODULES = {"Partner": "partners.declaration", "run": "program"}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("regulated-partners")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULES.get(name, 'component')}")
    found: object = getattr(module, name)
    return found
