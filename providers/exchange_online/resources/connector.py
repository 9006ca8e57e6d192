"""The base of both connector resources: attributes in Python's spelling, properties in Pulumi's."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

import pulumi
from pulumi.dynamic import Resource, ResourceProvider

from exchange_online.connectors import (
    OPTION_KEYS,
    SECRET_PROPERTIES,
    Direction,
    check,
    computed_outputs,
    parameters,
)
from exchange_online.names import Face
from exchange_online.resources.core import CLOUD, DECLINED, TENANT_ID
from exchange_online.resources.dynamic import InboundConnectorProvider, OutboundConnectorProvider, announce
from exchange_online.resources.sdk import late_outputs, make_outputs_late, repair_serializer

repair_serializer()

_SECRET_PROPERTIES = "secret_properties"  # noqa: S105 - a name
_PROVIDERS = {Direction.INBOUND: InboundConnectorProvider, Direction.OUTBOUND: OutboundConnectorProvider}


@cache
def attributes(direction: Direction) -> dict[str, str]:
    """The attribute of each property, inputs and outputs."""
    settings = {parameter.key: parameter.attribute for parameter in parameters(direction)}
    computed = {output.key: output.attribute for output in (*computed_outputs(), TENANT_ID, CLOUD)}
    return {**settings, **OPTION_KEYS, **computed, DECLINED: DECLINED, SECRET_PROPERTIES: _SECRET_PROPERTIES}


@cache
def _keys(direction: Direction) -> dict[str, str]:
    return {attribute: key for key, attribute in attributes(direction).items()}


def _canonical(direction: Direction, declared: dict[str, Any]) -> dict[str, Any]:
    """What `check` will make of the properties, as far as they are plain values.

    While it refreshes, the engine shows the program's spelling against the state's; where both are the same it shows
    nothing.
    A declaration with errors goes as it is, for `check` to refuse.
    """
    checked = check(direction, declared, comes_later)
    if checked.errors:
        return declared
    return {**checked.inputs(), **{key: declared[key] for key in checked.unknown}}


def _canonical_id(asked: Any) -> pulumi.Input[str]:
    """An id as the state has it; what is no Guid as it is, for the provider to refuse.

    Where a program reads what it has declared before, the engine deletes that unless both ids are the same text.
    Source: pulumi/pulumi, resource/deploy/step_generator.go ("relinquish").
    """
    if not isinstance(asked, str):
        return pulumi.Output.from_input(asked).apply(_canonical_id)
    try:
        return str(UUID(asked))
    except ValueError:
        return asked


def comes_later(value: object) -> bool:
    """An output of another resource, or something to await, at any depth."""
    if isinstance(value, (list, tuple)):
        return any(comes_later(item) for item in value)
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


def awaited(value: object) -> Any:
    """A value that may be looked at more than once: what is awaited can be awaited once only."""
    if isinstance(value, (list, tuple)):
        return [awaited(item) for item in value]
    return pulumi.Output.from_input(value) if inspect.isawaitable(value) else value


def _names_of_secrets(declared: Mapping[str, Any]) -> pulumi.Output[list[str] | None] | None:
    """Which inputs are secret: the engine tells the provider no more than their values."""
    later = {key: pulumi.Output.from_input(value) for key, value in declared.items() if comes_later(value)}

    async def names() -> list[str] | None:
        return sorted([key for key, output in later.items() if await output.is_secret()]) or None

    return pulumi.Output.from_input(names()) if later else None


class Connector(Resource):
    """Base of the two resources. Their keyword arguments and outputs are generated from the settings."""

    direction: ClassVar[Direction]

    def __init_subclass__(cls, module: str = "", name: str = "Resource", **kwargs: Any) -> None:
        """A class of one's own below one of the two keeps its type: by that reviews and policies know a connector.

        The SDK gives each class that names none the type of no resource in particular.
        """
        known = "" if module else getattr(cls, "_resource_type_name", "")
        super().__init_subclass__(module=module, name=name, **kwargs)
        if known:
            cls._resource_type_name = known

    def __init__(
        self,
        provider: ResourceProvider,
        resource_name: str,
        arguments: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        keys = _keys(self.direction)
        declared = {
            keys[attribute]: awaited(value)
            for attribute, value in arguments.items()
            if attribute in keys and value is not None
        }
        for named in (opts and opts.additional_secret_outputs) or ():
            key = keys.get(named, named)
            if key in declared:
                # An output that is secret is the input again, which would stand in clear beside it.
                declared[key] = pulumi.Output.secret(declared[key])
        if opts is not None and opts.id is not None:
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=_canonical_id(opts.id)))
        # Of the plugin's face: a connector that it has made goes on as this one, untouched.
        earlier = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=self.direction.token(Face.NATIVE))])
        canonical = _canonical(self.direction, declared)
        canonical |= {SECRET_PROPERTIES: _names_of_secrets(canonical)}
        # The SDK makes the attributes for outputs under the names that it is given, and only for these.
        inputs = {
            attribute: canonical.get(key)
            for attribute, key in keys.items()
            if not _OUTPUTS_ARE_LATE or canonical.get(key) is not None
        }
        super().__init__(provider, resource_name, inputs, pulumi.ResourceOptions.merge(opts, earlier))
        announce(self.direction, canonical.get("name"))

    @classmethod
    def get(cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Self:  # noqa: A002 - Pulumi's name
        """A connector that exists, as the tenant has it. The stack neither changes nor deletes it.

        Args:
            resource_name: The resource's name in the Pulumi program.
            id: The connector's Guid.
            opts: Pulumi's resource options.
        """
        found = cls.__new__(cls)
        provider = _PROVIDERS[cls.direction]()
        # Past the constructor of the direction, which asks for what a new connector needs.
        Connector.__init__(
            found, provider, resource_name, {}, pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        )
        return found

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # A name of Pulumi's own or of Python's must fail at once: it is asked for before there are any outputs.
            late = None if name.startswith("_") else late_outputs(self)
            if late is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return late.read(self, name)

    def translate_output_property(self, prop: str) -> str:
        return attributes(self.direction).get(prop, prop)

    def translate_input_property(self, prop: str) -> str:
        return _keys(self.direction).get(prop, prop)


def _output_names(resource: pulumi.Resource) -> frozenset[str] | None:
    return frozenset(_keys(resource.direction)) if isinstance(resource, Connector) else None


_OUTPUTS_ARE_LATE = make_outputs_late(_output_names)
