"""What the tests of the client, the lifecycle and the providers share."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control


@pytest.fixture
def tenant(exchange_online_tenant: Control) -> Control:
    """An empty tenant, seen by somebody who is not the program: calls, faults, switches, the portal."""
    return exchange_online_tenant
