"""Which stack manages which connector, as the state of the stacks says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from exchange_online.connectors import TOKENS, ConnectorSettings, Direction, Mark, secret_properties
from exchange_online.names import Face
from regulated_partners.engine.plan import direction_of, read_properties
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.errors import CannotRunError
from regulated_partners.names import partner_of
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
        recorded: the mark that the connector had when the state was written. It is that of another stack where the
            stack was renamed since, or the resource was moved there.
        others: further stacks whose state has the same connector.
        secret: the properties whose values are secret.
    """

    stack: str
    direction: Direction
    guid: str
    resource: str
    in_component: bool
    recorded: Mark | None = None
    others: tuple[str, ...] = ()
    secret: frozenset[str] = frozenset()


@dataclass(frozen=True)
class States:
    """What the states of a project's stacks say.

    Attributes:
        own: the mark of the stack that is asked about.
        connectors: those that a stack manages, by Guid.
        read: the marks of the stacks whose state was read, or that have none yet.
    """

    own: Mark
    connectors: Mapping[str, ManagedConnector] = field(default_factory=dict)
    read: frozenset[Mark] = frozenset()

    def mark_of(self, managed: ManagedConnector) -> Mark:
        """The mark of the stack that manages a connector."""
        return Mark(self.own.project, managed.stack)

    def of_own(self) -> tuple[ManagedConnector, ...]:
        """The connectors of the stack that is asked about."""
        return tuple(one for one in self.connectors.values() if one.stack == self.own.stack)


class ResourceState(BaseModel):
    """What the engine has recorded of a resource."""

    model_config = ConfigDict(frozen=True)

    type: str = ""
    id: str = ""
    parent: str = ""
    provider: str = ""
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)

    @property
    def properties(self) -> Mapping[str, Any]:
        """The outputs, because the service can decline an input."""
        return self.outputs or self.inputs

    @property
    def settings(self) -> ConnectorSettings:
        """Of a connector."""
        return read_properties(TOKENS[self.type], self.properties).settings


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
        direction = direction_of(resource.type, resource.urn)
        if direction is not None and resource.id and not resource.delete:
            _, _, chain, name = resource.urn.split("::", 3)
            recorded, secret = Mark.read(resource.outputs.get("managedBy")), secret_properties(resource.properties)
            managed = ManagedConnector(stack, direction, resource.id.lower(), name, "$" in chain, recorded)
            yield replace(managed, secret=secret)


def deployed_by_plugin(export: Mapping[str, Any]) -> Iterable[tuple[str, ConnectorSettings]]:
    """The connectors of an exported deployment that a program declares with the plugin, each with who owns it.

    No stack file says what these are. Those whose domains are secret are left out: only the engine knows them.
    """
    for resource in Export.model_validate(export).deployment.resources or ():
        direction = direction_of(resource.type, resource.urn)
        if direction is None or Face.of(resource.type) is not Face.NATIVE or resource.delete:
            continue
        if not secret_properties(resource.properties) & {"senderDomains", "recipientDomains"}:
            settings = resource.settings
            yield partner_of(resource.parent) or settings.name, settings


def read_states(stack: StackFile, pulumi: PulumiCli, progress: Progress) -> States:
    """What the stacks of the project manage, as far as the backend of `stack` knows.

    The state of `stack` itself must be readable; another's that is not is said.
    """
    own = Mark(stack.project, stack.name.rpartition("/")[2])
    found: dict[str, ManagedConnector] = {}
    read = {own}
    try:
        stacks = pulumi.stacks()
    except CannotRunError as error:
        # Whoever may read one stack need not be able to list them all.
        progress.say(f"The stacks were not listed, so what others manage shows by its mark alone: {error}")
        stacks = (stack.name,)
    # The stack's own state counts first.
    for name in sorted(stacks, key=lambda name: name.rpartition("/")[2] != own.stack):
        short = name.rpartition("/")[2]
        try:
            connectors = list(managed_by(short, pulumi.export(name)))
        except CannotRunError as error:
            if short == own.stack:
                raise
            progress.say(
                f"The state of the stack {short} was not read, so what it manages shows by its mark alone: {error}"
            )
            continue
        read.add(Mark(own.project, short))
        for one in connectors:
            first = found.setdefault(one.guid, one)
            if short not in (first.stack, *first.others):
                found[one.guid] = replace(first, others=(*first.others, short))
    return States(own, found, frozenset(read))
