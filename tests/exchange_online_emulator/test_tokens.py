"""The token endpoint, driven by real MSAL."""

from __future__ import annotations

import base64
import datetime
import json
import time
import uuid
from typing import Any

import jwt
import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr

from exchange_online_emulator import ApplicationRegistration, ClientSecret, Control, FederatedCredential
from exchange_online_emulator.faults import ConnectionReset, ExpiredToken, Throttled
from tests.exchange_online_emulator.admin import Admin


class Certificate:
    """A self-signed client certificate made for one test."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "deployer")])
        now = datetime.datetime.now(datetime.UTC)
        built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        built = built.serial_number(x509.random_serial_number()).not_valid_before(now)
        self.certificate = built.not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.key = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def sha256_credential(self) -> dict[str, Any]:
        """For MSAL: it sends x5t#S256."""
        return {"private_key": self.key, "public_certificate": self.pem}

    @property
    def sha1_credential(self) -> dict[str, Any]:
        """For MSAL: it sends x5t."""
        return {"private_key": self.key, "thumbprint": self.certificate.fingerprint(hashes.SHA1()).hex()}  # noqa: S303 - what x5t is


def claims_of(token: str) -> dict[str, Any]:
    """What a token says."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def test_a_client_secret_gives_a_token_the_admin_api_accepts(admin: Admin) -> None:
    """Failing: `make up` cannot sign in to the emulator."""
    answer = admin.sign_in()
    claims = claims_of(answer["access_token"])
    assert claims["aud"] == "https://outlook.office365.com"
    assert claims["tid"] == admin.connection.tenant
    assert claims["appid"] == admin.connection.client_id
    assert claims["roles"] == ["Exchange.ManageAsApp"]
    assert claims["exp"] - time.time() == pytest.approx(answer["expires_in"], abs=5)
    assert admin.post("Get-InboundConnector", Authorization=f"Bearer {answer['access_token']}").status_code == 200


def test_the_published_keys_verify_the_token(admin: Admin) -> None:
    """Failing: the JWKS or the discovery document does not belong to the tokens."""
    base = f"{admin.connection.authority}/{admin.connection.tenant}"
    discovery = admin.session.get(f"{base}/v2.0/.well-known/openid-configuration", timeout=10).json()
    assert admin.connection.tenant in discovery["issuer"]
    key = admin.session.get(discovery["jwks_uri"], timeout=10).json()["keys"][0]
    claims = jwt.decode(admin.token, jwt.PyJWK(key), algorithms=["RS256"], audience="https://outlook.office365.com")
    assert claims["idtyp"] == "app"


def test_only_what_works_is_advertised(admin: Admin) -> None:
    """Failing: a client that signs users in finds endpoints that are not there, instead of a sentence."""
    base = f"{admin.connection.authority}/{admin.connection.tenant}"
    discovery = admin.session.get(f"{base}/v2.0/.well-known/openid-configuration", timeout=10).json()
    assert "device_authorization_endpoint" not in discovery
    # MSAL takes no document without this one.
    for method, url in (("GET", discovery["authorization_endpoint"]), ("POST", f"{base}/oauth2/v2.0/devicecode")):
        refused = admin.session.request(method, url, timeout=10)
        assert refused.status_code == 400
        assert "The emulator has no users" in refused.json()["error_description"]
    for name in ("token_endpoint", "jwks_uri"):
        assert admin.session.get(discovery[name], timeout=10).status_code in (200, 405)


def test_the_older_token_endpoint_takes_a_resource(admin: Admin) -> None:
    """Failing: a client of the older endpoint cannot sign in here."""
    url = f"{admin.connection.authority}/{admin.connection.tenant}/oauth2/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": admin.connection.client_id,
        "client_secret": admin.connection.client_secret,
    }
    for resource in ("https://outlook.office365.com", "https://outlook.office365.com/", "https://outlook.office.com"):
        answer = admin.session.post(url, data={**form, "resource": resource}, timeout=10).json()
        assert (answer["resource"], answer["expires_in"]) == (resource, "3599")
        assert claims_of(answer["access_token"])["aud"] == resource.rstrip("/")
        assert int(answer["expires_on"]) - int(answer["not_before"]) == 3599
        assert admin.post("Get-InboundConnector", Authorization=f"Bearer {answer['access_token']}").status_code == 200
    refused = admin.session.post(url, data=form, timeout=10)
    assert (refused.status_code, refused.json()["error_codes"]) == (400, [900144])
    wrong = admin.session.post(url, data={**form, "resource": "https://nobody.example"}, timeout=10)
    assert wrong.json()["error_codes"] == [500011]


def test_msal_may_ask_whether_the_authority_is_genuine(admin: Admin) -> None:
    """Failing: MSAL with instance discovery on cannot use the emulator."""
    client = msal.ConfidentialClientApplication(
        admin.connection.client_id,
        client_credential=admin.connection.client_secret,
        authority=f"{admin.connection.authority}/{admin.connection.tenant}",
        http_client=admin.session,
        instance_discovery=f"{admin.connection.url}/common/discovery/instance",
    )
    assert "access_token" in client.acquire_token_for_client([admin.connection.scope])


@pytest.mark.parametrize("kind", ["sha256_credential", "sha1_credential"])
def test_a_certificate_gives_a_token(admin: Admin, control: Control, kind: str) -> None:
    """Failing: the client's certificate sign-in, by either thumbprint, cannot be tested here."""
    certificate = Certificate()
    application = control.register_application(ApplicationRegistration(certificates=(certificate.pem,)))
    answer = admin.sign_in(getattr(certificate, kind), application.client_id)
    assert claims_of(answer["access_token"])["appidacr"] == "2"


