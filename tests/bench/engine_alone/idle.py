"""Dynamic resources that do nothing, as small as they can be."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider


class IdleProvider(ResourceProvider):
    """Answers at once, and keeps what it is given."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return DiffResult(changes=_olds != _news)

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["name"], dict(props))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return ReadResult(id_, dict(props), dict(props))


class IdleInbound(Resource, module="idle", name="Inbound"):
    """Half of an idle partner."""

    def __init__(self, resource_name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(IdleProvider(), resource_name, dict(inputs), opts)


class IdleOutbound(Resource, module="idle", name="Outbound"):
    """The other half."""

    def __init__(self, resource_name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(IdleProvider(), resource_name, dict(inputs), opts)


class IdlePartner(pulumi.ComponentResource):
    """A component with two of them."""

    def __init__(self, name: str, domain: str) -> None:
        super().__init__("idle:index:Partner", name)
        inputs = {"name": name, "domains": [domain], "certificate": f"mail.{domain}"}
        inbound = IdleInbound(f"{name}-inbound", inputs, pulumi.ResourceOptions(parent=self))
        IdleOutbound(f"{name}-outbound", inputs, pulumi.ResourceOptions(parent=self, depends_on=[inbound]))
        self.register_outputs({})
