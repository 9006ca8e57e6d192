"""A listing of the tenant that one process hands on to the next: what only reads need not list again.

The file is for the user alone, and for the moment of one run.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange_online.admin_api import AdminApi, Connection, ConnectorCmdlets, Tenant, guid_of
from exchange_online.connectors import ConnectorRecord, Direction, record_from_row

#: The environment variable that names the file.
SNAPSHOT = "EXCHANGE_ONLINE_SNAPSHOT"


@dataclass(frozen=True)
class Snapshot:
    """The connectors of a tenant at one moment.

    Attributes:
        tenant: that has them.
        connectors: of both directions, test-mode ones included.
    """

    tenant: Tenant
    connectors: tuple[ConnectorRecord, ...]

    @classmethod
    def take(cls, api: AdminApi) -> Snapshot:
        """Lists the connectors of the tenant, by direction and name. Raises AdminApiError."""
        cmdlets = ConnectorCmdlets(api)
        found = [record for direction in Direction for record in cmdlets.list(direction)]
        found.sort(key=lambda record: (record.direction.word, record.name.casefold(), record.guid))
        return cls(api.tenant(), tuple(found))

    def of(self, direction: Direction) -> tuple[ConnectorRecord, ...]:
        """Those of one direction."""
        return tuple(record for record in self.connectors if record.direction is direction)

    @contextmanager
    def handed_on(self) -> Iterator[Mapping[str, str]]:
        """The variables with which processes started meanwhile know it."""
        rows = {direction.word: [dict(record.row) for record in self.of(direction)] for direction in Direction}
        content = {"tenant": self.tenant.guid, "cloud": self.tenant.cloud, **rows}
        # Comments may be confidential: the file is readable for its owner only. Source: tempfile.mkstemp.
        handle, name = tempfile.mkstemp(prefix="exchange-online-", suffix=".json")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
            yield {SNAPSHOT: name}
        finally:
            Path(name).unlink(missing_ok=True)


def snapshot_for(to: Connection, environ: Mapping[str, str]) -> Snapshot | None:
    """What was handed on for the tenant that a connection names; None where nothing was, or for another one."""
    if not (name := environ.get(SNAPSHOT)):
        return None
    try:
        return _read(json.loads(Path(name).read_bytes()), Tenant(guid_of(to.tenant), to.cloud.name))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(content: dict[str, Any], named: Tenant) -> Snapshot | None:
    """Checked by hand: a model would cost each provider a tenth of a second of imports."""
    if not named.guid or Tenant(content["tenant"], content["cloud"]) != named:
        return None
    rows = ((direction, row) for direction in Direction for row in content[direction.word])
    return Snapshot(named, tuple(record_from_row(direction, dict(row)) for direction, row in rows))
