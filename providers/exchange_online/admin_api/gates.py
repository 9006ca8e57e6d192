"""How many calls go to one tenant at a time, over all clients and threads of this process."""

from __future__ import annotations

import threading
from collections import defaultdict
from contextlib import AbstractContextManager

from exchange_online.admin_api.retry import Effect

#: The tenant's limit is not published. Source: exchange-wire 8.3 (at most 2-3 concurrent reads, writes in turn).
CONCURRENT_READS = 3


class Gates:
    """One gate for reads, one for writes."""

    def __init__(self) -> None:
        self._reads = threading.BoundedSemaphore(CONCURRENT_READS)
        self._writes = threading.Lock()

    def through(self, effect: Effect) -> AbstractContextManager[object]:
        """A context in which one call of this effect may be on its way."""
        return self._reads if effect is Effect.READ else self._writes


_GATES: defaultdict[tuple[str, str], Gates] = defaultdict(Gates)
_LOCK = threading.Lock()


def gates_for(host: str, tenant: str) -> Gates:
    """The process's gates for a tenant. host: base URL of the cloud. tenant: GUID."""
    with _LOCK:
        return _GATES[host, tenant]
