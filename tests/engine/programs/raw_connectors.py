"""Plain connectors. The stack's `connectors` hold direction, resource name, arguments and options of each."""

from __future__ import annotations

from typing import Any

import pulumi

from exchange_online import InboundConnector, OutboundConnector

_CLASSES: dict[str, Any] = {"inbound": InboundConnector, "outbound": OutboundConnector}

for declared in pulumi.Config().require_object("connectors"):
    options = pulumi.ResourceOptions(
        ignore_changes=declared.get("ignoreChanges"),
        protect=declared.get("protect"),
        replace_on_changes=declared.get("replaceOnChanges"),
        delete_before_replace=declared.get("deleteBeforeReplace"),
    )
    _CLASSES[declared["direction"]](declared["resource"], **declared["arguments"], opts=options)
