"""Notices that the engine is gone, however it ended, so that no host outlives it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

PROBE_SECONDS = 2.0
#: One refused connection may be chance; two in a row, at the address the engine listens on all its life, are not.
REFUSALS_NEEDED = 2


def watch_engine(address: str, gone: Callable[[], None]) -> None:
    """Calls `gone` once, from a thread, when nothing listens at the engine's address (host:port) any more.

    A killed `pulumi` ends no language host: each runs in a process group of its own.
    """
    host, _, port = address.rpartition(":")
    if not (host and port.isdigit()):
        return

    def probe() -> None:
        refusals = 0
        while refusals < REFUSALS_NEEDED:
            time.sleep(PROBE_SECONDS)
            refusals = 0 if _listens(host, int(port)) else refusals + 1
        gone()

    threading.Thread(target=probe, name="engine-watch", daemon=True).start()


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=PROBE_SECONDS):
            return True
    except ConnectionError:
        return False
    except OSError:
        return True
