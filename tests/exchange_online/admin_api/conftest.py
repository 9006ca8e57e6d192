"""What the tests of the client share: a scripted service over real HTTPS, and clients of it that never really wait."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from exchange_online_emulator import Control, EmulatorProcess
from tests.exchange_online.admin_api.clients import Clients
from tests.exchange_online.admin_api.emulated_tenant import Tenant
from tests.exchange_online.admin_api.scripted_service import ScriptedService


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A throw-away certification authority: a server's TLS context and the CA bundle that trusts it."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    bundle = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(bundle)
    return context, bundle


@pytest.fixture(scope="session")
def other_ca_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA bundle that does not trust the scripted service."""
    bundle = tmp_path_factory.mktemp("other-ca") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(bundle)
    return bundle


@pytest.fixture
def service(authority: tuple[ssl.SSLContext, Path]) -> Iterator[ScriptedService]:
    """A scripted service of its own for each test."""
    running = ScriptedService(*authority)
    yield running
    running.close()


@pytest.fixture
def client(service: ScriptedService) -> Iterator[Clients]:
    """Makes clients of the scripted service; they are closed, and their tokens forgotten, after the test."""
    clients = Clients(service)
    yield clients
    for api in clients.made:
        api.close()
    clients.shared.close()


@pytest.fixture
def tenant(emulator: EmulatorProcess, control: Control) -> Iterator[Tenant]:  # noqa: ARG001 - resets
    """An empty tenant."""
    tenant = Tenant(emulator)
    yield tenant
    for api in tenant.made:
        api.close()
    tenant.shared.close()
