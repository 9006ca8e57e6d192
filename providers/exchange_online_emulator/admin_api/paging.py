"""Page tokens: opaque, signed, short-lived, tied to one request body and anchor."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time

from exchange_online_emulator.errors import StalePageError
from exchange_online_emulator.rules import rule


class PageTokens:
    """Makes and reads the `$skiptoken` of next links; a restart of the service invalidates them all."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, query: bytes, last_sequence: int) -> str:
        """A token for the rows after `last_sequence` of the listing that `query` identifies."""
        payload = json.dumps({"q": _digest(query), "s": last_sequence, "t": time.time()}).encode()
        return base64.urlsafe_b64encode(self._sign(payload) + payload).decode()

    @rule(
        "page-tokens",
        "a next link is valid for page_token_lifetime_seconds (default 30 minutes) and only with the same body, tenant "
        "and X-AnchorMailbox; else 400 `Expired or Invalid pagination request`",
        tag="observed:multi",
        source="G2O, Q&A 1023619 (text); LEARN says 5-10 minutes; being tied to body and anchor is assumed",
    )
    def read(self, token: str, query: bytes, lifetime: float) -> int:
        """The sequence that a token stands for. Raises `StalePageError`."""
        try:
            raw = base64.urlsafe_b64decode(token)
        except ValueError:
            raise StalePageError from None
        signature, payload = raw[:32], raw[32:]
        if not hmac.compare_digest(signature, self._sign(payload)):
            raise StalePageError
        content = json.loads(payload)
        if content["q"] != _digest(query) or time.time() - content["t"] > lifetime:
            raise StalePageError
        return int(content["s"])

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")


def _digest(query: bytes) -> str:
    return hashlib.sha256(query).hexdigest()
