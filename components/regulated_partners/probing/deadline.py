"""Time limits that a slow peer cannot stretch: they bound the whole of a step, not each byte of it."""

from __future__ import annotations

import time


class Deadline:
    """A moment after which nothing is waited for.

    Args:
        seconds: from now.
        within: a further one that counts where it comes earlier.
    """

    def __init__(self, seconds: float, within: Deadline | None = None) -> None:
        end = time.monotonic() + seconds
        self._end: float = end if within is None else min(end, within._end)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def left(self) -> float:
        """The seconds that are left, more than 0. Raises TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left
