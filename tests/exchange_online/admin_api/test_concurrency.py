"""Four threads, as Pulumi has them, and one tenant that does not like crowds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from exchange_online.admin_api import Effect
from tests.exchange_online.admin_api.clients import Clients
from tests.exchange_online.admin_api.scripted_service import Reply, ScriptedService


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


def test_writes_go_one_after_another(client: Clients, service: ScriptedService) -> None:
    """Fails when writes of one run meet: the directory then answers with replication conflicts."""
    service.script = [Reply(), *[Reply(delay=0.05)] * 8]
    run(client, "Set-InboundConnector", Effect.IDEMPOTENT, 8)
    assert service.most_running == 1


def test_reads_go_three_at_a_time(client: Clients, service: ScriptedService) -> None:
    """Fails when a refresh runs into the tenant's concurrency limit, or reads needlessly one by one."""
    service.script = [Reply(), *[Reply(delay=0.4)] * 8]
    run(client, "Get-InboundConnector", Effect.READ, 8)
    assert service.most_running == 3


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
