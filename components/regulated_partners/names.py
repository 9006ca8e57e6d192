"""The frozen names of this package, and what the engine's names for resources (URNs) say.

Those of the connectors and of the settings are in `exchange_online.names`.
"""

from exchange_online.names import NAMESPACE

#: Type token of the component.
COMPONENT_TOKEN = "regulated-partners:index:RegulatedPartner"  # noqa: S105 - a type token

#: How the name of each of the stack's settings begins.
PREFIX = f"{NAMESPACE}:"


def partner_of(parent: str) -> str | None:
    """The partner's name from the URN of a connector's parent, `…$regulated-partners:index:RegulatedPartner::NAME`."""
    head, found, name = parent.partition(f"{COMPONENT_TOKEN}::")
    return name if head and found else None


def stack_of(urn: str) -> str:
    """The stack's name in a URN, `urn:pulumi:STACK::PROJECT::…`."""
    return urn.removeprefix("urn:pulumi:").partition("::")[0]


def type_of(urn: str) -> str:
    """The type token in a URN, `urn:pulumi:STACK::PROJECT::PARENT_TYPE$TYPE::NAME`."""
    parts = urn.split("::", 3)
    return parts[2].rpartition("$")[2] if len(parts) == 4 else ""
