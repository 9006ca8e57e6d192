"""The tenant as it is, past the code under test: which Guid is which declared connector, and what belongs to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from exchange_online_emulator import EmulatorProcess
from tests.chaos.declarations import DIRECTIONS, Wanted, mark_of

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """Something that is wrong.

    Attributes:
        kind: `lost`, `duplicated`, `orphaned`, `taken`, `replaced`, `different`, `state`, `refused`, `accepted`, `run`
            or `writes`.
        words: what, about which connector.
    """

    kind: str
    words: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"


class Tenant:
    """Follows each declared connector by its Guid, from the first time that the tenant has it.

    Args:
        service: the emulator; asked past faults and reads that lag.
    """

    def __init__(self, service: EmulatorProcess) -> None:
        self._service = service
        self.guids: dict[str, str] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._others: dict[str, Row] = {}
        self._may_go: set[str] = set()

    def rows(self) -> dict[str, tuple[str, Row]]:
        """Direction and row of every connector, by Guid."""
        found = ((direction, row) for direction in DIRECTIONS for row in self._service.control.connectors(direction))
        return {row["Guid"]: (direction, row) for direction, row in found}

    def leave_to_others(self) -> None:
        """What is there and belongs to no declared connector must stay as it is, byte for byte."""
        ours = set(self.guids.values())
        self._others = {guid: row for guid, (_, row) in self.rows().items() if guid not in ours}

    def forget_others(self, guids: Iterable[str]) -> None:
        """These are no longer somebody else's."""
        for guid in guids:
            self._others.pop(guid, None)

    def others(self) -> Mapping[str, Row]:
        """What belongs to others, by Guid."""
        return self._others

    def take(self, wanted: Wanted) -> None:
        """A connector of others becomes the declared one of its name."""
        guid = next(guid for guid, row in self._others.items() if row["Name"] == wanted.name)
        self.forget_others([guid])
        self.guids[wanted.key] = guid

    def expect(self, wanted: Iterable[Wanted], kept: Iterable[str]) -> None:
        """What is declared from now on; a connector that is not, and need not be kept, may go."""
        declared = {connector.key for connector in wanted} | set(kept)
        self._names |= {(connector.direction, connector.name.lower()): connector.key for connector in wanted}
        self._may_go = set(self.guids) - declared

    def let_go(self, keys: Iterable[str]) -> None:
        """These may go, although they are declared: somebody asks for it."""
        self._may_go |= set(keys)

    def look(self) -> list[Fault]:
        """Compares with what was known before a run: what is new, what is gone, what of others is touched."""
        rows = self.rows()
        faults = self._touched(rows)
        for key, guid in list(self.guids.items()):
            if guid in rows:
                continue
            del self.guids[key]
            if key not in self._may_go:
                faults.append(Fault("replaced", f"{key} had {guid}, which is no longer in the tenant"))
        ours = set(self.guids.values())
        for guid, (direction, row) in rows.items():
            if guid in ours or guid in self._others:
                continue
            owner = self._names.get((direction, row["Name"].lower()))
            if owner is None:
                faults.append(Fault("orphaned", f"'{row['Name']}' ({guid}) is nobody's; its mark is {mark_of(row)}"))
            elif owner in self.guids:
                faults.append(Fault("duplicated", f"{owner} is {self.guids[owner]} and {guid} ('{row['Name']}')"))
            else:
                self.guids[owner] = guid
        return faults

    def held(self) -> dict[str, Row]:
        """The rows that are declared connectors, by key."""
        rows = self.rows()
        return {key: rows[guid][1] for key, guid in self.guids.items() if guid in rows}

    def _touched(self, rows: Mapping[str, tuple[str, Row]]) -> list[Fault]:
        faults = []
        for guid, before in self._others.items():
            now = rows.get(guid)
            if now is None:
                faults.append(Fault("taken", f"'{before['Name']}' of somebody else is gone"))
            elif now[1] != before:
                cells = [cell for cell in before if now[1].get(cell) != before[cell]]
                faults.append(Fault("taken", f"'{before['Name']}' of somebody else was changed: {', '.join(cells)}"))
        # What was said once is not said again.
        self._others = {guid: rows[guid][1] for guid in self._others if guid in rows}
        return faults
