"""Connectors of which the stack exports every output, each read by its Python name."""

from __future__ import annotations

import inspect
from typing import Any

import pulumi

from exchange_online import InboundConnector, OutboundConnector

_CLASSES: dict[str, Any] = {"inbound": InboundConnector, "outbound": OutboundConnector}

for declared in pulumi.Config().require_object("connectors"):
    resource_class = _CLASSES[declared["direction"]]
    secret = {name: pulumi.Output.secret(declared["arguments"][name]) for name in declared.get("secret", ())}
    connector = resource_class(declared["resource"], **declared["arguments"] | secret)
    outputs = {name: getattr(connector, name) for name in inspect.get_annotations(resource_class.__mro__[1])}
    pulumi.export(declared["resource"], outputs)
