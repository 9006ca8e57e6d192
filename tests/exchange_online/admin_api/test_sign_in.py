"""Signing in: real MSAL against a real token endpoint, whose answers the test wrote."""

from __future__ import annotations

import base64
import json
import threading

import pytest

from exchange_online.admin_api import (
    AccessDenied,
    Effect,
    Misconfigured,
    NotAuthenticated,
    Unavailable,
    UnexpectedAnswer,
)
from tests.exchange_online.admin_api.clients import Clients
from tests.exchange_online.admin_api.scripted_service import CLIENT, TENANT, Reply, ScriptedService

GET = "Get-InboundConnector"
APP_ROLE = "Exchange.ManageAsApp"
GLOBAL_READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"
ADMINISTRATOR = "29232cdf-9323-42fd-ade2-1d097af3e4de"


def refusal(code: str, text: str, status: int = 401) -> Reply:
    """A refused sign-in, as Entra words it."""
    return Reply(
        status,
        {
            "error": "invalid_client",
            "error_description": f"AADSTS{code}: {text} Trace ID: t-1 Correlation ID: c-1 Timestamp: 2026-01-02 03:04Z",
            "error_codes": [int(code)],
            "trace_id": "t-1",
            "correlation_id": "c-1",
        },
    )


def jwt(**claims: object) -> str:
    """A token that holds these claims; nobody checks its signature here."""
    parts = ({"alg": "none"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + ".sig"


def issued(token: str, expires_in: int = 3600, **more: object) -> Reply:
    """The token endpoint's answer."""
    return Reply(body={"access_token": token, "token_type": "Bearer", "expires_in": expires_in, **more})


def get(client: Clients, **options: object) -> None:
    """One call."""
    client(**options).invoke(GET, {}, effect=Effect.READ)  # type: ignore[arg-type]


def test_all_clients_and_threads_of_a_process_share_one_token(client: Clients, service: ScriptedService) -> None:
    """Fails when each of Pulumi's threads signs in for itself: Entra throttles that."""
    api, other = client(), client()
    threads = [threading.Thread(target=lambda: api.invoke(GET, {}, effect=Effect.READ)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.invoke(GET, {}, effect=Effect.READ)
    assert len(service.calls) == 5
    assert len(service.token_requests) == 1
    form = service.token_requests[0].form
    assert form["scope"] == "https://outlook.office365.com/.default"
    assert (form["client_id"], form["grant_type"]) == (CLIENT, "client_credentials")


def test_a_refused_token_is_renewed_once(client: Clients, service: ScriptedService) -> None:
    """Fails when a revoked token stops a run, or when the same token is tried for ever."""
    service.script = [Reply(401), Reply(body={"value": [{"Name": "x"}]})]
    api = client()
    assert api.invoke("New-InboundConnector", {"Name": "x"}, effect=Effect.CREATE).rows == ({"Name": "x"},)
    assert [seen.headers["authorization"] for seen in service.calls] == ["Bearer token-1", "Bearer token-2"]
    service.script = [Reply(401), Reply(401)]
    with pytest.raises(NotAuthenticated, match="did not accept the access token"):
        api.invoke(GET, {}, effect=Effect.READ)
    assert len(service.calls) == 4


def test_a_claims_challenge_reaches_the_token_endpoint(client: Clients, service: ScriptedService) -> None:
    """Fails when continuous access evaluation locks the application out until its token ends."""
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": "1700000000"}}})
    header = f'Bearer realm="", error="insufficient_claims", claims="{base64.b64encode(claims.encode()).decode()}"'
    service.script = [Reply(401, headers={"WWW-Authenticate": header})]
    get(client)
    sent = json.loads(service.token_requests[1].form["claims"])
    assert sent["access_token"]["nbf"] == {"essential": True, "value": "1700000000"}
    assert sent["access_token"]["xms_cc"] == {"values": ["CP1"]}


def test_a_token_renewed_by_another_thread_is_used(client: Clients, service: ScriptedService) -> None:
    """Fails when four threads that got 401 together sign in four times."""
    barrier = threading.Barrier(3)
    api = client()
    api.invoke(GET, {}, effect=Effect.READ)
    service.script = [Reply(401, delay=0.6)] * 3

    def call() -> None:
        barrier.wait()
        api.invoke(GET, {}, effect=Effect.READ)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(service.calls) == 7
    assert len(service.token_requests) == 2


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("7000215", "the client secret is wrong.*Value.*not its Secret ID"),
        ("500014", "Exchange Online is off in the tenant.*renew the subscription"),
        ("7000222", "the client secret has expired.*Create a new client secret"),
        ("700016", "the tenant does not know the application.*Check clientId and tenant"),
        ("500011", "does not know the service that the token is for.*scope"),
        ("1002012", "the scope of the token is not valid"),
        ("700213", "no federated credential of the application matches.*subject"),
        ("53003", "a Conditional Access policy blocks"),
        ("99999999", "the sign-in was refused"),
    ],
)
def test_entras_refusals_say_what_to_do(client: Clients, service: ScriptedService, code: str, what: str) -> None:
    """Fails when whoever set up the pipeline must look the code up elsewhere."""
    service.token_script = [refusal(code, "Entra's own words.")]
    with pytest.raises(NotAuthenticated, match=what) as caught:
        get(client)
    text = str(caught.value)
    assert f"Signing in to tenant {TENANT} as application {CLIENT} (from a test): " in text
    assert f"AADSTS{code}: Entra's own words." in text
    assert "client-request-id c-1" in text
    assert "Timestamp" not in text
    assert len(service.token_requests) == 1
    assert service.calls == []


def test_an_unknown_tenant_is_told_from_a_network_failure(client: Clients, service: ScriptedService) -> None:
    """Fails when a wrong tenant reads as MSAL's guess about authorities."""
    service.discovery_script = [refusal("90002", "Tenant 'x' not found.", 400)]
    with pytest.raises(NotAuthenticated, match="the tenant does not exist in this cloud"):
        get(client)


def test_the_token_service_is_retried_too(client: Clients, service: ScriptedService) -> None:
    """Fails when a passing failure of Entra stops a run, or makes 36 requests of 6."""
    service.discovery_script = [Reply(503)]
    service.token_script = [Reply(500), Reply(429, headers={"Retry-After": "3"})]
    get(client)
    assert client.sleeps == [2.0, 2.0, 3.0]
    service.token_script = [Reply(503)] * 10
    service.script = [Reply(401)]
    with pytest.raises(Unavailable, match=r"token service .* failed \(tried 6 times\)"):
        get(client)
    assert len(service.token_requests) == 3 + 6


def test_a_create_whose_token_failed_is_known_not_to_have_happened(client: Clients, service: ScriptedService) -> None:
    """Fails when an outage of Entra makes every create look half-done."""
    service.token_script = [Reply(503)] * 6
    with pytest.raises(Unavailable):
        client().invoke("New-InboundConnector", {"Name": "x"}, effect=Effect.CREATE)
    assert service.calls == []


def test_a_token_that_is_still_good_outlives_an_outage(client: Clients, service: ScriptedService) -> None:
    """Fails when a run breaks half an hour before its token ends because Entra cannot renew it early."""
    service.token_script = [issued("early", 3600, refresh_in=0), *[Reply(503)] * 6]
    get(client)
    get(client)
    assert [seen.headers["authorization"] for seen in service.calls] == ["Bearer early", "Bearer early"]


def test_a_redirect_of_the_token_endpoint_never_gets_the_secret(client: Clients, service: ScriptedService) -> None:
    """Fails when a client secret is posted to whatever host an answer names."""
    service.token_script = [Reply(307, headers={"Location": f"{service.url}/elsewhere"})]
    with pytest.raises(Misconfigured, match="redirects elsewhere; the credential was not sent there"):
        get(client)
    assert service.others == []


def test_garbage_of_the_token_endpoint_is_a_sentence(client: Clients, service: ScriptedService) -> None:
    """Fails when a proxy's login page gives MSAL's traceback."""
    service.token_script = [Reply(body=b"<html>login</html>")]
    with pytest.raises(UnexpectedAnswer, match="is not one of a token service"):
        get(client)


def test_the_tenants_domain_is_resolved_to_its_guid_once(client: Clients, service: ScriptedService) -> None:
    """Fails when a domain reaches the path or the anchor: the service answers 401, or breaks paging."""
    for _ in range(2):
        get(client, tenant="Contoso.onmicrosoft.com")
    assert {seen.path for seen in service.calls} == {f"/adminapi/beta/{TENANT}/InvokeCommand"}
    assert all(TENANT in seen.headers["x-anchormailbox"] for seen in service.calls)
    assert [seen.path for seen in service.discoveries].count(
        "/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration"
    ) == 1


def test_a_tenant_that_is_neither_guid_nor_domain_is_refused(client: Clients, service: ScriptedService) -> None:
    """Fails when anything could be put into an address."""
    with pytest.raises(Misconfigured, match="neither a GUID nor a domain"):
        get(client, tenant="../x")
    assert service.discoveries == []


@pytest.mark.parametrize(
    ("claims", "status", "refused"),
    [
        ({"roles": []}, 401, (AccessDenied, "does not hold the app role Exchange.ManageAsApp")),
        ({"roles": [APP_ROLE]}, 403, (AccessDenied, "holds no Entra role that manages connectors")),
        ({"roles": [APP_ROLE], "wids": [GLOBAL_READER]}, 403, (AccessDenied, "Global Reader, which only reads")),
        ({"roles": [APP_ROLE], "wids": [ADMINISTRATOR]}, 403, (AccessDenied, "does hold .* if they are new, wait")),
        ({"roles": [APP_ROLE], "wids": [ADMINISTRATOR]}, 401, (NotAuthenticated, "Check that the application")),
        ({"aud": "https://graph.microsoft.com"}, 401, (NotAuthenticated, "The token is for https://graph.micr")),
        ({"tid": "00000000-2222-4333-8444-555555555555"}, 401, (NotAuthenticated, "belongs to another tenant")),
    ],
)
def test_a_refused_token_tells_what_it_lacks(
    client: Clients,
    service: ScriptedService,
    claims: dict[str, object],
    status: int,
    refused: tuple[type[Exception], str],
) -> None:
    """Fails when an empty 401 or 403 leaves the administrator guessing which of two grants is missing."""
    usual = {"aud": "https://outlook.office365.com", "tid": TENANT}
    service.token_script = [issued(jwt(**(usual | claims)))] * 2
    service.script = [Reply(status), Reply(status)]
    kind, why = refused
    with pytest.raises(kind, match=why) as caught:
        client().invoke("Set-InboundConnector", {"Identity": "x"}, effect=Effect.IDEMPOTENT)
    assert type(caught.value) is kind