def test_a_certificate_that_is_not_registered_is_refused(admin: Admin, control: Control) -> None:
    """Failing: any key signs in."""
    application = control.register_application(ApplicationRegistration(certificates=(Certificate().pem,)))
    answer = admin.sign_in(Certificate().sha256_credential, application.client_id)
    assert answer["error"] == "invalid_client"
    assert answer["error_codes"] == [700027]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"aud": "https://login.example/token"}, 700023),
        ({"exp": 1}, 700024),
        ({"sub": str(uuid.UUID(int=1))}, 700021),
    ],
    ids=["audience", "expired", "subject"],
)
def test_an_assertion_with_wrong_claims_is_refused(
    admin: Admin, control: Control, change: dict[str, Any], number: int
) -> None:
    """Failing: the emulator takes an assertion that Entra refuses."""
    certificate = Certificate()
    application = control.register_application(ApplicationRegistration(certificates=(certificate.pem,)))
    endpoint = f"{admin.connection.authority}/{admin.connection.tenant}/oauth2/v2.0/token"
    claims = {"aud": endpoint, "iss": application.client_id, "sub": application.client_id, "exp": time.time() + 60}
    thumbprint = base64.urlsafe_b64encode(certificate.certificate.fingerprint(hashes.SHA256())).decode().rstrip("=")
    assertion = jwt.encode({**claims, **change}, certificate.key, "PS256", headers={"x5t#S256": thumbprint})
    answer = admin.sign_in({"client_assertion": lambda: assertion}, application.client_id)
    assert answer["error_codes"] == [number]


def test_an_assertion_signed_with_another_key_is_refused(admin: Admin, control: Control) -> None:
    """Failing: the signature is not checked."""
    registered, other = Certificate(), Certificate()
    application = control.register_application(ApplicationRegistration(certificates=(registered.pem,)))
    forged = {"private_key": other.key, "thumbprint": registered.certificate.fingerprint(hashes.SHA1()).hex()}  # noqa: S303 - what x5t is
    assert admin.sign_in(forged, application.client_id)["error_codes"] == [700027]


SUBJECT = "repo:contoso/partners:environment:production"


