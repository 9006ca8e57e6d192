"""What a subcommand is doing, on stderr, so that stdout holds only its result."""

from __future__ import annotations

from typing import Self

from rich.console import Console
from rich.status import Status
from rich.text import Text


class Progress:
    """One line for each step: moving on a terminal, plain in a log. A context manager."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._status: Status | None = None

    def step(self, doing: str) -> None:
        """Says what begins now."""
        self.pause()
        if self._console.is_terminal:
            self._status = self._console.status(Text(doing))
            self._status.start()
        else:
            self._console.print(f"{doing} ...")

    def say(self, sentence: str) -> None:
        """One sentence that stays."""
        self.pause()
        self._console.print(sentence)

    def pause(self) -> None:
        """Leaves the terminal to somebody else, such as the Pulumi CLI."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()
