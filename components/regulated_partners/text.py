"""Text that somebody else chose, for a terminal or a log."""

from __future__ import annotations

from exchange_online import connectors


def printable(text: str) -> str:
    """The text with everything that is not printable escaped: a connector's name must not steer a terminal.

    Beside what is refused in names these are unusual spaces, and what this Python's Unicode does not know.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in connectors.printable(text)
    )
