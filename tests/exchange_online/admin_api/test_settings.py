"""Which tenant, which application, which credential: from the stack and the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from exchange_online.admin_api import (
    CONCURRENT_CALLS,
    ClientCertificate,
    ClientSecret,
    Credential,
    GitHubOidc,
    ManagedIdentity,
    Misconfigured,
    Settings,
    WorkloadIdentityFile,
    concurrent_calls,
    connection,
    settings_from,
)
from exchange_online.admin_api.settings import refuse_malformed
from tests.exchange_online.admin_api.clients import CANARY

TENANT = "11111111-2222-4333-8444-555555555555"
OTHER = "00000000-2222-4333-8444-555555555555"
APP = "99999999-8888-4777-8666-555555555555"
STACK = Settings(cloud="commercial", tenant=TENANT, client_id=APP)

SECRET = {"AZURE_CLIENT_SECRET": CANARY}
CERTIFICATE = {"AZURE_CLIENT_CERTIFICATE_PATH": "app.pem", "AZURE_CLIENT_CERTIFICATE_PASSWORD": CANARY}
WORKLOAD = {"AZURE_FEDERATED_TOKEN_FILE": "token"}
GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://gh.example/?a=b", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY}
MANAGED = {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (SECRET, ClientSecret(APP, CANARY, "AZURE_CLIENT_SECRET")),
        (CERTIFICATE, ClientCertificate(APP, Path("app.pem"), CANARY, "AZURE_CLIENT_CERTIFICATE_PATH")),
        (WORKLOAD, WorkloadIdentityFile(APP, Path("token"), "AZURE_FEDERATED_TOKEN_FILE")),
        (GITHUB, GitHubOidc(APP, "https://gh.example/?a=b", CANARY, source="the GitHub Actions job")),
        (MANAGED, ManagedIdentity(APP, "AZURE_TOKEN_CREDENTIALS")),
        (GITHUB | WORKLOAD | CERTIFICATE | SECRET, ClientSecret(APP, CANARY, "AZURE_CLIENT_SECRET")),
        (
            GITHUB | WORKLOAD | CERTIFICATE,
            ClientCertificate(APP, Path("app.pem"), CANARY, "AZURE_CLIENT_CERTIFICATE_PATH"),
        ),
        (GITHUB | WORKLOAD, WorkloadIdentityFile(APP, Path("token"), "AZURE_FEDERATED_TOKEN_FILE")),
        (GITHUB | SECRET | MANAGED, ManagedIdentity(APP, "AZURE_TOKEN_CREDENTIALS")),
        (
            WORKLOAD | {"AZURE_CLIENT_SECRET": " "},
            WorkloadIdentityFile(APP, Path("token"), "AZURE_FEDERATED_TOKEN_FILE"),
        ),
    ],
)
def test_the_environment_decides_in_a_documented_order(environ: Mapping[str, str], expected: Credential) -> None:
    """Fails when a pipeline signs in as somebody else than its variables say."""
    assert connection(STACK, environ).credential == expected


def test_the_config_secret_comes_second() -> None:
    """Fails when a rotated secret in the environment loses against the stale one that the state remembers."""
    stack = Settings(cloud="commercial", tenant=TENANT, client_id=APP, client_secret="from-config")
    assert connection(stack, {}).credential == ClientSecret(APP, "from-config", "the config secret")
    assert connection(stack, WORKLOAD).credential == WorkloadIdentityFile(
        APP, Path("token"), "AZURE_FEDERATED_TOKEN_FILE"
    )


def test_a_managed_identity_only_when_asked_for() -> None:
    """Fails when whoever runs on an Azure host becomes an Exchange administrator without anybody's decision."""
    with pytest.raises(Misconfigured):
        connection(STACK, {"IDENTITY_ENDPOINT": "http://127.0.0.1/", "IDENTITY_HEADER": "x"})
    system = Settings(cloud="commercial", tenant=TENANT, managed_identity=True)
    assert connection(system, {}).credential == ManagedIdentity(None, "the setting managed_identity")


def test_without_a_credential_the_sentence_lists_the_ways() -> None:
    """Fails when a newcomer does not learn from the error what to set."""
    with pytest.raises(Misconfigured) as caught:
        connection(STACK, {})
    for way in (
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_FEDERATED_TOKEN_FILE",
        "id-token: write",
        "AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential",
        "config as a secret",
    ):
        assert way in str(caught.value)


