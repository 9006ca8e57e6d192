"""Text that somebody else chose, for a terminal or a log."""

from __future__ import annotations

from exchange_online.connectors import in_name


def printable(text: str) -> str:
    """The text with everything that is not printable escaped: a connector's name must not steer a terminal."""
    return "".join(
        character
        if character.isprintable() and not in_name(character)
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
