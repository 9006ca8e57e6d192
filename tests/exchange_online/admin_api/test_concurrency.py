"""Four threads, as Pulumi has them, and one tenant that does not like crowds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from exchange_online.admin_api import Cancelled, Effect, Throttled
from tests.exchange_online.admin_api.clients import Clients
from tests.exchange_online.admin_api.scripted_service import Reply, ScriptedService

NEW = "New-InboundConnector"


def run(client: Clients, cmdlet: str, effect: Effect, times: int) -> None:
    """The same call many times, over two clients."""
    clients = [client(), client()]
    clients[0].invoke("Get-InboundConnector", {}, effect=Effect.READ)
    with ThreadPoolExecutor(8) as pool:
        done = [
            pool.submit(clients[number % 2].invoke, cmdlet, {"Identity": str(number)}, effect=effect)
            for number in range(times)
        ]
    for future in done:
        future.result()


def test_writes_on_different_objects_go_side_by_side(client: Clients, service: ScriptedService) -> None:
    """Fails when each new connector waits for all before it: 25 partners then take a minute."""
    service.script = [Reply(), *[Reply(delay=0.2)] * 8]
    run(client, "Set-InboundConnector", Effect.IDEMPOTENT, 8)
    assert 4 <= service.most_running <= 5


def test_writes_on_one_object_go_one_after_another(client: Clients, service: ScriptedService) -> None:
    """Fails when writes on one connector meet, by whatever of its names: the later one could win against the newer."""
    service.script = [Reply(delay=0.05)] * 5
    api = client()
    named: list[Mapping[str, str]] = [
        {"Name": "Fabrikam"},
        {"Identity": "FABRIKAM"},
        {"Identity": "guid", "Name": "fabrikam"},
        {"identity": "GUID", "name": "FABRIKAM"},
    ]
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(api.invoke, "Set-X", parameters, effect=Effect.IDEMPOTENT) for parameters in named]
        gives_up = {"Identity": "other", "Name": "new"}
        done.append(pool.submit(api.invoke, "Set-X", gives_up, effect=Effect.IDEMPOTENT, touches=["Fabrikam"]))
    for future in done:
        future.result()
    assert service.most_running == 1


def test_one_call_at_a_time_where_it_is_asked_for(client: Clients, service: ScriptedService) -> None:
    """Fails when the bound that an administrator sets is not kept."""
    service.script = [Reply(delay=0.05)] * 6
    api = client(calls=1)
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(api.invoke, "Get-X", {}, effect=Effect.READ) for _ in range(3)]
        writes = [pool.submit(api.invoke, "Set-X", {"Identity": n}, effect=Effect.IDEMPOTENT) for n in "abc"]
    for future in (*reads, *writes):
        future.result()
    assert service.most_running == 1


def test_a_tenant_that_throttles_everything_is_given_up_once(client: Clients, service: ScriptedService) -> None:
    """Fails when each of a run's calls waits its own minute for a tenant that is shut, one after the other."""
    service.script = [Reply(429)] * 60
    api = client()
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(api.invoke, NEW, {"Name": name}, effect=Effect.CREATE) for name in "abcd"]
    for future in done:
        with pytest.raises(Throttled, match="6 times in a row, one call at a time"):
            future.result()
    assert client.sleeps == [2.0, 4.0, 8.0, 16.0, 32.0] or sum(client.sleeps) <= 124
    # Four together, two, and then one after the other: six until it is given up, and one more for each that waited.
    assert len(service.calls) <= 4 + 2 + 6 + 3 + 3


def test_later_calls_have_all_their_tries_again(client: Clients, service: ScriptedService) -> None:
    """Fails when a tenant that was shut once is given up at the first throttling ever after."""
    service.script = [Reply(429)] * 6
    api = client()
    with pytest.raises(Throttled, match=r"tried 6 times"):
        api.invoke(NEW, {"Name": "a"}, effect=Effect.CREATE)
    service.script = [Reply(429)] * 5
    api.invoke(NEW, {"Name": "a"}, effect=Effect.CREATE)


def test_a_throttled_crowd_is_no_try(client: Clients, service: ScriptedService) -> None:
    """Fails when a call runs out of tries because of the calls beside it, and a new connector is not made."""
    service.script = [Reply(delay=0.5), *[Reply(429)] * 3]
    api = client()
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(api.invoke, NEW, {"Name": name}, effect=Effect.CREATE) for name in "abcd"]
    for future in done:
        future.result()
    assert client.sleeps == []


def test_a_cancelled_client_writes_nothing_more(client: Clients, service: ScriptedService) -> None:
    """Fails when a run that was cancelled goes on writing, or ends what is on its way."""
    service.script = [Reply(delay=0.5)]
    api = client(calls=1)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(api.invoke, NEW, {"Name": "first"}, effect=Effect.CREATE)
        while not service.calls:
            time.sleep(0.01)
        waiting = [pool.submit(api.invoke, NEW, {"Name": name}, effect=Effect.CREATE) for name in "abc"]
        api.cancel()
        assert first.result().rows == ()
        for future in waiting:
            with pytest.raises(Cancelled, match=r"New-InboundConnector '[abc]' in tenant .* cancelled before"):
                future.result()
    assert len(service.calls) == 1
    with pytest.raises(Cancelled):
        client().invoke(NEW, {"Name": "late"}, effect=Effect.CREATE)
    assert len(service.calls) == 1
    # What was written is read back.
    client().invoke("Get-X", {}, effect=Effect.READ)
    assert len(service.calls) == 2


def test_connections_are_kept(client: Clients, service: ScriptedService) -> None:
    """Fails when each call pays for a TLS handshake."""
    api = client()
    for _ in range(5):
        api.invoke("Get-InboundConnector", {}, effect=Effect.READ)
    ports = {seen.port for seen in service.calls}
    assert len(ports) == 1


def test_a_closed_client_opens_again(client: Clients, service: ScriptedService) -> None:
    """Fails when closing a client early breaks the next operation."""
    with client() as api:
        api.invoke("Get-InboundConnector", {}, effect=Effect.READ)
    api.invoke("Get-InboundConnector", {}, effect=Effect.READ)
    assert len(service.calls) == 2
