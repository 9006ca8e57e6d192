"""What a subcommand is doing, on stderr, so that stdout holds only its result."""

from __future__ import annotations

import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

#: Seconds without a word after which somebody wonders whether a run still lives.
SILENCE = 2.0
#: Seconds between two lines of a log about the same step.
AGAIN_AFTER = 30.0


class Progress:
    """One line for each step: moving on a terminal; plain in a log, and again now and then. A context manager.

    Args:
        patience: seconds that a step may take before it is said at all, for commands that are quick as a rule.
    """

    def __init__(self, patience: float = 0) -> None:
        self._patience = patience
        self._status: Status | None = None
        self._ended = threading.Event()
        self._watcher: threading.Thread | None = None

    @cached_property
    def _console(self) -> Console:
        # Loads what a run that is quick does not need.
        from rich.console import Console

        return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

    def step(self, doing: str) -> None:
        """Says what begins now."""
        self.pause()
        if not self._patience:
            self._show(doing)
        self._ended.clear()
        self._watcher = threading.Thread(target=self._watch, args=(doing, time.monotonic()), daemon=True)
        self._watcher.start()

    def say(self, sentence: str) -> None:
        """One sentence that stays."""
        self.pause()
        self._console.print(sentence)

    def pause(self) -> None:
        """Leaves the terminal to somebody else, such as the Pulumi CLI."""
        self._ended.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _show(self, doing: str) -> None:
        if self._console.is_terminal:
            from rich.text import Text

            self._status = self._console.status(Text(doing))
            self._status.start()
        else:
            self._console.print(f"{doing} ...")

    def _watch(self, doing: str, begun: float) -> None:
        if self._patience:
            if self._ended.wait(self._patience):
                return
            self._show(doing)
        while not self._ended.wait(AGAIN_AFTER):
            if not self._console.is_terminal:
                self._console.print(f"{doing} ... ({time.monotonic() - begun:.0f} s)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()
