"""Which connectors the resources of a program have, so that no two of them end up with the same one."""

from __future__ import annotations

import threading

from providers.exchange_online.admin_api import refusals
from providers.exchange_online.connectors import ConnectorRecord


class Ownership:
    """What this process has seen of it; a process serves one run. Thread-safe.

    A resource that is renamed in the program without an alias is, to Pulumi, a new one and an old one to delete. The
    new one must not take over the connector that the deletion then removes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[str] = set()
        self._created: set[str] = set()
        self._taken_over: set[str] = set()

    def hold(self, guid: str) -> None:
        """A resource of the stack's state has the connector."""
        with self._lock:
            self._held.add(guid)

    def refuse_if_managed(self, record: ConnectorRecord) -> None:
        """Raises AlreadyExists when a resource has the connector already."""
        with self._lock:
            self._refuse(record)

    def take_over(self, record: ConnectorRecord) -> None:
        """A create takes over an existing connector. Raises AlreadyExists when another resource has it."""
        with self._lock:
            self._refuse(record)
            self._taken_over.add(record.guid)

    def create(self, record: ConnectorRecord) -> None:
        """A create has made the connector. Raises AlreadyExists when another create says so too."""
        with self._lock:
            self._refuse(record)
            self._created.add(record.guid)

    def was_taken_over(self, guid: str) -> bool:
        """Whether a create of this run has taken over the connector."""
        with self._lock:
            return guid in self._taken_over

    def _refuse(self, record: ConnectorRecord) -> None:
        if record.guid in self._created | self._taken_over:
            raise refusals.declared_twice(record)
        if record.guid in self._held:
            raise refusals.managed_already(record)
