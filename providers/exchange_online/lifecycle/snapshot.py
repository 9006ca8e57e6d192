"""Listings of a tenant that the processes of one command hand on to each other: what one has just listed the next ones
need not list again.

One `pulumi up` is up to three provider processes: of the preview, of the refresh, of the writes. The files are for the
user alone, and for the moment of one command.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from exchange_online.admin_api import AdminApi, ConnectorCmdlets, Tenant
from exchange_online.admin_api.window import side_by_side
from exchange_online.connectors import ConnectorRecord, Direction, record_from_row
from exchange_online.private_folder import private_folder

#: The environment variable that names the folder.
LISTINGS = "EXCHANGE_ONLINE_LISTINGS"

#: How old a listing may be, in seconds, since it was asked for. Whoever writes by it could as well have been so much
#: slower: a process keeps its own for longer.
MOST_SECONDS = 30.0


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
    def take(cls, api: AdminApi, handed_on: HandedOn | None = None) -> Snapshot:
        """Lists the connectors of the tenant, by direction and name.

        Args:
            api: the tenant's.
            handed_on: where the listings are kept for others.

        Raises:
            AdminApiError: what cannot be read is not taken for absent.
        """
        cmdlets = ConnectorCmdlets(api)
        lists = cmdlets.list if handed_on is None else partial(handed_on.listed, cmdlets)
        listings = side_by_side(*(partial(lists, direction) for direction in Direction))
        found = [record for listing in listings for record in listing]
        found.sort(key=lambda record: (record.direction.word, record.name.casefold(), record.guid))
        return cls(api.tenant(), tuple(found))

    def of(self, direction: Direction) -> tuple[ConnectorRecord, ...]:
        """Those of one direction."""
        return tuple(record for record in self.connectors if record.direction is direction)


@dataclass(frozen=True)
class HandedOn:
    """The folder in which the processes of one command keep what they have listed.

    Attributes:
        folder: for the user alone, because comments may be confidential.
    """

    folder: Path

    @classmethod
    def named_by(cls, environ: Mapping[str, str]) -> HandedOn | None:
        """The one that the environment names; None where it names none."""
        return cls(Path(name)) if (name := environ.get(LISTINGS)) else None

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables with which processes know it."""
        return {LISTINGS: str(self.folder)}

    def listed(self, cmdlets: ConnectorCmdlets, direction: Direction) -> tuple[ConnectorRecord, ...]:
        """Lists the tenant, and keeps the listing. Where it cannot be written, the others list by themselves.

        Raises:
            AdminApiError: what cannot be read is not taken for absent.
        """
        asked = time.time()
        records = cmdlets.list(direction)
        self._keep(cmdlets.tenant(), direction, {"asked": asked, "rows": [dict(record.row) for record in records]})
        return records

    def _keep(self, tenant: Tenant, direction: Direction, content: Mapping[str, object]) -> None:
        with suppress(OSError):
            # Whole or not at all: two processes may list at the same time. Readable for its owner only.
            # Source: tempfile.mkstemp.
            handle, name = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
            Path(name).replace(self._file(tenant, direction))

    def find(self, tenant: Tenant, direction: Direction) -> tuple[ConnectorRecord, ...] | None:
        """What another process has listed of this tenant a moment ago; None where none has, or can be read."""
        try:
            content = json.loads(self._file(tenant, direction).read_bytes())
            # A clock that was set back says nothing about what is older.
            if not 0 <= time.time() - content["asked"] <= MOST_SECONDS:
                return None
            return tuple(record_from_row(direction, dict(row)) for row in content["rows"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _file(self, tenant: Tenant, direction: Direction) -> Path:
        return self.folder / f"{tenant.cloud}-{tenant.guid}-{direction.word}.json"


@contextmanager
def handing_on() -> Iterator[HandedOn]:
    """A folder for the moment of one command."""
    with private_folder() as folder:
        yield HandedOn(folder)
