"""Where the engine starts the plugin: `pulumi-resource-exchange-online`, and providers/plugin."""

from __future__ import annotations

import sys

import pulumi
from pulumi.provider import ConstructResult

from exchange_online.resources.core import ConnectorError
from exchange_online.resources.native.servicer import Components
from exchange_online.resources.native.serving import serve
from regulated_partners.plugin.version import version

#: What the engine calls a provider that no program has named, for those that want no particular version.
_ANY_VERSION = "default"


class Plugin(Components):
    """The partner, and the schema of the whole. Both are loaded when they are asked for."""

    def __init__(self) -> None:
        super().__init__(version())

    def package_schema(self) -> str:
        from regulated_partners.plugin import schema

        return schema.text()

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        from regulated_partners.plugin import partner

        if resource_type != partner.TOKEN:
            raise ConnectorError(f"the plugin has no component {resource_type}; there is {partner.TOKEN}.")
        # The connectors get the provider that the component has: without one of its own the engine's, for a version.
        of_version = None if self.provider_name == _ANY_VERSION else self.version
        made = partner.declared(name, inputs, options or pulumi.ResourceOptions(), of_version)
        state = {
            "inbound": made.inbound,
            "outbound": made.outbound,
            "inboundConnector": made.inbound.id,
            "outboundConnector": made.outbound.id,
        }
        return ConstructResult(made.urn, state)


def main() -> int:
    """The command. The engine gives the arguments, and reads the port from the first line that is written."""
    return serve(Plugin(), sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
