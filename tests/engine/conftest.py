"""An emulator for the tests of one worker, and for each test a tenant and a working copy that nobody has used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_online_emulator.control import Control
from exchange_online_emulator.process import EmulatorProcess
from tests.support.engine import Project
from tests.support.processes import kill_working_in


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorProcess]:
    """One process for all tests of the worker."""
    with EmulatorProcess() as running:
        yield running


@pytest.fixture
def control(emulator: EmulatorProcess) -> Control:
    """The emulator's control, its tenant empty."""
    emulator.control.reset()
    return emulator.control


@pytest.fixture
def project(tmp_path: Path, emulator: EmulatorProcess, control: Control) -> Iterator[Project]:  # noqa: ARG001 - resets
    """A working copy of the project; its stack `dev` was never applied."""
    yield Project(tmp_path, emulator)
    kill_working_in(tmp_path)
