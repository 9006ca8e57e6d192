"""Which fault acts on which call; and what a Get sees while a write is still spreading. In memory: a restart heals."""

from __future__ import annotations

import fnmatch
import threading
import time
from dataclasses import dataclass

from exchange_online_emulator.faults.models import Action, ActiveFault, BrokenPageLink, Fault, ReadLag
from exchange_online_emulator.models import Kind, StoredObject


@dataclass(slots=True)
class _Lag:
    kind: Kind
    guid: str
    old: StoredObject | None
    reads: int
    until: float

    def expired(self, now: float) -> bool:
        return self.reads <= 0 and now >= self.until


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: dict[int, ActiveFault] = {}
        self._next_id = 1
        self._lags: list[_Lag] = []

    def add(self, fault: Fault) -> ActiveFault:
        """Put a fault in force."""
        with self._lock:
            active = ActiveFault(id=self._next_id, fault=fault)
            self._active[active.id] = active
            self._next_id += 1
            return active

    def all(self) -> tuple[ActiveFault, ...]:
        """Every fault, the spent ones too, so that a test can see that it acted."""
        with self._lock:
            return tuple(self._active.values())

    def remove(self, fault_id: int) -> bool:
        """Take one out of force; False when there is none."""
        with self._lock:
            return self._active.pop(fault_id, None) is not None

    def clear(self) -> None:
        """Take all faults out of force, read lag too."""
        with self._lock:
            self._active.clear()
            self._lags.clear()

    def take(self, cmdlet: str, identities: frozenset[str], page: int) -> Action | None:
        """The action for this call, None when no fault acts.

        `identities` are the call's Identity and Name in lower case; `page` is 1 for the first page of an answer.
        """
        with self._lock:
            chosen: Action | None = None
            for fault_id, active in self._active.items():
                if not _matches(active.fault, cmdlet, identities, page):
                    continue
                matched = active.matched + 1
                limit = active.fault.count
                acts = chosen is None and matched >= active.fault.nth and (limit is None or active.acted < limit)
                if acts:
                    chosen = active.fault.action
                self._active[fault_id] = active.model_copy(update={"matched": matched, "acted": active.acted + acts})
            return chosen

    def hide(self, kind: Kind, before: StoredObject | None, after: StoredObject | None, lag: ReadLag) -> None:
        """Let Get show the state before a write for a while."""
        changed = before or after
        if changed is None:
            return
        with self._lock:
            known = next((item for item in self._lags if item.guid == changed.guid), None)
            # Two writes in a row: a reader that sees neither sees what stood before the first.
            old = known.old if known else before
            self._lags = [item for item in self._lags if item.guid != changed.guid]
            self._lags.append(_Lag(kind, changed.guid, old, lag.reads, time.monotonic() + lag.seconds))

    def seen(self, kind: Kind, objects: tuple[StoredObject, ...]) -> tuple[StoredObject, ...]:
        """The objects as a Get sees them now; counts as one read."""
        now = time.monotonic()
        with self._lock:
            self._lags = [item for item in self._lags if not item.expired(now)]
            lags = [item for item in self._lags if item.kind is kind]
            for item in lags:
                item.reads -= 1
        if not lags:
            return objects
        hidden = {item.guid for item in lags}
        kept = [item for item in objects if item.guid not in hidden]
        return tuple(sorted(kept + [lag.old for lag in lags if lag.old], key=lambda item: item.sequence))


class LaggingVisibility:
    """What Gets see; a write made under `lag` stays hidden."""

    def __init__(self, faults: Faults, lag: ReadLag | None = None) -> None:
        self._faults = faults
        self._lag = lag

    def seen(self, kind: Kind, objects: tuple[StoredObject, ...]) -> tuple[StoredObject, ...]:
        """See `Faults.seen`."""
        return self._faults.seen(kind, objects)

    def written(self, kind: Kind, before: StoredObject | None, after: StoredObject | None) -> None:
        """Hide the write when its call was under a read-lag fault."""
        if self._lag is not None:
            self._faults.hide(kind, before, after, self._lag)


def _matches(fault: Fault, cmdlet: str, identities: frozenset[str], page: int) -> bool:
    if isinstance(fault.action, BrokenPageLink) and page == 1:
        return False
    if fault.cmdlet == "*" and cmdlet == "token":
        return False
    if fault.identity is not None and fault.identity.casefold() not in identities:
        return False
    return fnmatch.fnmatchcase(cmdlet.lower(), fault.cmdlet.lower())
