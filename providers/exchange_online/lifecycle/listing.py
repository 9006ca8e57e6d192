"""One listing of the tenant's connectors for each direction and process, shared by all resources.

A write whose outcome is known is entered into the listing; one whose outcome is not known drops it. So a run that
creates 400 connectors lists once, not 400 times.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from exchange_online.admin_api import ConnectorCmdlets
from exchange_online.admin_api.waiting import LongFailure
from exchange_online.connectors import ConnectorRecord, Direction
from exchange_online.lifecycle.snapshot import HandedOn

#: Seconds between a listing and the one that confirms an absence.
_CONFIRM_AFTER = (2.0,)
#: The same for what was made a short while ago, which may not show everywhere yet: 15 s in all.
_CONFIRM_YOUNG_AFTER = (1.0, 2.0, 3.0, 4.0, 5.0)


@dataclass
class _Listed:
    by_guid: dict[str, ConnectorRecord]
    #: The Guids of listings some seconds before; what all lack is gone.
    earlier: frozenset[str] | None = None
    #: How long the first of them is ago.
    looked: tuple[float, ...] = ()
    #: By each name, in small letters, the Guids: each create asks whether there is one of its name.
    by_name: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict), init=False)

    def __post_init__(self) -> None:
        for record in self.by_guid.values():
            self.by_name[record.name.lower()][record.guid] = None

    def named(self, name: str) -> tuple[ConnectorRecord, ...]:
        return tuple(self.by_guid[guid] for guid in self.by_name.get(name.lower(), ()))

    def put(self, record: ConnectorRecord) -> None:
        if record.guid in self.by_guid and self.by_guid[record.guid].name.lower() != record.name.lower():
            self.pop(record.guid)
        self.by_guid[record.guid] = record
        self.by_name[record.name.lower()][record.guid] = None

    def pop(self, guid: str) -> None:
        if record := self.by_guid.pop(guid, None):
            self.by_name[record.name.lower()].pop(guid, None)

    def lacks_for_certain(self, guid: str, pauses: tuple[float, ...]) -> bool:
        known = self.earlier is not None and sum(self.looked) >= sum(pauses)
        return guid not in self.by_guid and known and guid not in (self.earlier or ())


class Listing:
    """The connectors of the tenant as this process knows them. Thread-safe.

    Args:
        cmdlets: where they come from.
        sleep: waits; tests replace it.
        handed_on: what other processes have listed a moment ago serves instead of a first listing of one's own.
    """

    def __init__(
        self,
        cmdlets: ConnectorCmdlets,
        sleep: Callable[[float], None] = time.sleep,
        handed_on: HandedOn | None = None,
    ) -> None:
        self._cmdlets = cmdlets
        self._sleep = sleep
        #: By direction, until its first listing.
        self._handed_on: dict[Direction, HandedOn | None] = dict.fromkeys(Direction, handed_on)
        self._locks = {direction: threading.RLock() for direction in Direction}
        self._listed: dict[Direction, _Listed] = {}
        self._failures = {direction: LongFailure() for direction in Direction}

    def all(self, direction: Direction) -> tuple[ConnectorRecord, ...]:
        """Every connector of a direction."""
        with self._locks[direction]:
            return tuple(self._load(direction).by_guid.values())

    def shown(self, direction: Direction, guid: str) -> ConnectorRecord | None:
        """A connector by its Guid, as the listing has it; None proves nothing, because reads can lag behind writes."""
        with self._locks[direction]:
            return self._load(direction).by_guid.get(guid)

    def find(self, direction: Direction, guid: str, *, young: bool = False) -> ConnectorRecord | None:
        """A connector by its Guid. None only when listings in a row, some seconds apart, do not hold it.

        Reads can lag behind writes, so one listing without it proves nothing. Source: exchange-wire 8.4 (assumed).

        Args:
            young: whether it was made a short while ago: then it is looked for longer.
        """
        pauses = _CONFIRM_YOUNG_AFTER if young else _CONFIRM_AFTER
        with self._locks[direction]:
            listed = self._load(direction)
            while guid not in listed.by_guid and not listed.lacks_for_certain(guid, pauses):
                if guid in (listed.earlier or ()):
                    # An earlier one held it: from here on all must lack it.
                    listed = _Listed(listed.by_guid)
                pause = pauses[min(len(listed.looked), len(pauses) - 1)]
                self._sleep(pause)
                seen = frozenset(listed.by_guid) | (listed.earlier or frozenset())
                listed = self._listed[direction] = self._fetch(direction, seen, (*listed.looked, pause))
            return listed.by_guid.get(guid)

    def named(self, direction: Direction, name: str) -> tuple[ConnectorRecord, ...]:
        """The connectors of a name; case does not matter. Names are unique, so more than one is a finding."""
        with self._locks[direction]:
            return self._load(direction).named(name)

    def enter(self, record: ConnectorRecord) -> None:
        """A write was read back: this is the connector now."""
        with self._locks[record.direction]:
            if listed := self._listed.get(record.direction):
                listed.put(record)

    def remove(self, direction: Direction, guid: str) -> None:
        """A connector was removed."""
        with self._locks[direction]:
            if listed := self._listed.get(direction):
                listed.pop(guid)

    def drop(self, direction: Direction) -> None:
        """Nobody knows what a write did: the next question lists again."""
        with self._locks[direction]:
            self._listed.pop(direction, None)
            self._handed_on[direction] = None

    def _load(self, direction: Direction) -> _Listed:
        if direction not in self._listed:
            handed_on = self._handed_on[direction]
            self._listed[direction] = self._first(direction, handed_on) if handed_on else self._fetch(direction)
            self._handed_on[direction] = None
        return self._listed[direction]

    def _first(self, direction: Direction, handed_on: HandedOn) -> _Listed:
        """What another process has listed, or one's own, for the next."""
        records = handed_on.find(self._cmdlets.tenant(), direction)
        if records is None:
            with self._failures[direction].shared():
                records = handed_on.listed(self._cmdlets, direction)
        return _Listed({record.guid: record for record in records})

    def _fetch(
        self, direction: Direction, earlier: frozenset[str] | None = None, looked: tuple[float, ...] = ()
    ) -> _Listed:
        with self._failures[direction].shared():
            records = self._cmdlets.list(direction)
        return _Listed({record.guid: record for record in records}, earlier, looked)
