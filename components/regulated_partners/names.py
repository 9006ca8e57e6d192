"""The frozen names of this package, and what they say of a resource.

Those of the connectors and of the settings are in `exchange_online.names`.
"""

from __future__ import annotations

from exchange_online.connectors import TOKENS
from exchange_online.names import NAMESPACE, Face, type_of

#: Type token of the component of each face.
COMPONENT_TOKENS = {
    Face.DYNAMIC: "regulated-partners:index:RegulatedPartner",
    Face.NATIVE: Face.NATIVE.token("RegulatedPartner"),
}

#: How the name of each of the stack's settings begins.
PREFIX = f"{NAMESPACE}:"


def partner_of(parent: str) -> str | None:
    """The partner's name from the URN of a connector's parent; None where that is no RegulatedPartner."""
    return parent.split("::", 3)[3] if is_partner(type_of(parent)) else None


def is_partner(token: str) -> bool:
    """Whether a type token is the component's, of either face."""
    return token in COMPONENT_TOKENS.values()


def is_unknown(token: str) -> bool:
    """Whether a type token is of the connectors' package, and none of its types: a later version's, or a mistake."""
    return Face.of(token) is not None and token not in TOKENS and not is_partner(token)
