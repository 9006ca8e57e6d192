"""Exchange Online connectors as Pulumi resources.

`InboundConnector` and `OutboundConnector` are imported when they are first asked for: the client and the domain
beside them must work without Pulumi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from exchange_online.resources.connectors import InboundConnector, OutboundConnector

__all__ = ["InboundConnector", "OutboundConnector"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from exchange_online.resources import connectors

        return getattr(connectors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
