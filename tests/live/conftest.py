"""Where the behavioural tests run: on the emulator, or with `--live` on a real tenant. Only `connection` differs."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from exchange_online.admin_api import (
    EMULATOR_VARIABLE,
    AdminApi,
    Connection,
    ConnectorCmdlets,
    Settings,
    TransportRules,
    connection,
)
from exchange_online.connectors import Direction
from exchange_online.lifecycle import Lifecycle, Listing
from exchange_online_emulator import EmulatorProcess
from tests.live.tenant import PREFIX, Tenant, live_settings


@pytest.fixture(scope="session")
def live(request: pytest.FixtureRequest) -> bool:
    """Whether the tests run on a real tenant."""
    return bool(request.config.getoption("--live"))


@pytest.fixture(scope="session")
def target(live: bool, request: pytest.FixtureRequest) -> Connection:
    """The tenant. The one thing in which live and emulated runs differ."""
    if live:
        return connection(live_settings(os.environ), os.environ)
    emulator: EmulatorProcess = request.getfixturevalue("emulator")
    return connection(Settings("local"), {EMULATOR_VARIABLE: str(emulator.connection_path)})


@pytest.fixture(scope="session")
def sleep(live: bool) -> Callable[[float], None]:
    """Waits on a real tenant; on the emulator nothing needs waiting for."""
    return time.sleep if live else lambda _: None


@pytest.fixture(scope="session")
def api(target: Connection, sleep: Callable[[float], None]) -> Iterator[AdminApi]:
    """A client of the tenant."""
    with AdminApi(target, sleep=sleep) as client:
        yield client


@pytest.fixture
def tenant(
    live: bool, api: AdminApi, sleep: Callable[[float], None], request: pytest.FixtureRequest
) -> Iterator[Tenant]:
    """What a test does to the tenant; afterwards every connector it made is removed, whatever happened."""
    if not live:
        request.getfixturevalue("control")
    mark = f"{PREFIX}{uuid.uuid4().hex[:8]}"
    cmdlets = ConnectorCmdlets(api)

    def lifecycle() -> Lifecycle:
        return Lifecycle(cmdlets, Listing(cmdlets, sleep=sleep), TransportRules(api), sleep)

    made = Tenant(mark, cmdlets, lifecycle)
    try:
        yield made
    finally:
        for direction in Direction:
            for record in cmdlets.list(direction):
                if record.name.startswith(mark):
                    cmdlets.remove(direction, record.guid)
