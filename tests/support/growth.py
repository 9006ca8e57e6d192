"""How the work of something grows with what it works on, counted and not timed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python run while it works, those of comprehensions too: each item of a loop counts."""
    count = 0

    def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(made: Callable[[int], Callable[[], object]], small: int = 50, times: int = 4) -> float:
    """How many times as many lines run for each item, when there are several times as many: 1 is linear.

    Args:
        made: makes the work for a number of items; making it is not counted.
    """
    few, many = (lines_run(made(count)) for count in (small, small * times))
    return many / few / times
