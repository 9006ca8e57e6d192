"""What the tests of the provider process share: an emulator per worker, an empty tenant per test, no waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exchange_online_emulator.control import Control
from exchange_online_emulator.process import EmulatorProcess
from tests.exchange_online.resources.runs import Start
from tests.support.mini_stack import MiniStack


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorProcess]:
    """Exchange Online on this machine."""
    with EmulatorProcess() as process:
        yield process


@pytest.fixture
def tenant(emulator: EmulatorProcess) -> Control:
    """An empty tenant, seen by somebody who is not the program: calls, faults, switches, the portal."""
    emulator.control.reset()
    return emulator.control


@pytest.fixture
def start(emulator: EmulatorProcess, tenant: Control) -> Start:  # noqa: ARG001 - a run needs the empty tenant
    """Starts a provider process: `with start() as process`. Waits shrink to nothing unless `scale` is given."""
    return Start(emulator.connection_path)


@pytest.fixture
def stack(start: Start) -> MiniStack:
    """A stack without resources."""
    return MiniStack(start)