def github_assertion(admin: Admin, control: Control, audience: str | None = None) -> tuple[str, FederatedCredential]:
    """A workflow job's token, and the federated credential that trusts it."""
    job = control.github_job(SUBJECT)
    url = job.request_url + (f"&audience={audience}" if audience else "")
    answer = admin.session.get(url, headers={"Authorization": f"Bearer {job.request_token}"}, timeout=10)
    assert answer.status_code == 200
    return answer.json()["value"], FederatedCredential(issuer=job.issuer, subject=job.subject, jwks=job.jwks)


def test_a_github_job_signs_in_without_a_secret(admin: Admin, control: Control) -> None:
    """Failing: the pipeline's federated sign-in cannot be tested here."""
    assertion, credential = github_assertion(admin, control, "api://AzureADTokenExchange")
    application = control.register_application(ApplicationRegistration(federated_credentials=(credential,)))
    answer = admin.sign_in({"client_assertion": lambda: assertion}, application.client_id)
    assert admin.post("Get-InboundConnector", Authorization=f"Bearer {answer['access_token']}").status_code == 200


@pytest.mark.parametrize(
    ("audience", "update", "number"),
    [
        ("https://other.example", {}, 700212),
        ("api://AzureADTokenExchange", {"subject": "repo:contoso/partners:pull_request"}, 700213),
        ("api://AzureADTokenExchange", {"issuer": "https://issuer.example"}, 700211),
    ],
    ids=["audience", "subject", "issuer"],
)
def test_a_federated_credential_must_match_exactly(
    admin: Admin, control: Control, audience: str, update: dict[str, str], number: int
) -> None:
    """Failing: any workflow of the world signs in."""
    assertion, credential = github_assertion(admin, control, audience)
    application = control.register_application(
        ApplicationRegistration(federated_credentials=(credential.model_copy(update=update),))
    )
    assert admin.sign_in({"client_assertion": lambda: assertion}, application.client_id)["error_codes"] == [number]


def test_github_gives_no_token_without_the_request_token(admin: Admin, control: Control) -> None:
    """Failing: a client that forgets the header would work here and nowhere else."""
    job = control.github_job(SUBJECT)
    assert admin.session.get(job.request_url, timeout=10).status_code == 401


