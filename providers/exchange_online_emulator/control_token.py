"""The token of the control API: both sides read it from the environment or a file, and no argument ever holds it."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

#: Holds the token, or names the file that does.
VARIABLE = "EXCHANGE_ONLINE_EMULATOR_CONTROL_TOKEN"
FILE_VARIABLE = f"{VARIABLE}_FILE"

#: So that nobody guesses it while a pipeline runs.
_LEAST = 16


class ControlTokenError(Exception):
    """The token cannot be used; the text says why and what to do, and does not hold it."""


def control_token(environment: Mapping[str, str] = os.environ) -> str | None:
    """The token that is set, None where none is.

    Raises:
        ControlTokenError: it cannot be read, is too short, or cannot stand in a header.
    """
    text, name = environment.get(VARIABLE), environment.get(FILE_VARIABLE)
    if text is None and name is None:
        return None
    if text is not None and name is not None:
        raise ControlTokenError(f"{VARIABLE} and {FILE_VARIABLE} are both set: unset one of them.")
    where = VARIABLE
    if name is not None:
        where = f"The file {name} of {FILE_VARIABLE}"
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ControlTokenError(f"{where} cannot be read: {reason}.") from None
    token = (text or "").strip()
    if len(token) < _LEAST or not token.isascii() or not token.isprintable() or " " in token:
        raise ControlTokenError(
            f"{where} holds no token: it must have at least {_LEAST} letters, digits or signs, and no space. "
            "`openssl rand -hex 32` makes one."
        )
    return token


def admits(token: str | None, authorization: str) -> bool:
    """Whether an Authorization header shows the token, as a bearer token or as the password of Basic.

    Args:
        token: None where none is demanded.
        authorization: the header, empty where there is none.
    """
    if token is None:
        return True
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode("latin-1").partition(":")[2]
        except (binascii.Error, ValueError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
