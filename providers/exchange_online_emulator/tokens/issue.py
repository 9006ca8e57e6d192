"""What an app-only access token of this tenant says."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass

from exchange_online_emulator.rules import rule
from exchange_online_emulator.tokens.applications import Application
from exchange_online_emulator.tokens.signing import SigningKey

EXCHANGE = "https://outlook.office365.com"

# Resources that have a service principal in every tenant; a token for another audience the admin API refuses.
RESOURCES = frozenset(
    {
        EXCHANGE,
        "https://outlook.office365.us",
        "https://outlook-dod.office365.us",
        "https://partner.outlook.cn",
        "https://graph.microsoft.com",
        "https://ps.compliance.protection.outlook.com",
        "00000002-0000-0ff1-ce00-000000000000",
    }
)


@dataclass(frozen=True)
class AccessToken:
    """A signed token and its life in seconds."""

    value: str
    expires_in: int


@rule(
    "token-claims",
    "an access token is a signed JWT with aud, iss, tid, appid, oid, roles, wids, idtyp, iat, nbf, exp",
    tag="observed:multi",
    source="exchange-wire section 4 (aud, roles, wids); RAWHTTP (claims)",
)
def issue(
    key: SigningKey,
    tenant: str,
    application: Application,
    audience: str,
    lifetime: int,
    *,
    method: str = "1",
    challenge: str | None = None,
) -> AccessToken:
    """A token for an application.

    `lifetime` in seconds; `method` is appidacr: "1" a secret, "2" a certificate or an assertion;
    `challenge` the CAE challenge that the token was asked for with.
    """
    now = int(time.time())
    subject = str(uuid.uuid5(uuid.UUID(tenant), application.client_id))
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": now,
        "nbf": now,
        "exp": now + lifetime,
        "app_displayname": application.display_name,
        "appid": application.client_id,
        "appidacr": method,
        "idp": f"https://sts.windows.net/{tenant}/",
        "idtyp": "app",
        "oid": subject,
        "sub": subject,
        "roles": list(application.app_roles),
        "wids": list(application.wids),
        "tid": tenant,
        "uti": secrets.token_urlsafe(16),
        "ver": "1.0",
    } | ({"challenge": challenge} if challenge else {})
    return AccessToken(key.sign(claims), lifetime)
