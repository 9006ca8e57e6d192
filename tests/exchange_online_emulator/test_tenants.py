"""Several tenants at one address, as the service itself is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msal
import pytest
import requests

from exchange_online_emulator import ConnectionFile, Control, EmulatorProcess
from exchange_online_emulator.faults import Status
from tests.exchange_online_emulator.test_command import run

_COUNT = 3


@pytest.fixture(scope="module")
def emulator() -> Iterator[EmulatorProcess]:
    with EmulatorProcess(None, "--tenants", str(_COUNT)) as started:
        yield started


@pytest.fixture
def tenants(emulator: EmulatorProcess) -> tuple[ConnectionFile, ...]:
    found = emulator.tenants()
    for tenant in found:
        control(tenant).reset()
    return found


def control(tenant: ConnectionFile) -> Control:
    return Control(tenant.url, tenant.ca_bundle, tenant.tenant)


def token(tenant: ConnectionFile, of: ConnectionFile | None = None) -> dict[str, str]:
    """What the token endpoint of a tenant answers to the application of one."""
    application = of or tenant
    session = requests.Session()
    session.trust_env, session.verify = False, str(tenant.ca_bundle)
    client = msal.ConfidentialClientApplication(
        application.client_id,
        client_credential=application.client_secret,
        authority=f"{tenant.authority}/{tenant.tenant}",
        instance_discovery=False,
        http_client=session,
    )
    answer: dict[str, str] = client.acquire_token_for_client([tenant.scope])
    return answer


def invoke(tenant: ConnectionFile, bearer: str, cmdlet: str, **parameters: object) -> requests.Response:
    return requests.post(
        f"{tenant.url}/adminapi/beta/{tenant.tenant}/InvokeCommand",
        json={"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}},
        headers={"Authorization": f"Bearer {bearer}"},
        verify=str(tenant.ca_bundle),
        timeout=30,
    )


def test_each_has_an_identity_of_its_own(tenants: tuple[ConnectionFile, ...]) -> None:
    """Failing means that a program with several tenants could not tell them apart, or trust them with one CA."""
    assert len({tenant.tenant for tenant in tenants}) == len({tenant.client_id for tenant in tenants}) == _COUNT
    assert len({(tenant.url, tenant.ca_bundle) for tenant in tenants}) == 1
    assert [control(tenant).status().tenant for tenant in tenants] == [tenant.tenant for tenant in tenants]


def test_what_one_holds_no_other_has(tenants: tuple[ConnectionFile, ...]) -> None:
    """Failing means that a test of several tenants cannot see that a connector went to the wrong one."""
    for number, tenant in enumerate(tenants):
        bearer = token(tenant)["access_token"]
        made = invoke(tenant, bearer, "New-InboundConnector", Name="Fabrikam", SenderDomains=[f"p{number}.example"])
        assert made.status_code == 200, made.text
    rows = [control(tenant).connectors("inbound") for tenant in tenants]
    assert [[row["SenderDomains"] for row in found] for found in rows] == [
        [[f"smtp:p{number}.example;1"]] for number in range(_COUNT)
    ]
    assert len({row["Guid"] for found in rows for row in found}) == _COUNT
    assert [[call.cmdlet for call in control(tenant).calls()] for tenant in tenants] == [
        ["New-InboundConnector"]
    ] * _COUNT


def test_a_credential_counts_in_its_own_tenant(tenants: tuple[ConnectionFile, ...]) -> None:
    """Failing means that a program that mixes up two tenants would pass here and be refused by the service."""
    one, other, _ = tenants
    assert "AADSTS700016" in token(one, of=other)["error_description"]
    foreign = token(other)["access_token"]
    assert invoke(one, foreign, "Get-InboundConnector").status_code == 401
    assert invoke(other, foreign, "Get-InboundConnector").status_code == 200


def test_faults_switches_and_a_reset_are_of_one_tenant(tenants: tuple[ConnectionFile, ...]) -> None:
    """Failing means that a fault meant for one tenant strikes another."""
    one, other, _ = tenants
    control(one).fault(Status(status=503), "Get-*", count=None)
    control(one).switch(strict=True)
    control(other).seed(inbound=[{"Name": "Fabrikam", "SenderDomains": ["fabrikam.com"]}])
    assert invoke(one, token(one)["access_token"], "Get-InboundConnector").status_code == 503
    assert invoke(other, token(other)["access_token"], "Get-InboundConnector").status_code == 200
    assert not control(other).switches().strict
    control(one).reset()
    assert len(control(other).connectors("inbound")) == 1


def test_the_background_emulator_keeps_each_of_its_tenants(tmp_path: Path) -> None:
    """Failing means that after a restart the stacks of the further tenants point at tenants that are no more."""
    state, first = tmp_path / "state.db", tmp_path / "connection.json"
    second = tmp_path / "connection-2.json"
    try:
        assert run("start", "--state", state, "--tenants", "2").returncode == 0
        before = ConnectionFile.read(second)
        control(before).seed(inbound=[{"Name": "Fabrikam", "SenderDomains": ["fabrikam.com"]}])
        assert before.ca_bundle == ConnectionFile.read(first).ca_bundle
        variables = run("env", "--state", state, "--connection", second).stdout
        assert f"export AZURE_TENANT_ID={before.tenant}\n" in variables
        refused = run("start", "--state", state, "--tenants", "3")
        assert (refused.returncode, "fewer than 3 tenants" in refused.stderr) == (2, True)
        assert run("stop", "--state", state).returncode == 0
        assert not first.exists()
        assert not second.exists()
        assert run("start", "--state", state, "--tenants", "2").returncode == 0
        after = ConnectionFile.read(second)
        assert (after.tenant, after.client_secret) == (before.tenant, before.client_secret)
        assert [row["Name"] for row in control(after).connectors("inbound")] == ["Fabrikam"]
        assert run("reset", "--state", state).returncode == 0
        assert control(after).connectors("inbound") == []
    finally:
        run("stop", "--state", state)


@pytest.mark.parametrize("count", ["0", "-1", "two"])
def test_a_number_of_tenants_that_is_none_is_refused(tmp_path: Path, count: str) -> None:
    """Failing means a traceback, or an emulator without a tenant."""
    answer = run("start", "--state", tmp_path / "state.db", f"--tenants={count}")
    assert (answer.returncode, "is not a whole number from 1" in answer.stderr) == (2, True)


def test_each_tenant_has_a_page(tenants: tuple[ConnectionFile, ...]) -> None:
    """Failing: a person sees what the first tenant holds, and takes it for another's."""
    for tenant in tenants:
        control(tenant).seed(inbound=[{"Name": f"Of {tenant.tenant}", "SenderDomains": ["fabrikam.com"]}])
    for tenant in tenants:
        page = requests.get(f"{tenant.url}/{tenant.tenant}", verify=str(tenant.ca_bundle), timeout=30).text
        assert [f"Of {other.tenant}" in page for other in tenants] == [other == tenant for other in tenants]
