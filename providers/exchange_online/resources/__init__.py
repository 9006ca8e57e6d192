"""Connectors as Pulumi resources: one core, and the faces that translate it.

The resources are imported when they are first asked for: the core works without Pulumi.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from exchange_online.resources.core import ConnectorCore, ConnectorError, Difference, Found, Refusal
from exchange_online.resources.session import Session

if TYPE_CHECKING:
    from exchange_online.resources.connectors import InboundConnector, OutboundConnector

__all__ = [
    "ConnectorCore",
    "ConnectorError",
    "Difference",
    "Found",
    "InboundConnector",
    "OutboundConnector",
    "Refusal",
    "Session",
]


def __getattr__(name: str) -> object:
    if name in ("InboundConnector", "OutboundConnector"):
        from exchange_online.resources import connectors

        return getattr(connectors, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
