"""Signing in without a secret: a platform's file, GitHub's id token, the managed identity of an Azure host."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from exchange_online.admin_api import (
    Effect,
    GitHubOidc,
    ManagedIdentity,
    Misconfigured,
    NotAuthenticated,
    WorkloadIdentityFile,
)
from tests.exchange_online.admin_api.clients import CANARY, Clients, closed_port
from tests.exchange_online.admin_api.scripted_service import CLIENT, Reply, ScriptedService

GET = "Get-InboundConnector"


def test_a_federated_file_is_read_anew_each_time(client: Clients, service: ScriptedService, tmp_path: Path) -> None:
    """Fails when the token that Kubernetes has renewed meanwhile is not used."""
    file = tmp_path / "token"
    file.write_text("assertion-1\n")
    api = client(WorkloadIdentityFile(CLIENT, file, "AZURE_FEDERATED_TOKEN_FILE"))
    api.invoke(GET, {}, effect=Effect.READ)
    file.write_text("assertion-2\n")
    service.script = [Reply(401)]
    api.invoke(GET, {}, effect=Effect.READ)
    assert [seen.form["client_assertion"] for seen in service.token_requests] == ["assertion-1", "assertion-2"]
    file.unlink()
    service.script = [Reply(401)]
    with pytest.raises(Misconfigured, match=r"cannot be read.*AZURE_FEDERATED_TOKEN_FILE"):
        api.invoke(GET, {}, effect=Effect.READ)


def test_githubs_id_token_is_exchanged(client: Clients, service: ScriptedService) -> None:
    """Fails when a GitHub job cannot sign in without a secret."""
    service.other_script = [Reply(body={"value": "id-token"})]
    credential = GitHubOidc(CLIENT, f"{service.url}/github?api-version=2.0", CANARY, source="the GitHub Actions job")
    client(credential).invoke(GET, {}, effect=Effect.READ)
    (asked,) = service.others
    assert parse_qs(urlsplit(asked.path).query) == {
        "api-version": ["2.0"],
        "audience": ["api://AzureADTokenExchange"],
    }
    assert asked.headers["authorization"] == f"Bearer {CANARY}"
    assert service.token_requests[0].form["client_assertion"] == "id-token"


def test_a_job_without_the_permission_is_told_so(client: Clients, service: ScriptedService) -> None:
    """Fails when the most frequent mistake in GitHub is not named."""
    service.other_script = [Reply(403, f"no {CANARY}".encode())]
    with pytest.raises(NotAuthenticated, match="`id-token: write`") as caught:
        client(GitHubOidc(CLIENT, f"{service.url}/github", CANARY)).invoke(GET, {}, effect=Effect.READ)
    assert CANARY not in str(caught.value)
    with pytest.raises(Misconfigured, match="not an https address"):
        client(GitHubOidc(CLIENT, "http://127.0.0.1/", CANARY)).invoke(GET, {}, effect=Effect.READ)


def test_a_managed_identity_asks_its_host(
    client: Clients, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when an Azure host cannot sign in: the resource has no /.default there."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{service.url}/msi")
    monkeypatch.setenv("IDENTITY_HEADER", CANARY)
    answer = {"access_token": "managed-1", "expires_on": "4102444800", "token_type": "Bearer", "resource": "r"}
    service.other_script = [Reply(410), Reply(body=answer), Reply(body=answer | {"access_token": "managed-2"})]
    api = client(ManagedIdentity(CLIENT))
    api.invoke(GET, {}, effect=Effect.READ)
    service.script = [Reply(401)]
    api.invoke(GET, {}, effect=Effect.READ)
    assert [seen.headers["authorization"] for seen in service.calls] == [
        "Bearer managed-1",
        "Bearer managed-1",
        "Bearer managed-2",
    ]
    query = parse_qs(urlsplit(service.others[0].path).query)
    assert (query["resource"], query["client_id"]) == (["https://outlook.office365.com"], [CLIENT])


def test_a_machine_without_managed_identity_is_told_so(
    client: Clients, service: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when somebody who tries it on a laptop waits a minute for an unclear error."""
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"http://127.0.0.1:{closed_port()}")
    with pytest.raises(NotAuthenticated, match="this machine offers no managed identity"):
        client(ManagedIdentity()).invoke(GET, {}, effect=Effect.READ)
    assert client.sleeps == []
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", service.url)
    service.other_script = [Reply(400, {"error": "invalid_request", "error_description": "Identity not found"})]
    with pytest.raises(NotAuthenticated, match=r"Identity not found.*clientId names a user-assigned one"):
        client(ManagedIdentity(CLIENT)).invoke(GET, {}, effect=Effect.READ)
