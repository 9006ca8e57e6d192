"""An emulator for the tests that drive the real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_online_emulator.process import EmulatorProcess
from tests.support.engine import Project


@pytest.fixture(scope="session")
def emulator() -> Iterator[EmulatorProcess]:
    """One process for all tests of the worker."""
    with EmulatorProcess() as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, emulator: EmulatorProcess) -> Project:
    """A working copy of the project; its stack `dev` was never applied."""
    emulator.control.reset()
    return Project(tmp_path, emulator)
