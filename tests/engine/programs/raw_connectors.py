"""Plain connectors. The stack's `connectors` hold direction, resource name, arguments and options of each."""

from __future__ import annotations

from typing import Any

import pulumi

from exchange_online import InboundConnector, OutboundConnector

_CLASSES: dict[str, Any] = {"inbound": InboundConnector, "outbound": OutboundConnector}

made: dict[str, pulumi.Resource] = {}
for declared in pulumi.Config().require_object("connectors"):
    options = pulumi.ResourceOptions(
        ignore_changes=declared.get("ignoreChanges"),
        protect=declared.get("protect"),
        replace_on_changes=declared.get("replaceOnChanges"),
        delete_before_replace=declared.get("deleteBeforeReplace"),
        depends_on=[made[name] for name in declared.get("dependsOn", [])],
    )
    connector = _CLASSES[declared["direction"]]
    made[declared["resource"]] = connector(declared["resource"], **declared["arguments"], opts=options)
