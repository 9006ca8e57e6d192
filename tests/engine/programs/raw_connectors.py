"""Plain connectors. The stack's `connectors` hold direction, resource name, arguments and options of each."""

from __future__ import annotations

from typing import Any

import pulumi

from exchange_online import InboundConnector, OutboundConnector

_CLASSES: dict[str, Any] = {"inbound": InboundConnector, "outbound": OutboundConnector}

for each in pulumi.Config().require_object("connectors"):
    options = pulumi.ResourceOptions(ignore_changes=each.get("ignoreChanges"), protect=each.get("protect"))
    _CLASSES[each["direction"]](each["resource"], **each["arguments"], opts=options)
