"""Which connectors the resources of a program have, so that no two of them end up with the same one."""

from __future__ import annotations

import threading

from exchange_online.connectors import ConnectorRecord, Direction
from exchange_online.lifecycle import refusals


class Ownership:
    """What this process has seen of it; a process serves one run. Thread-safe.

    A resource that is renamed in the program without an alias is, to Pulumi, a new one and an old one to delete. The
    new one must not take over the connector that the deletion then removes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[str] = set()
        self._declared: set[tuple[Direction, str]] = set()
        self._created: set[str] = set()
        self._taken_over: set[str] = set()

    def hold(self, guid: str) -> None:
        """A resource of the stack's state has the connector."""
        with self._lock:
            self._held.add(guid)

    def declare(self, direction: Direction, name: str) -> None:
        """A resource that the state has, under this connector name, is still in the program.

        Told by name, because the engine tells no id at that point; and apart from `hold`, because a refresh has a
        provider process of its own.
        """
        with self._lock:
            self._declared.add((direction, name.lower()))

    def keeps(self, direction: Direction, guid: str, name: str) -> bool:
        """Whether a resource that stays has the connector: one that goes must leave it alone."""
        with self._lock:
            return guid in self._taken_over or (direction, name.lower()) in self._declared

    def refuse_if_managed(self, record: ConnectorRecord) -> None:
        """AlreadyExists where a resource has the connector already."""
        with self._lock:
            self._refuse(record)

    def take_over(self, record: ConnectorRecord) -> None:
        """A create takes over an existing connector; AlreadyExists where another resource has it."""
        with self._lock:
            self._refuse(record)
            self._taken_over.add(record.guid)

    def create(self, record: ConnectorRecord) -> None:
        """A create has made the connector; AlreadyExists where another create says so too."""
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
        if record.guid in self._held or (record.direction, record.name.lower()) in self._declared:
            raise refusals.managed_already(record)
