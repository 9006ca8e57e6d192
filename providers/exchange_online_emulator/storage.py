"""The state file: one SQLite database; every write is one transaction, so it is either fully there or not at all."""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from exchange_online_emulator.errors import AlreadyExistsError
from exchange_online_emulator.models import DN_SUFFIX, Kind, StoredObject

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, guid TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  name_key TEXT NOT NULL, settings TEXT NOT NULL, created TEXT NOT NULL, changed TEXT NOT NULL,
  UNIQUE (kind, name_key));
CREATE TABLE IF NOT EXISTS documents (
  collection TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (collection, key));
CREATE TABLE IF NOT EXISTS calls (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
"""
_CALLS_KEPT = 100_000
_COLUMNS = "sequence, kind, guid, name, settings, created, changed"


class Call(BaseModel):
    """One InvokeCommand.

    Attributes:
        parameters: the JSON as sent.
        status: the HTTP status, 499 when the connection was reset instead.
        started, time: when it came, and when its answer was ready.
        together: how many calls were on their way when it came, itself among them; the members of a batch are one.
        page: 1 for a first request, 2 for a next link.
        fault: the kind of the fault that acted.
        note: what the answer does not tell: why a 403 was given, or that the cmdlet is not emulated.
    """

    model_config = ConfigDict(frozen=True)

    cmdlet: str
    parameters: dict[str, Any]
    status: int
    started: datetime | None = None
    time: datetime = Field(default_factory=lambda: datetime.now(UTC))
    together: int = 1
    page: int = 1
    fault: str | None = None
    note: str | None = None
    anchor: str | None = None
    client_request_id: str | None = None
    prefer: str | None = None
    cmdlet_header: str | None = Field(None, description="X-CmdletName")

    @property
    def writes(self) -> bool:
        """Whether the cmdlet changes the tenant."""
        return self.cmdlet.lower().startswith(("new-", "set-", "remove-", "enable-", "disable-"))


def most_at_once(calls: Iterable[Call]) -> int:
    """How many of the calls were on their way together at the most."""
    spans = [(call.started, call.time) for call in calls if call.started is not None]
    # One that ends in the moment in which another starts was not on its way with it.
    moments = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    return max(itertools.accumulate((step for _, step in moments), initial=0))


class Store:
    """Access to one state file, safe for many threads: a connection per thread, writers one after another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._writer = threading.RLock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with self.transaction() as database:
            for statement in _SCHEMA.strip().split(";\n"):
                database.execute(statement)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            connection.execute("PRAGMA journal_mode=WAL")
            # With a write-ahead log NORMAL survives the death of the process at any moment.
            connection.execute("PRAGMA synchronous=NORMAL")
            self._local.connection = connection
        return connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed when the block ends, rolled back when it raises. Nested blocks join it."""
        connection = self._connection()
        with self._writer:
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def objects(self, kind: Kind) -> tuple[StoredObject, ...]:
        """Every object of a kind, in the order of creation."""
        query = f"SELECT {_COLUMNS} FROM objects WHERE kind = ? ORDER BY sequence"  # noqa: S608 - constant columns
        return tuple(_from_row(row) for row in self._connection().execute(query, (kind,)))

    def find(self, kind: Kind, identity: str) -> StoredObject | None:
        """The object of a kind that Identity (a name, GUID or distinguished name, any case) means."""
        wanted = identity.casefold()
        name = wanted.removeprefix("cn=").removesuffix(f",{DN_SUFFIX}") if wanted.endswith(DN_SUFFIX) else wanted
        query = f"SELECT {_COLUMNS} FROM objects WHERE kind = ? AND (name_key = ? OR guid = ?)"  # noqa: S608 - constant
        row = self._connection().execute(query, (kind, name, wanted)).fetchone()
        return None if row is None else _from_row(row)

    def insert(self, new: StoredObject) -> StoredObject:
        """Add an object; returns it with its sequence. Raises `AlreadyExistsError`."""
        with self.transaction() as database:
            try:
                cursor = database.execute(
                    "INSERT INTO objects (kind, guid, name, name_key, settings, created, changed) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (new.kind, new.guid, new.name, new.name.casefold(), *_tail(new)),
                )
            except sqlite3.IntegrityError as error:
                raise AlreadyExistsError(new.name) from error
        return replace(new, sequence=int(cursor.lastrowid or 0))

    def update(self, changed: StoredObject) -> None:
        """Write an object's name and settings. Raises `AlreadyExistsError`."""
        with self.transaction() as database:
            try:
                database.execute(
                    "UPDATE objects SET name = ?, name_key = ?, settings = ?, created = ?, changed = ? WHERE guid = ?",
                    (changed.name, changed.name.casefold(), *_tail(changed), changed.guid),
                )
            except sqlite3.IntegrityError as error:
                raise AlreadyExistsError(changed.name) from error

    def delete(self, gone: StoredObject) -> None:
        """Remove an object."""
        with self.transaction() as database:
            database.execute("DELETE FROM objects WHERE guid = ?", (gone.guid,))

    def document(self, collection: str, key: str) -> str | None:
        """One JSON document (switches, an application), None when it was never written."""
        query = "SELECT body FROM documents WHERE collection = ? AND key = ?"
        row = self._connection().execute(query, (collection, key)).fetchone()
        return None if row is None else str(row[0])

    def documents(self, collection: str) -> tuple[str, ...]:
        """Every JSON document of a collection."""
        query = "SELECT body FROM documents WHERE collection = ? ORDER BY rowid"
        return tuple(str(row[0]) for row in self._connection().execute(query, (collection,)))

    def put_document(self, collection: str, key: str, body: str) -> None:
        """Write a JSON document."""
        with self.transaction() as database:
            database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (collection, key, body))

    def record(self, call: Call) -> None:
        """Append to the call log, which keeps the last 100,000."""
        with self.transaction() as database:
            last = int(
                database.execute("INSERT INTO calls (body) VALUES (?)", (call.model_dump_json(),)).lastrowid or 0
            )
            if last % 1000 == 0:
                database.execute("DELETE FROM calls WHERE id <= ?", (last - _CALLS_KEPT,))

    def count_calls(self) -> int:
        """How many calls the log holds."""
        return int(self._connection().execute("SELECT COUNT(*) FROM calls").fetchone()[0])

    def calls(self, limit: int = -1) -> list[Call]:
        """The call log, oldest first; with `limit` only the last ones."""
        query = "SELECT body FROM calls ORDER BY id DESC LIMIT ?"
        rows = self._connection().execute(query, (limit,)).fetchall()
        return [Call.model_validate_json(row[0]) for row in reversed(rows)]

    def clear_calls(self) -> None:
        """Empty the call log."""
        with self.transaction() as database:
            database.execute("DELETE FROM calls")

    def clear(self) -> None:
        """Forget everything the state file holds."""
        with self.transaction() as database:
            for table in ("objects", "documents", "calls"):
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - constant names


def _tail(item: StoredObject) -> tuple[str, str, str]:
    settings = json.dumps(dict(item.settings), separators=(",", ":"))
    return settings, item.created.isoformat(), item.changed.isoformat()


def _from_row(row: tuple[int, str, str, str, str, str, str]) -> StoredObject:
    sequence, kind, guid, name, settings, created, changed = row
    return StoredObject(
        Kind(kind),
        name,
        {key: tuple(value) if isinstance(value, list) else value for key, value in json.loads(settings).items()},
        guid,
        sequence,
        datetime.fromisoformat(created),
        datetime.fromisoformat(changed),
    )
