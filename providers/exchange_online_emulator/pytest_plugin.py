"""Exchange Online for the tests of any project: `pytest_plugins = ["exchange_online_emulator.pytest_plugin"]`.

That line is written, and not an entry point of the package, which every run of pytest would load where it is installed.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exchange_online_emulator.connection import ConnectionFile
from exchange_online_emulator.control import Control
from exchange_online_emulator.faults import Action, ActiveFault
from exchange_online_emulator.process import EmulatorProcess


@pytest.fixture(scope="session")
def exchange_online() -> Iterator[EmulatorProcess]:
    """Exchange Online on this machine: one process for all tests (of a worker, under pytest-xdist)."""
    with EmulatorProcess(None, "--proxy", "0") as process:
        yield process


@pytest.fixture(scope="session")
def exchange_online_connection(exchange_online: EmulatorProcess) -> ConnectionFile:
    """Where it answers, the tenant, an application with its secret, the CA to trust."""
    return exchange_online.connection


@pytest.fixture
def exchange_online_tenant(exchange_online: EmulatorProcess) -> Control:
    """An empty tenant: nothing of earlier tests is in it, no fault is in force, every switch has its default."""
    exchange_online.control.reset()
    return exchange_online.control


class Faults:
    """Asks for faults: `faults(Status(status=503), "Set-*")`, as `Control.fault`."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def __call__(
        self, action: Action, cmdlet: str = "*", *, identity: str | None = None, nth: int = 1, count: int | None = 1
    ) -> ActiveFault:
        """Ask for one."""
        return self._control.fault(action, cmdlet, identity=identity, nth=nth, count=count)


@pytest.fixture
def exchange_online_faults(exchange_online_tenant: Control) -> Iterator[Faults]:
    """Faults of an empty tenant, none of which is in force after the test."""
    yield Faults(exchange_online_tenant)
    exchange_online_tenant.clear_faults()


@pytest.fixture
def exchange_online_environment(
    exchange_online_connection: ConnectionFile,
    exchange_online_tenant: Control,  # noqa: ARG001 - the reset comes with it
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """An empty tenant, found by programs whose hosts are fixed: the variables, set for this test and what it starts."""
    variables = exchange_online_connection.environment()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables
