"""What both connector resources share: property names in Pulumi's spelling, attributes in Python's."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import Resource, ResourceProvider

from exchange_online.connectors import Direction, check, parameters
from exchange_online.connectors.options import OPTION_KEYS

#: Python attribute of each computed output.
_COMPUTED_ATTRIBUTES = {
    "guid": "guid",
    "identity": "identity",
    "connectorSource": "connector_source",
    "isValid": "is_valid",
    "whenCreatedUtc": "when_created_utc",
    "whenChangedUtc": "when_changed_utc",
    "isValidated": "is_validated",
    "lastValidationTimestamp": "last_validation_timestamp",
}


def _attributes(direction: Direction) -> dict[str, str]:
    named = {parameter.key: parameter.attribute for parameter in parameters(direction)}
    return named | OPTION_KEYS | _COMPUTED_ATTRIBUTES


def _canonical(direction: Direction, declared: dict[str, Any]) -> dict[str, Any]:
    """What `check` will make of the properties, as far as they are plain values.

    While it refreshes, the engine shows the program's spelling against the state's; where both are the same it shows
    nothing.
    A declaration with errors goes as it is, for `check` to refuse.
    """
    checked = check(direction, declared, _comes_later)
    if checked.errors:
        return declared
    return {**checked.inputs(), **{key: declared[key] for key in checked.unknown}}


def _comes_later(value: object) -> bool:
    """An output of another resource, or something to await, at any depth."""
    if isinstance(value, (list, tuple)):
        return any(_comes_later(item) for item in value)
    return isinstance(value, pulumi.Output) or inspect.isawaitable(value)


class Connector(Resource):
    """Base of the two resources. Its keyword arguments are the settings' attributes."""

    direction: ClassVar[Direction]

    name: pulumi.Output[str]
    connector_type: pulumi.Output[str]
    enabled: pulumi.Output[bool]
    comment: pulumi.Output[str | None]
    cloud_services_mail_enabled: pulumi.Output[bool]
    guid: pulumi.Output[str]
    """The connector's immutable id; equal to `id`."""
    identity: pulumi.Output[str]
    connector_source: pulumi.Output[str]
    """Who made it: `Default`, `HybridWizard` or `Migrated`."""
    is_valid: pulumi.Output[bool | None]
    when_created_utc: pulumi.Output[str]
    when_changed_utc: pulumi.Output[str]

    def __init__(
        self,
        provider: ResourceProvider,
        resource_name: str,
        arguments: Mapping[str, Any],
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        keys = {attribute: key for key, attribute in _attributes(self.direction).items()}
        declared = {keys[attribute]: value for attribute, value in arguments.items() if value is not None}
        # A property that is not among the inputs would have no attribute for its output.
        properties = {**dict.fromkeys(keys.values()), **_canonical(self.direction, declared)}
        super().__init__(provider, resource_name, properties, opts)

    def translate_output_property(self, prop: str) -> str:
        return _attributes(self.direction).get(prop, prop)

    def translate_input_property(self, prop: str) -> str:
        return next((key for key, attribute in _attributes(self.direction).items() if attribute == prop), prop)
