"""The frozen names of this package, and what they say of a resource.

Those of the connectors and of the settings are in `exchange_online.names`.
"""

from __future__ import annotations

import re

from exchange_online.connectors import TOKENS
from exchange_online.names import NAMESPACE, PACKAGE, Face, type_of

#: Type token of the component of each face.
COMPONENT_TOKENS = {
    Face.DYNAMIC: "regulated-partners:index:RegulatedPartner",
    Face.NATIVE: Face.NATIVE.token("RegulatedPartner"),
}

#: What the engine calls a provider that no program has declared. Source: pulumi/pulumi, deploy/providers, default.
_DEFAULT_PROVIDER = re.compile(r"default(_\d+_.*)?")

#: How the name of each of the stack's settings begins.
PREFIX = f"{NAMESPACE}:"


def partner_of(parent: str) -> str | None:
    """The partner's name from the URN of a connector's parent; None where that is no RegulatedPartner."""
    return parent.split("::", 3)[3] if is_partner(type_of(parent)) else None


def explicit_provider(reference: str) -> str:
    """The name of the provider that a program has declared for a resource; empty where it is none of its own.

    A program has one for each of its tenants, so two connectors of different ones have nothing to do with each other.

    Args:
        reference: as the engine writes it: the provider's URN, two colons, its id.
    """
    urn, _, _ = reference.rpartition("::")
    if type_of(urn) != f"pulumi:providers:{PACKAGE}":
        return ""
    name = urn.split("::", 3)[3]
    return "" if _DEFAULT_PROVIDER.fullmatch(name) else name


def is_partner(token: str) -> bool:
    """Whether a type token is the component's, of either face."""
    return token in COMPONENT_TOKENS.values()


def is_unknown(token: str) -> bool:
    """Whether a type token is of the connectors' package, and none of its types: a later version's, or a mistake."""
    return Face.of(token) is not None and token not in TOKENS and not is_partner(token)
