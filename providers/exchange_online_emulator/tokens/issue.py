"""What an app-only access token of this tenant says, and the key that signs it (JWT, RS256)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import RSAAlgorithm

from exchange_online_emulator.rules import observed_multi
from exchange_online_emulator.tokens.applications import Application


class SigningKey:
    """The tenant's signing key: signs tokens, publishes the key set, checks signatures."""

    def __init__(self, pem: str) -> None:
        key = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the signing key is not an RSA key")
        self._key = key
        self._public = key.public_key()
        self._jwk: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(self._public))
        # RFC 7638: the thumbprint of the required members in lexicographic order.
        members = json.dumps({name: self._jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
        digest = hashlib.sha256(members.encode()).digest()
        self.key_id = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def key_set(self) -> dict[str, list[dict[str, Any]]]:
        """The JSON Web Key Set (RFC 7517)."""
        public = {name: self._jwk[name] for name in ("kty", "n", "e")}
        return {"keys": [{**public, "use": "sig", "kid": self.key_id, "x5t": self.key_id, "alg": "RS256"}]}

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A signed token."""
        headers = {"kid": self.key_id, "x5t": self.key_id}
        return jwt.encode(dict(claims), self._key, algorithm="RS256", headers=headers)

    def verify(self, token: str, audiences: tuple[str, ...]) -> dict[str, Any]:
        """The claims of a token of ours for one of the audiences. Raises `jwt.InvalidTokenError`."""
        required = ["exp", "aud", "tid", "appid"]
        claims: dict[str, Any] = jwt.decode(
            token, self._public, algorithms=["RS256"], audience=list(audiences), options={"require": required}
        )
        return claims


EXCHANGE = "https://outlook.office365.com"

#: What the admin API takes as `aud`; the other host answers too. Source: RAWHTTP (exchange-wire 3.1).
AUDIENCES = tuple(f"{host}{end}" for host in (EXCHANGE, "https://outlook.office.com") for end in ("", "/"))

#: Resources that have a service principal in every tenant; a token for another audience the admin API refuses.
RESOURCES = frozenset(
    {
        EXCHANGE,
        "https://outlook.office.com",
        "https://outlook.office365.us",
        "https://outlook-dod.office365.us",
        "https://partner.outlook.cn",
        "https://graph.microsoft.com",
        "https://ps.compliance.protection.outlook.com",
        "00000002-0000-0ff1-ce00-000000000000",
    }
)


@observed_multi(
    "token-claims",
    "an access token is a signed JWT with aud, iss, tid, appid, oid, roles, wids, idtyp, iat, nbf, exp",
    "exchange-wire section 4 (aud, roles, wids); RAWHTTP (claims)",
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
) -> str:
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
    return key.sign(claims)
