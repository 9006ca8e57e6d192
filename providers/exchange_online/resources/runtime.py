"""The provider process's one connection to the tenant, made when a method first needs it.

Both providers share it: one client, one token cache, one listing for each direction. `check` and `diff` never touch it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from exchange_online.admin_api.connectors import ConnectorCmdlets
from exchange_online.admin_api.settings import Settings, connection, settings_from
from exchange_online.admin_api.transport_rules import TransportRules
from exchange_online.lifecycle.crud import Lifecycle
from exchange_online.lifecycle.listing import Listing
from exchange_online.lifecycle.ownership import Ownership
from exchange_online.names import NAMESPACE
from exchange_online.resources.pace import pace


@dataclass
class _Process:
    settings: Settings | None = None
    lifecycle: Lifecycle | None = None


_process = _Process()

#: Known before there is a connection: a check with old inputs tells that the program still declares a resource.
ownership = Ownership()
_lock = threading.Lock()


def configure(get: Callable[[str], Any]) -> None:
    """Keeps what the stack says about the connection. Opens nothing, and never fails: previews need no tenant.

    Args:
        get: gives the stack's value for a key with its namespace, None where there is none.
    """
    settings = settings_from(lambda name: get(f"{NAMESPACE}:{name}"))
    with _lock:
        if settings != _process.settings:
            _process.settings, _process.lifecycle = settings, None


def lifecycle() -> Lifecycle:
    """What acts on the tenant. Raises `Misconfigured` where settings and environment do not suffice."""
    with _lock:
        if _process.lifecycle is None:
            # A preview without changes never gets here, so it does not pay for the client's imports.
            from exchange_online.admin_api.client import AdminApi

            if _process.settings is None:
                raise RuntimeError("the provider was not configured")
            to = connection(_process.settings, os.environ)
            sleep = pace(to.cloud, os.environ)
            api = AdminApi(to, sleep=sleep)
            cmdlets = ConnectorCmdlets(api)
            _process.lifecycle = Lifecycle(
                cmdlets, Listing(cmdlets, sleep=sleep), TransportRules(api), sleep, ownership
            )
        return _process.lifecycle
