"""Reads an access token, to explain a refusal. Nothing is decided by it: the token is the service's, not ours."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online.admin_api.credentials import AccessToken
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.settings import Connection
from exchange_online.admin_api.wire import json_object

#: Source: exchange-wire 4; the only one of three similar roles that works.
APP_ROLE = "Exchange.ManageAsApp"

# Source: Microsoft Entra built-in roles (template ids), exchange-wire 4 (which of them may do what).
_WRITERS = {
    "29232cdf-9323-42fd-ade2-1d097af3e4de": "Exchange Administrator",
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
}
_READERS = {"f2ef992c-3afb-46b9-b7cf-a126ee74c451": "Global Reader"}


@dataclass(frozen=True)
class Explanation:
    """Why the service may have refused a token.

    Attributes:
        text: whole sentences; empty when the token tells nothing.
        lacks_role: whether a missing role is the reason, and not the token itself.
        holds_roles: whether the token holds all that the cmdlet needs.
    """

    text: str = ""
    lacks_role: bool = False
    holds_roles: bool = False


def explain(token: AccessToken, connection: Connection, cmdlet: str) -> Explanation:
    """What a refused token itself tells about the reason.

    Args:
        connection: what it was meant for; its tenant a GUID.
    """
    claims = claims_of(token)
    audience, tenant = str(claims.get("aud", "")), str(claims.get("tid", ""))
    if audience and audience.rstrip("/") != connection.cloud.resource.rstrip("/"):
        return Explanation(
            f"The token is for {clean(audience)} and not for {connection.cloud.resource}: check the cloud's scope."
        )
    if tenant and tenant.lower() != connection.tenant.lower():
        return Explanation(
            f"The token is from tenant {clean(tenant)} and not from {connection.tenant}: the credential belongs to "
            "another tenant."
        )
    return _of_roles(claims, cmdlet) if claims else Explanation()


def _of_roles(claims: Mapping[str, object], cmdlet: str) -> Explanation:
    roles, directory_roles = _names(claims.get("roles")), _names(claims.get("wids"))
    if APP_ROLE not in roles:
        return Explanation(
            f"The token does not hold the app role {APP_ROLE}: grant it to the application on Office 365 Exchange "
            "Online, with admin consent.",
            lacks_role=True,
        )
    writers, readers = directory_roles & _WRITERS.keys(), directory_roles & _READERS.keys()
    if not writers and not readers:
        return Explanation(
            "The token holds no Entra role that manages connectors: assign Exchange Administrator (or Global Reader "
            "for reading) to the application, unless an Exchange role group holds it, and wait some minutes.",
            lacks_role=True,
        )
    if not writers and not cmdlet.lower().startswith("get-"):
        return Explanation("The token holds Global Reader, which only reads: assign Exchange Administrator.", True)
    held = " and ".join(sorted({**_WRITERS, **_READERS}[role] for role in writers | readers))
    return Explanation(
        f"The token does hold {APP_ROLE} and {held}: if they are new, wait some minutes; otherwise this tenant has no "
        "such cmdlet.",
        holds_roles=True,
    )


def claims_of(token: AccessToken) -> Mapping[str, object]:
    """The claims of a token that is a JWT; none of any other."""
    parts = token.value.split(".")
    if len(parts) != 3:
        return {}
    try:
        return json_object(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}


def _names(value: object) -> frozenset[str]:
    return frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list) else frozenset()
