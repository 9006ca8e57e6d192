"""What the tests of the emulator share: a bare client of the running one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from tests.exchange_online_emulator.admin import Admin


@pytest.fixture(scope="session")
def process(exchange_online: EmulatorProcess) -> EmulatorProcess:
    """A running emulator."""
    return exchange_online


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
