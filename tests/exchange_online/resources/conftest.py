"""What the tests of the provider process share: runs of a stack on an empty tenant, without waits."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from tests.exchange_online.resources.runs import Start
from tests.support.mini_stack import MiniStack
from tests.support.provider_process import DYNAMIC, NATIVE, Face


@pytest.fixture(params=[DYNAMIC, NATIVE], ids=str)
def face(request: pytest.FixtureRequest) -> Face:
    """Both faces: what a resource does is one table of cases, whoever translates it."""
    found: Face = request.param
    return found


@pytest.fixture
def start(emulator: EmulatorProcess, tenant: Control, face: Face) -> Start:  # noqa: ARG001 - a run needs the empty tenant
    """Starts a provider process: `with start() as process`. Waits shrink to nothing unless `scale` is given."""
    return Start(emulator.connection_path, face)


@pytest.fixture
def stack(start: Start) -> MiniStack:
    """A stack without resources."""
    return MiniStack(start)
