"""The frozen names of this package; those of the connectors and of the settings are in `exchange_online.names`."""

from exchange_online.names import NAMESPACE

#: Type token of the component.
COMPONENT_TOKEN = "regulated-partners:index:RegulatedPartner"  # noqa: S105 - a type token

#: How the name of each of the stack's settings begins.
PREFIX = f"{NAMESPACE}:"
