"""Signing and checking of the emulator's own tokens (JWT, RS256)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


class SigningKey:
    """The tenant's signing key: signs tokens, publishes the key set, checks signatures."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
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
