"""Exchange Online for the tests of any project: `pytest_plugins = ["exchange_online_emulator.pytest_plugin"]`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exchange_online_emulator.control import Control
from exchange_online_emulator.process import EmulatorProcess


@pytest.fixture(scope="session")
def exchange_online() -> Iterator[EmulatorProcess]:
    """Exchange Online on this machine: one process for all tests (of a worker, under pytest-xdist)."""
    with EmulatorProcess() as process:
        yield process


@pytest.fixture
def exchange_online_tenant(exchange_online: EmulatorProcess) -> Control:
    """An empty tenant: nothing of earlier tests is in it, no fault is in force, every switch has its default."""
    exchange_online.control.reset()
    return exchange_online.control