def test_another_tenant_in_the_environment_is_refused() -> None:
    """Fails when the connectors of one tenant can be written into another."""
    with pytest.raises(Misconfigured, match=f"the stack's tenant is {TENANT}, but AZURE_TENANT_ID is {OTHER}"):
        connection(STACK, SECRET | {"AZURE_TENANT_ID": OTHER})
    assert connection(STACK, SECRET | {"AZURE_TENANT_ID": TENANT.upper()}).tenant == TENANT


def test_another_application_in_the_environment_is_refused() -> None:
    """Fails when a run uses an application that the stack does not name."""
    with pytest.raises(Misconfigured, match="clientId"):
        connection(STACK, SECRET | {"AZURE_CLIENT_ID": OTHER})


def test_another_clouds_login_host_is_refused_and_never_followed() -> None:
    """Fails when a variable can send a credential to another login host."""
    with pytest.raises(Misconfigured, match="AZURE_AUTHORITY_HOST"):
        connection(STACK, SECRET | {"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.us/"})
    same = connection(STACK, SECRET | {"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/"})
    assert same.cloud.authority == "https://login.microsoftonline.com"


def test_tenant_and_application_may_come_from_the_environment_alone() -> None:
    """Fails when a command outside a stack cannot use the usual variables."""
    made = connection(Settings(cloud="gcc-high"), SECRET | {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": APP})
    assert (made.tenant, made.cloud.host) == (TENANT, "https://outlook.office365.us")
    with pytest.raises(Misconfigured, match="no tenant is given"):
        connection(Settings(cloud="commercial"), SECRET | {"AZURE_CLIENT_ID": APP})
    with pytest.raises(Misconfigured, match="no application is given"):
        connection(Settings(cloud="commercial", tenant=TENANT), SECRET)


@pytest.fixture
def emulator_file(tmp_path: Path) -> Path:
    """An emulator's connection file."""
    bundle = tmp_path / "ca.pem"
    bundle.write_text("x")
    file = tmp_path / "connection.json"
    content = {
        "url": "https://127.0.0.1:8443",
        "authority": "https://127.0.0.1:8443",
        "scope": "https://outlook.office365.com/.default",
        "caBundle": str(bundle),
        "tenant": TENANT,
        "clientId": APP,
        "clientSecret": CANARY,
    }
    file.write_text(json.dumps(content))
    return file


def test_the_emulator_brings_its_own_credential(emulator_file: Path) -> None:
    """Fails when `make up` needs anything set up by hand."""
    made = connection(Settings(cloud="local"), {"EXCHANGE_ONLINE_EMULATOR": str(emulator_file)})
    assert made.tenant == TENANT
    assert made.credential == ClientSecret(APP, CANARY, "the emulator's connection file")
    assert made.cloud.host == "https://127.0.0.1:8443"
    beside = emulator_file.parent / ".emulator"
    beside.mkdir()
    emulator_file.rename(beside / "connection.json")
    assert connection(Settings(cloud="local", directory=emulator_file.parent), {}).tenant == TENANT


def test_somebodys_real_credential_is_not_given_to_the_emulator(emulator_file: Path) -> None:
    """Fails when an administrator's shell breaks `make up`, or hands a production secret to the emulator."""
    environ = {"EXCHANGE_ONLINE_EMULATOR": str(emulator_file)} | GITHUB
    for foreign in (SECRET, SECRET | {"AZURE_TENANT_ID": OTHER, "AZURE_CLIENT_ID": OTHER}):
        made = connection(Settings(cloud="local"), environ | foreign)
        assert made.credential == ClientSecret(APP, CANARY, "the emulator's connection file")
    own = environ | WORKLOAD | {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": OTHER}
    assert connection(Settings(cloud="local"), own).credential == WorkloadIdentityFile(
        OTHER, Path("token"), "AZURE_FEDERATED_TOKEN_FILE"
    )


def test_no_emulator_is_a_sentence(tmp_path: Path) -> None:
    """Fails when the first thing a newcomer sees is a traceback."""
    with pytest.raises(Misconfigured, match=r"no emulator is running.*Run `regulated-partners emulator start`"):
        connection(Settings(cloud="local", directory=tmp_path), {})


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"url": 1}'])
def test_a_broken_connection_file_is_a_sentence(tmp_path: Path, content: str) -> None:
    """Fails when a half-written file gives a traceback."""
    file = tmp_path / "connection.json"
    file.write_text(content)
    with pytest.raises(Misconfigured, match="emulator start"):
        connection(Settings(cloud="local"), {"EXCHANGE_ONLINE_EMULATOR": str(file)})


def test_the_local_cloud_stays_on_this_machine(emulator_file: Path) -> None:
    """Fails when a doctored connection file sends calls elsewhere."""
    environ = {"EXCHANGE_ONLINE_EMULATOR": str(emulator_file)}
    with pytest.raises(Misconfigured, match="which is not this machine"):
        connection(Settings(cloud="local", host="https://evil.example"), environ)


@pytest.mark.parametrize(
    "host", ["http://outlook.office365.com", "https://", "https://a.example/path", "https://u:p@a.example", "ftp://a"]
)
def test_only_plain_https_addresses(host: str) -> None:
    """Fails when a token could travel unencrypted."""
    with pytest.raises(Misconfigured, match="the host"):
        connection(Settings(cloud="commercial", tenant=TENANT, client_id=APP, host=host), SECRET)


def test_host_scope_and_authority_are_independent(tmp_path: Path) -> None:
    """Fails when a tenant of China, whose addresses the sources dispute, cannot be reached by settings."""
    stack = Settings(
        cloud="china",
        tenant=TENANT,
        client_id=APP,
        host="partner.outlook.cn",
        scope="https://outlook.office365.cn/.default",
        authority="https://login.chinacloudapi.cn/",
    )
    cloud = connection(stack, SECRET).cloud
    assert (cloud.host, cloud.scope, cloud.authority) == (
        "https://partner.outlook.cn",
        "https://outlook.office365.cn/.default",
        "https://login.chinacloudapi.cn",
    )
    with pytest.raises(Misconfigured, match="CA bundle"):
        connection(Settings(cloud="dod", tenant=TENANT, client_id=APP, ca_bundle=tmp_path / "none.pem"), SECRET)


def test_all_that_can_be_none_is_said_at_once() -> None:
    """Failing, somebody corrects one setting after the other, with a run of the pipeline for each."""
    wrong = Settings("comercial", "contoso", host="http://outlook.example", authority="https://login.example/x")
    with pytest.raises(Misconfigured) as caught:
        refuse_malformed(wrong)
    for words in ("'comercial'", "tenant contoso: it is neither", "the host 'http://", "authority 'https://login.exam"):
        assert words in str(caught.value)
    refuse_malformed(Settings("commercial", "contoso.com", host="outlook.example"))


def test_an_unknown_cloud_is_a_sentence() -> None:
    """Fails when a typo in the stack file gives a traceback."""
    with pytest.raises(Misconfigured, match=r"there is no cloud 'gcc'.*local, commercial, gcc-high, dod, china"):
        connection(Settings(cloud="gcc"), {})


@pytest.mark.parametrize(
    ("stack", "variable", "calls"),
    [
        (None, None, 10),
        ("", " ", 10),
        (4, None, 4),
        ("4", None, 4),
        (None, "1", 1),
        ("3", "7", 3),
        (8, " 2 ", 2),
        ("10", "10", 10),
    ],
)
def test_the_lower_bound_of_calls_counts(stack: object, variable: str | None, calls: int) -> None:
    """Fails when somebody's variable lifts the bound of a stack, or is not heard at all."""
    settings = settings_from({"concurrentCalls": stack}.get)
    assert concurrent_calls(settings, {} if variable is None else {CONCURRENT_CALLS: variable}) == calls


@pytest.mark.parametrize(
    "text", ["0", "11", "-1", "2.5", "four", "1e1", "\u0664", "100000000000000000000", "0011", "True"]
)
def test_a_bound_that_is_none_is_a_sentence(text: str) -> None:
    """Fails when a typing mistake ends in a traceback, or quietly bounds nothing."""
    says = "is not a whole number from 1 to 10. Correct it, or leave it out"
    with pytest.raises(Misconfigured, match=f"Reading EXCHANGE_ONLINE_CONCURRENT_CALLS: .*{says}"):
        concurrent_calls(STACK, {CONCURRENT_CALLS: text})
    with pytest.raises(Misconfigured, match=f"Reading the stack config concurrentCalls: .*{says}"):
        concurrent_calls(settings_from({"concurrentCalls": text}.get), {CONCURRENT_CALLS: "2"})
