"""Clients of the scripted service."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path

from exchange_online.admin_api import AdminApi, ClientSecret, Cloud, Connection, Credential, Shared, Timeouts
from tests.exchange_online.admin_api.scripted_service import CLIENT, TENANT, ScriptedService

#: The client secret of these tests: nothing may show it.
CANARY = "canary-secret-7f3a9b"


def closed_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Clients:
    """Makes clients of the scripted service. sleeps: the seconds that they would have waited."""

    service: ScriptedService
    sleeps: list[float] = field(default_factory=list)
    made: list[AdminApi] = field(default_factory=list)
    shared: Shared = field(default_factory=Shared)

    def __call__(
        self,
        credential: Credential | None = None,
        *,
        tenant: str = TENANT,
        timeouts: Timeouts | None = None,
        host: str | None = None,
        ca_bundle: Path | None = None,
        scope: str = "https://outlook.office365.com/.default",
        calls: int = 10,
    ) -> AdminApi:
        cloud = Cloud(
            "local",
            host or self.service.url,
            scope,
            self.service.url,
            ca_bundle or self.service.ca_bundle,
        )
        connection = Connection(cloud, tenant, credential or ClientSecret(CLIENT, CANARY, "a test"))
        wait = timeouts or Timeouts(connect=5, read=5)
        api = AdminApi(connection, sleep=self.sleeps.append, timeouts=wait, shared=self.shared, calls=calls)
        self.made.append(api)
        return api
