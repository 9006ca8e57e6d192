"""The service of the histories: it is killed and started again, so no other test shares it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exchange_online_emulator import EmulatorProcess
from tests.chaos.__main__ import service


@pytest.fixture(scope="session")
def mortal_service() -> Iterator[EmulatorProcess]:
    """An emulator that comes back at the same address when it was killed; one for all histories of a worker."""
    with service() as emulator:
        yield emulator
