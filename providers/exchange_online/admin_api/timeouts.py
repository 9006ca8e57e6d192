"""How long to wait for a server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait.

    connect: for the connection. read: for the answer, or between two pieces of it. The service itself gives up on a
    cmdlet after 900 s and its own module waits 960 s; connector cmdlets take about a second, and other clients wait
    20 to 100 s (exchange-wire 8.2).
    """

    connect: float = 10.0
    read: float = 120.0