def test_a_managed_identity_gets_a_token(admin: Admin, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """Failing: the managed-identity sign-in of the client cannot be tested here."""
    application = control.register_application(ApplicationRegistration(managed_identity=True))
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", admin.connection.url)
    for identity in (
        msal.SystemAssignedManagedIdentity(),
        msal.UserAssignedManagedIdentity(client_id=application.client_id),
    ):
        client = msal.ManagedIdentityClient(identity, http_client=admin.session)
        answer = client.acquire_token_for_client(resource="https://outlook.office365.com/")
        token = answer["access_token"]
        assert claims_of(token)["appid"] == application.client_id
        assert admin.post("Get-InboundConnector", Authorization=f"Bearer {token}").status_code == 200


def test_imds_wants_its_header_and_a_known_identity(admin: Admin) -> None:
    """Failing: a client that forgets `Metadata: true` would work here and nowhere else."""
    url = f"{admin.connection.url}/metadata/identity/oauth2/token"
    query = {"api-version": "2018-02-01", "resource": "https://outlook.office365.com/"}
    without = admin.session.get(url, params=query, timeout=10)
    assert without.status_code == 400
    unknown = admin.session.get(url, params=query, headers={"Metadata": "true"}, timeout=10)
    assert unknown.json()["error_description"] == "Identity not found"


def test_wrong_and_expired_secrets_are_refused_as_entra_does(admin: Admin, control: Control) -> None:
    """Failing: the client's sentences about secrets rest on answers that Entra never gives."""
    assert admin.sign_in("wrong")["error_codes"] == [7000215]
    old = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    registration = ApplicationRegistration(secrets=(ClientSecret(value=SecretStr("old"), expires=old),))
    application = control.register_application(registration)
    answer = admin.sign_in("old", application.client_id)
    assert answer["error"] == "invalid_client"
    assert answer["error_description"].startswith("AADSTS7000222:")


def test_an_unknown_application_is_refused(admin: Admin) -> None:
    """Failing: a wrong client id looks like a wrong secret."""
    answer = admin.sign_in("any", str(uuid.uuid4()))
    assert (answer["error"], answer["error_codes"]) == ("unauthorized_client", [700016])
    assert answer["correlation_id"]


def test_an_unknown_tenant_is_refused_in_discovery_and_token(admin: Admin) -> None:
    """Failing: a wrong tenant is not noticed before the first cmdlet."""
    base = f"{admin.connection.url}/{uuid.uuid4()}"
    form = {"grant_type": "client_credentials", "client_id": "x", "scope": "y"}
    for answer in (
        admin.session.get(f"{base}/v2.0/.well-known/openid-configuration", timeout=10),
        admin.session.post(f"{base}/oauth2/v2.0/token", data=form, timeout=10),
    ):
        assert answer.status_code == 400
        assert answer.json()["error_codes"] == [90002]


@pytest.mark.parametrize(
    ("change", "error", "number"),
    [
        ({"scope": "https://outlook.office365.com/Exchange.Manage"}, "invalid_scope", 1002012),
        ({"scope": "https://nothing.example/.default"}, "invalid_resource", 500011),
        ({"scope": "https://login.microsoftonline.com/.default"}, "invalid_resource", 500011),
        ({"scope": ""}, "invalid_request", 900144),
        ({"grant_type": "password"}, "unsupported_grant_type", 70003),
        ({"client_secret": ""}, "invalid_client", 7000216),
        ({"client_assertion": "x.y.z", "client_assertion_type": "wrong"}, "invalid_request", 90014),
    ],
)
def test_malformed_token_requests_are_refused(admin: Admin, change: dict[str, str], error: str, number: int) -> None:
    """Failing: a mistake in a token request passes here and fails at Entra."""
    form = {
        "grant_type": "client_credentials",
        "client_id": admin.connection.client_id,
        "client_secret": admin.connection.client_secret,
        "scope": admin.connection.scope,
    }
    url = f"{admin.connection.url}/{admin.connection.tenant}/oauth2/v2.0/token"
    answer = admin.session.post(url, data={**form, **change}, timeout=10)
    assert answer.status_code in (400, 401)
    assert (answer.json()["error"], answer.json()["error_codes"]) == (error, [number])


def test_a_cae_challenge_is_met_only_by_a_token_asked_for_with_its_claims(admin: Admin, control: Control) -> None:
    """Failing: a client that ignores the claims of a 401 passes its test."""
    control.fault(ExpiredToken(claims=True))
    refused = admin.post("Get-InboundConnector")
    header = refused.headers["WWW-Authenticate"]
    assert refused.status_code == 401
    assert 'error="insufficient_claims"' in header
    claims = base64.b64decode(header.split('claims="')[1].split('"')[0]).decode()
    assert admin.post("Get-InboundConnector").status_code == 401
    client = admin.msal_client(admin.connection.client_secret)
    plain = client.acquire_token_for_client([admin.connection.scope])["access_token"]
    assert admin.post("Get-InboundConnector", Authorization=f"Bearer {plain}").status_code == 401
    answer = client.acquire_token_for_client([admin.connection.scope], claims_challenge=claims)
    assert admin.post("Get-InboundConnector", Authorization=f"Bearer {answer['access_token']}").status_code == 200


def test_the_token_endpoint_can_fail_too(admin: Admin, control: Control) -> None:
    """Failing: sign-in under throttling or a broken connection cannot be tested here."""
    control.fault(Throttled(retry_after="1"), "token")
    url = f"{admin.connection.url}/{admin.connection.tenant}/oauth2/v2.0/token"
    assert admin.session.post(url, data={}, timeout=10).status_code == 429
    control.fault(ConnectionReset(), "token")
    with pytest.raises(OSError):  # noqa: PT011 - requests' ConnectionError is one
        admin.session.post(url, data={}, timeout=10)
    assert "access_token" in admin.sign_in()
