"""Connectors asked for by their ids in both of Pulumi's forms, or declared; the stack exports every output of each."""

from __future__ import annotations

import inspect
from typing import Any

import pulumi

from exchange_online import InboundConnector, OutboundConnector

_CLASSES: dict[str, Any] = {"inbound": InboundConnector, "outbound": OutboundConnector}

for sought in pulumi.Config().require_object("sought"):
    resource_class, opts = _CLASSES[sought["direction"]], pulumi.ResourceOptions(id=sought.get("id"))
    if "arguments" in sought:
        connector = resource_class(sought["resource"], **sought["arguments"], opts=opts)
    else:
        connector = resource_class.get(sought["resource"], sought["id"])
    outputs = {name: getattr(connector, name) for name in inspect.get_annotations(resource_class.__mro__[1])}
    pulumi.export(sought["resource"], {"id": connector.id, **outputs})
