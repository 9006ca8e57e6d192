"""What the tests of the emulator share: one real server, a bare client of it, the tenant reset before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exchange_online_emulator.control import Control
from exchange_online_emulator.process import EmulatorProcess
from tests.exchange_online_emulator.admin import Admin


@pytest.fixture(scope="session")
def process() -> Iterator[EmulatorProcess]:
    """A running emulator."""
    with EmulatorProcess() as running:
        yield running


@pytest.fixture
def control(process: EmulatorProcess) -> Control:
    """Its control, with the tenant reset."""
    process.control.reset()
    return process.control


@pytest.fixture(scope="session")
def signed_in(process: EmulatorProcess) -> Iterator[Admin]:
    """A client with a token."""
    admin = Admin(process)
    yield admin
    admin.session.close()


@pytest.fixture
def admin(signed_in: Admin, control: Control) -> Admin:  # noqa: ARG001 - the reset comes with it
    """A client of the tenant after a reset."""
    return signed_in
