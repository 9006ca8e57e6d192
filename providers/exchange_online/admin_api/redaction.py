"""Cleans text that came from elsewhere before it reaches a log: no secrets, no control characters, no novels."""

from __future__ import annotations

import re
from collections.abc import Iterable

from exchange_online.connectors import redacted

#: Characters kept of a text. The longest server text on record (bad enum, exchange-wire body B) has about 500.
LONGEST = 1000

_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*")
_NAMED = re.compile(
    r"(?i)\b(bearer|basic|client_secret|client_assertion|access_token|assertion|password)(\"?\s*[=: ]\s*\"?)"
    r"[A-Za-z0-9._~+/%=-]{12,}"
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def clean(text: str, secrets: Iterable[str] = ()) -> str:
    """One printable line of at most LONGEST characters, without tokens, secret properties and the given secrets.

    Args:
        text: any text that a server, a library or a file gave.
        secrets: values that must not show even if something echoes them. Empty ones are skipped.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[secret]")
    # Before the text is shortened: half a secret would not be known again.
    text = redacted(text)
    # A lone surrogate, which JSON can carry, would break whoever prints it.
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = _JWT.sub("[token]", text)
    text = _NAMED.sub(r"\1\2[secret]", text)
    text = " ".join(_UNPRINTABLE.sub(" ", text).split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} [shortened]"
