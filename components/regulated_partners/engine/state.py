"""Which stack manages which connector, as the state of the stacks says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from exchange_online.connectors import ConnectorSettings, Direction, secret_properties
from regulated_partners.engine.plan import CONNECTORS, read_properties
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.stack_file import StackFile
from regulated_partners.progress import Progress


@dataclass(frozen=True)
class ManagedConnector:
    """A connector in the state of a stack.

    Attributes:
        stack: the stack's name.
        direction, guid: of the connector.
        resource: its resource's name in the program.
        in_component: whether it belongs to a component, as the connectors of a partner do.
        secret: the properties whose values are secret.
    """

    stack: str
    direction: Direction
    guid: str
    resource: str
    in_component: bool
    secret: frozenset[str] = frozenset()


class ResourceState(BaseModel):
    """What the engine has recorded of a resource."""

    model_config = ConfigDict(frozen=True)

    type: str = ""
    id: str = ""
    parent: str = ""
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)

    @property
    def properties(self) -> Mapping[str, Any]:
        """The outputs, because the service can decline an input."""
        return self.outputs or self.inputs

    @property
    def settings(self) -> ConnectorSettings:
        """Of a connector."""
        return read_properties(CONNECTORS[self.type], self.properties).settings


class Resource(ResourceState):
    """A resource of an exported deployment; `delete` marks one that waits for its deletion."""

    urn: str
    type: str
    delete: bool = False


class Deployment(BaseModel):
    """What a stack has deployed; a stack that was never applied has no resources."""

    resources: list[Resource] | None = None


class Export(BaseModel):
    """What `pulumi stack export` writes."""

    deployment: Deployment


def managed_by(stack: str, export: Mapping[str, Any]) -> Iterable[ManagedConnector]:
    """The connectors of an exported deployment."""
    for resource in Export.model_validate(export).deployment.resources or ():
        if resource.type in CONNECTORS and resource.id and not resource.delete:
            _, _, chain, name = resource.urn.split("::", 3)
            direction, secret = CONNECTORS[resource.type], secret_properties(resource.properties)
            yield ManagedConnector(stack, direction, resource.id.lower(), name, "$" in chain, secret)


def managed_connectors(stack: StackFile, pulumi: PulumiCli, progress: Progress) -> dict[str, ManagedConnector]:
    """By Guid, every connector that a stack of the project manages, as far as the backend of `stack` knows.

    The state of `stack` itself must be readable; another's that is not is said.
    """
    found: dict[str, ManagedConnector] = {}
    own = stack.name.rpartition("/")[2]
    for name in pulumi.stacks():
        short = name.rpartition("/")[2]
        try:
            connectors = list(managed_by(short, pulumi.export(name)))
        except CannotRunError as error:
            if short == own:
                raise
            progress.say(f"The state of the stack {short} was not read, so what it manages shows as unmanaged: {error}")
            continue
        found |= {one.guid: one for one in connectors if one.guid not in found or short == own}
    return found
