"""Transport rules, as far as connectors need them: which rules send mail through an outbound connector."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from exchange_online.admin_api.client import AdminApi, Effect


class TransportRules:
    """The tenant's transport rules that route to a connector, listed once per process. Thread-safe."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._routes: tuple[tuple[str, str], ...] | None = None

    def routing_to(self, guid: str, names: Iterable[str]) -> tuple[str, ...]:
        """The names of the rules that route mail to the connector, which rules call by Guid or by one of its names.

        Raises the errors of `admin_api.errors`: what cannot be read is not taken for absent.
        Source: New-TransportRule, RouteMessageOutboundConnector (Name, DN or GUID).
        """
        called = {guid.lower(), *(name.lower() for name in names)}
        return tuple(rule for rule, connector in self._all() if connector.lower() in called)

    def _all(self) -> tuple[tuple[str, str], ...]:
        with self._lock:
            if self._routes is None:
                answer = self._api.invoke("Get-TransportRule", {}, effect=Effect.READ)
                self._routes = tuple(
                    (str(row.get("Name", "")), _last_part(row["RouteMessageOutboundConnector"]))
                    for row in answer.rows
                    if row.get("RouteMessageOutboundConnector")
                )
            return self._routes


def _last_part(connector: object) -> str:
    """A connector may be called by its path; the name is the last part (assumed)."""
    return str(connector).rpartition("/")[2].rpartition("\\")[2]
