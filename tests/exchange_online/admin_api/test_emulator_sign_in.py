"""Every credential signs in to the emulator, and every wrong one is told what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from pydantic import SecretStr

from exchange_online.admin_api import AccessDenied, NotAuthenticated
from exchange_online_emulator import ApplicationRegistration, ClientSecret, FederatedCredential
from tests.exchange_online.admin_api.clients import CANARY
from tests.exchange_online.admin_api.emulated_tenant import Tenant, new_connector
from tests.exchange_online.admin_api.test_certificates import Pair, pair

APP = "77777777-6666-4555-8444-333333333333"


def register(tenant: Tenant, **grants: object) -> None:
    """Registers the application that the tests sign in as."""
    tenant.control.register_application(ApplicationRegistration(client_id=APP, **grants))


@pytest.fixture(scope="module")
def application_pair() -> Pair:
    """The application's certificate."""
    return pair(rsa.generate_private_key(65537, 2048))


def test_a_secret_of_the_environment_signs_in(tenant: Tenant) -> None:
    """Fails when the commonest credential of a pipeline does not work."""
    register(tenant, secrets=(ClientSecret(value=SecretStr(CANARY)),))
    new_connector(tenant.api({"AZURE_CLIENT_ID": APP, "AZURE_CLIENT_SECRET": CANARY}))


def test_wrong_and_expired_secrets_are_told_apart(tenant: Tenant) -> None:
    """Fails when the administrator of a pipeline cannot tell a typo from a secret that ran out."""
    old = ClientSecret(value=SecretStr("old-" + CANARY), expires=datetime.now(UTC) - timedelta(days=1))
    register(tenant, secrets=(old,))
    for secret, what in (("bad-" + CANARY, "the client secret is wrong"), ("old-" + CANARY, "has expired")):
        with pytest.raises(NotAuthenticated, match=f"{what}.*AADSTS") as caught:
            new_connector(tenant.api({"AZURE_CLIENT_ID": APP, "AZURE_CLIENT_SECRET": secret}))
        assert CANARY not in str(caught.value)


def test_an_unknown_application_tenant_or_scope_is_named(tenant: Tenant) -> None:
    """Fails when a wrong id in the stack file gives an error that does not name it."""
    with pytest.raises(NotAuthenticated, match="the tenant does not know the application"):
        new_connector(tenant.api({"AZURE_CLIENT_ID": APP, "AZURE_CLIENT_SECRET": CANARY}))
    with pytest.raises(NotAuthenticated, match="the tenant does not exist in this cloud"):
        new_connector(tenant.api(tenant="00000000-1111-4222-8333-444444444444"))
    with pytest.raises(NotAuthenticated, match="scope"):
        new_connector(tenant.api(scope="https://nothing.example/.default"))


@pytest.mark.parametrize("form", ["PEM", "PKCS#12"])
def test_a_certificate_signs_in(tenant: Tenant, application_pair: Pair, tmp_path: Path, form: str) -> None:
    """Fails when the credential that Microsoft recommends does not work."""
    register(tenant, certificates=(application_pair.certificate_pem().decode(),))
    file = tmp_path / "application"
    assert isinstance(application_pair.key, rsa.RSAPrivateKey)
    if form == "PEM":
        file.write_bytes(application_pair.certificate_pem() + application_pair.key_pem(CANARY))
    else:
        file.write_bytes(
            pkcs12.serialize_key_and_certificates(
                None,
                application_pair.key,
                application_pair.certificate,
                None,
                BestAvailableEncryption(CANARY.encode()),
            )
        )
    environ = {
        "AZURE_CLIENT_ID": APP,
        "AZURE_CLIENT_CERTIFICATE_PATH": str(file),
        "AZURE_CLIENT_CERTIFICATE_PASSWORD": CANARY,
    }
    new_connector(tenant.api(environ))
    register(tenant, certificates=())
    tenant.forget_tokens()
    with pytest.raises(NotAuthenticated, match="certificate is not one of the application's"):
        new_connector(tenant.api(environ), "again")


def test_a_workload_identity_file_signs_in(tenant: Tenant, application_pair: Pair, tmp_path: Path) -> None:
    """Fails when a pod of a cluster cannot sign in without a secret."""
    key = application_pair.key
    assert isinstance(key, rsa.RSAPrivateKey)
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "k1"}
    trust = FederatedCredential(issuer="https://cluster.example", subject="system:pod", jwks={"keys": [jwk]})
    register(tenant, federated_credentials=(trust,))
    now = datetime.now(UTC)

    def assertion(subject: str) -> str:
        claims = {
            "iss": "https://cluster.example",
            "sub": subject,
            "aud": "api://AzureADTokenExchange",
            "iat": now,
            "exp": now + timedelta(minutes=5),
        }
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"})

    file = tmp_path / "token"
    file.write_text(assertion("system:pod"))
    environ = {"AZURE_CLIENT_ID": APP, "AZURE_FEDERATED_TOKEN_FILE": str(file)}
    new_connector(tenant.api(environ))
    tenant.forget_tokens()
    file.write_text(assertion("system:other"))
    with pytest.raises(NotAuthenticated, match="no federated credential of the application matches"):
        new_connector(tenant.api(environ), "again")


def test_a_github_job_signs_in(tenant: Tenant) -> None:
    """Fails when the pipeline of the documentation cannot sign in."""
    job = tenant.control.github_job("repo:contoso/partners:environment:production")
    trust = FederatedCredential(issuer=job.issuer, subject=job.subject, jwks=job.jwks)
    register(tenant, federated_credentials=(trust,))
    environ = {
        "AZURE_CLIENT_ID": APP,
        "ACTIONS_ID_TOKEN_REQUEST_URL": job.request_url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": job.request_token,
    }
    new_connector(tenant.api(environ))
    with pytest.raises(NotAuthenticated, match="`id-token: write`") as caught:
        new_connector(tenant.api(environ | {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": CANARY}), "again")
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("client_id", [APP, ""], ids=["user-assigned", "system-assigned"])
def test_a_managed_identity_signs_in(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, client_id: str) -> None:
    """Fails when an Azure host cannot sign in without a secret."""
    register(tenant, managed_identity=True)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", tenant.process.connection.url)
    environ = {"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential", "AZURE_CLIENT_ID": client_id}
    new_connector(tenant.api(environ))


@pytest.mark.parametrize(
    ("grants", "why"),
    [
        ({"app_roles": ()}, "does not hold the app role Exchange.ManageAsApp"),
        ({"directory_roles": ()}, "holds no Entra role that manages connectors"),
        ({"directory_roles": ("Global Reader",)}, "Global Reader, which only reads"),
    ],
)
def test_the_missing_grant_is_named(tenant: Tenant, grants: Mapping[str, object], why: str) -> None:
    """Fails when a bodyless refusal leaves the administrator guessing which of two grants is missing."""
    register(tenant, secrets=(ClientSecret(value=SecretStr(CANARY)),), **grants)
    with pytest.raises(AccessDenied, match=why):
        new_connector(tenant.api({"AZURE_CLIENT_ID": APP, "AZURE_CLIENT_SECRET": CANARY}))
