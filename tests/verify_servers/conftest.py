"""The small internet that all tests here share: it takes some seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.verify_servers.world import RunningWorld, World


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Real Postfix, Knot, Unbound and an HTTPS server, on loopback."""
    with RunningWorld() as running:
        yield running
