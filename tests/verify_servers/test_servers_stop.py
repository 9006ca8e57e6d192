"""The servers of these tests end with them."""

from __future__ import annotations

from tests.verify_servers.processes import listens
from tests.verify_servers.world import RunningWorld
from tests.verify_servers.zones import ADDRESSES


def test_nothing_is_left_behind() -> None:
    """Failing: each run of the tests leaves mail and name servers on the machine of whoever runs them."""
    with RunningWorld() as world:
        places = [(address, world.port) for address in ADDRESSES.values()]
        places += [("127.0.0.1", int(world.resolver.rpartition(":")[2]))]
        assert all(listens(*place) for place in places)
        folder = world.folder
    assert not any(listens(*place) for place in places)
    assert not folder.exists()
