"""A client of the emulator in this process, which only notes how long it would wait."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from exchange_online.admin_api import (
    EMULATOR_VARIABLE,
    AdminApi,
    ConnectorCmdlets,
    Settings,
    TransportRules,
    connection,
)
from exchange_online.lifecycle import Lifecycle, Listing
from exchange_online_emulator import Control, EmulatorProcess


@dataclass
class Parts:
    """What a lifecycle is made of; `sleeps` are the seconds it would have waited."""

    api: AdminApi
    cmdlets: ConnectorCmdlets
    sleeps: list[float] = field(default_factory=list)

    def listing(self) -> Listing:
        """A listing of a new run."""
        return Listing(self.cmdlets, sleep=self.sleeps.append)

    def rules(self) -> TransportRules:
        """The transport rules of a new run."""
        return TransportRules(self.api)

    def lifecycle(self) -> Lifecycle:
        """The lifecycle of a new run."""
        return Lifecycle(self.cmdlets, self.listing(), self.rules(), self.sleeps.append)


@pytest.fixture
def parts(emulator: EmulatorProcess, tenant: Control) -> Iterator[Parts]:  # noqa: ARG001 - the tenant must be empty
    """The parts of a lifecycle, on the emulator."""
    to = connection(Settings("local"), {EMULATOR_VARIABLE: str(emulator.connection_path)})
    sleeps: list[float] = []
    with AdminApi(to, sleep=sleeps.append) as api:
        yield Parts(api, ConnectorCmdlets(api), sleeps)
