"""An access token that does not show itself."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AccessToken:
    """A bearer token. value: the JWT, never in the repr."""

    value: str = field(repr=False)
