"""Lines on stderr that say what set-up is doing, and that it is still alive."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

ALIVE_EVERY_SECONDS = 30.0


def say(line: str) -> None:
    """Prints one line for the person who waits."""
    print(line, file=sys.stderr, flush=True)


class Heartbeat:
    """Says now and then that something long is still going on.

    describe: what goes on, in a few words, asked each time. every: seconds between two lines.
    """

    def __init__(
        self,
        describe: Callable[[], str],
        *,
        every: float = ALIVE_EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._describe = describe
        self._every = every
        self._clock = clock
        self._started = self._last = clock()

    def tick(self) -> None:
        """To be called often: prints a line when one is due."""
        now = self._clock()
        if now - self._last >= self._every:
            self._last = now
            say(f"  … {self._describe()} ({now - self._started:.0f} s)")
