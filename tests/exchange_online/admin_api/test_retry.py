"""What is sent again and what is not, over a real connection. Nothing waits for real."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from exchange_online.admin_api import (
    AdminApiError,
    Effect,
    Misconfigured,
    OutcomeUnknown,
    ServiceError,
    Throttled,
    Timeouts,
    Unavailable,
    UnexpectedAnswer,
)
from exchange_online.admin_api.classification import retry_after
from tests.exchange_online.admin_api.clients import Clients, closed_port
from tests.exchange_online.admin_api.scripted_service import RESET, Reply, ScriptedService

GET, SET, NEW = "Get-InboundConnector", "Set-InboundConnector", "New-InboundConnector"
CMDLETS = {Effect.READ: GET, Effect.IDEMPOTENT: SET, Effect.CREATE: NEW}


def transient(exception_type: str, status: int = 400) -> Reply:
    """A refusal that names a .NET type which passes."""
    message = f"Ex1|Microsoft.Exchange.{exception_type}|Something passing."
    return Reply(status, {"error": {"code": "BadRequest", "message": "x", "details": [{"message": message}]}})


def outcome(client: Clients, effect: Effect) -> str:
    """`done`, or the name of the error."""
    try:
        client().invoke(CMDLETS[effect], {"Name": "Fabrikam"}, effect=effect)
    except AdminApiError as error:
        return type(error).__name__
    return "done"


THROTTLED = Reply(429)
CONCURRENCY = Reply(
    400, b"You have reached the maximum number of concurrent requests per tenant. Please wait and try again"
)


@pytest.mark.parametrize(
    ("reply", "outcomes"),
    [
        (THROTTLED, ("done", "done", "done")),
        (CONCURRENCY, ("done", "done", "done")),
        (Reply(503), ("done", "done", "OutcomeUnknown")),
        (Reply(504), ("done", "done", "OutcomeUnknown")),
        (transient("Data.Directory.DCOverloadedException"), ("done", "done", "OutcomeUnknown")),
        (transient("Data.Directory.SuitabilityDirectoryException"), ("done", "done", "OutcomeUnknown")),
        (transient("Data.Directory.ServerInMMException"), ("done", "done", "OutcomeUnknown")),
        (transient("Data.Directory.ADServerSettingsChangedException"), ("done", "done", "OutcomeUnknown")),
        (transient("Data.Storage.StorageTransientException"), ("done", "done", "OutcomeUnknown")),
        (transient("Hygiene.Data.TransientDALException"), ("done", "done", "OutcomeUnknown")),
        (transient("Data.Directory.ADTransientException", 500), ("done", "done", "OutcomeUnknown")),
        (transient("CmdletProxyNotAvailableFailure"), ("done", "done", "OutcomeUnknown")),
        (transient("ServerBusyException"), ("done", "done", "OutcomeUnknown")),
        (transient("BackendCommunicationException"), ("done", "done", "OutcomeUnknown")),
        (RESET, ("done", "done", "OutcomeUnknown")),
        (Reply(500), ("done", "Unavailable", "OutcomeUnknown")),
        (Reply(502), ("done", "Unavailable", "OutcomeUnknown")),
        (Reply(408), ("done", "Unavailable", "OutcomeUnknown")),
        (Reply(400), ("ServiceError", "ServiceError", "ServiceError")),
        (Reply(404), ("ServiceError", "ServiceError", "ServiceError")),
        (Reply(409), ("ServiceError", "ServiceError", "ServiceError")),
        (Reply(403), ("AccessDenied", "AccessDenied", "AccessDenied")),
        (Reply(200, b"<html>"), ("UnexpectedAnswer", "UnexpectedAnswer", "OutcomeUnknown")),
        (Reply(200, {"@adminapi.errors": ["It went wrong."]}), ("ServiceError", "ServiceError", "OutcomeUnknown")),
    ],
    ids=lambda value: f"{value.status} {value.content()[-60:-30].decode()}" if isinstance(value, Reply) else "",
)
def test_one_failure_then_success(
    client: Clients, service: ScriptedService, reply: Reply, outcomes: tuple[str, str, str]
) -> None:
    """Fails when a passing failure breaks a run, or worse: when a create is sent twice and a connector doubled."""
    for effect, expected in zip((Effect.READ, Effect.IDEMPOTENT, Effect.CREATE), outcomes, strict=True):
        service.script, service.calls = [reply], []
        assert outcome(client, effect) == expected, effect
        assert len(service.calls) == (2 if expected == "done" else 1), effect


def test_a_timeout_leaves_a_create_open_and_repeats_a_read(client: Clients, service: ScriptedService) -> None:
    """Fails when a create that timed out is sent again although the service may still be at it."""
    slow = Timeouts(connect=5, read=0.2)
    service.script = [Reply(delay=0.6)]
    with pytest.raises(OutcomeUnknown, match=r"did not answer in time.*whether the object was created is unknown"):
        client(timeouts=slow).invoke(NEW, {"Name": "Fabrikam"}, effect=Effect.CREATE)
    assert len(service.calls) == 1
    service.script = [Reply(delay=0.6)]
    assert client(timeouts=slow).invoke(GET, {}, effect=Effect.READ).rows == ()


def test_a_slow_cmdlet_may_be_given_more_time(client: Clients, service: ScriptedService) -> None:
    """Fails when Validate-OutboundConnector, which takes its time, can never be used."""
    service.script = [Reply(delay=0.9, body={"value": [{"TaskName": "x"}]})]
    api = client(timeouts=Timeouts(connect=5, read=0.3))
    answer = api.invoke("Validate-OutboundConnector", {"Identity": "x"}, effect=Effect.READ, read_timeout=5)
    assert answer.rows == ({"TaskName": "x"},)
    assert len(service.calls) == 1


def test_six_tries_two_seconds_doubling(client: Clients, service: ScriptedService) -> None:
    """Fails when the waits are not those of the official module: too eager prolongs an outage, too slow a run."""
    service.script = [Reply(503)] * 6
    with pytest.raises(Unavailable, match=r"tried 6 times"):
        client().invoke(GET, {}, effect=Effect.READ)
    assert len(service.calls) == 6
    assert client.sleeps == [2.0, 4.0, 8.0, 16.0, 32.0]


def test_the_client_request_id_stays_the_same_over_retries(client: Clients, service: ScriptedService) -> None:
    """Fails when Microsoft support could not see that six requests were one call."""
    service.script = [Reply(503)] * 2
    client().invoke(GET, {}, effect=Effect.READ)
    client().invoke(GET, {}, effect=Effect.READ)
    ids = [seen.headers["client-request-id"] for seen in service.calls]
    assert len(set(ids[:3])) == 1
    assert ids[3] != ids[0]


def test_retry_after_is_obeyed_to_the_decimal(client: Clients, service: ScriptedService) -> None:
    """Fails when the service's own wish is not heard: it then throttles longer."""
    service.script = [
        Reply(429, headers={"Retry-After": "1.75"}),
        Reply(503, headers={"Retry-After": "7"}),
        Reply(429, headers={"Retry-After": "soon"}),
        Reply(429, headers={"Retry-After": "nan"}),
        Reply(429, headers={"Retry-After": "-5"}),
    ]
    client().invoke(GET, {}, effect=Effect.READ)
    assert client.sleeps == [1.75, 7.0, 8.0, 16.0, 32.0]


def test_an_absurd_retry_after_ends_the_run_and_says_so(client: Clients, service: ScriptedService) -> None:
    """Fails when a pipeline sleeps for a day, or knocks earlier than it was asked to."""
    service.script = [Reply(429, headers={"Retry-After": "86400"})]
    with pytest.raises(Throttled, match="asks to wait 86400 seconds, longer than a run waits"):
        client().invoke(GET, {}, effect=Effect.READ)
    assert client.sleeps == []


def test_retry_after_as_a_date() -> None:
    """Fails when a proxy's form of Retry-After is not understood, or a past date means a wait that never ends."""
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert retry_after(format_datetime(now + timedelta(seconds=30), usegmt=True), lambda: now) == 30
    assert retry_after(format_datetime(now - timedelta(seconds=30), usegmt=True), lambda: now) is None
    assert retry_after(None) is None


def test_nobody_listening_is_retried_even_for_a_create(client: Clients) -> None:
    """Fails when a create gives up although it surely was never sent."""
    with pytest.raises(Unavailable, match=r"cannot be reached \(Connection refused\)"):
        client(host=f"https://127.0.0.1:{closed_port()}").invoke(NEW, {"Name": "Fabrikam"}, effect=Effect.CREATE)
    assert len(client.sleeps) == 5


def test_an_untrusted_certificate_is_said_at_once(
    client: Clients, service: ScriptedService, other_ca_bundle: Path
) -> None:
    """Fails when a TLS-inspecting proxy costs a minute of retries, or when a certificate is not checked at all."""
    api = client(ca_bundle=other_ca_bundle)
    with pytest.raises(Misconfigured, match=r"certificate is not trusted.*CA bundle"):
        api.invoke(GET, {}, effect=Effect.READ)
    assert client.sleeps == []
    assert service.calls == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_with_the_token(client: Clients, service: ScriptedService, status: int) -> None:
    """Fails when the access token is sent to whatever host an answer names."""
    elsewhere = f"{service.url}/elsewhere"
    service.script = [Reply(status, headers={"Location": elsewhere})]
    with pytest.raises(UnexpectedAnswer, match=r"was redirected to 127\.0\.0\.1"):
        client().invoke(SET, {"Identity": "x"}, effect=Effect.IDEMPOTENT)
    assert service.others == []


def test_an_unknown_refusal_is_shown_in_the_services_words(client: Clients, service: ScriptedService) -> None:
    """Fails when the reader of a CI log gets less than the service said."""
    body = {"error": {"code": "Conflict", "message": "The stars do not align."}}
    service.script = [Reply(409, body, {"request-id": "rid-9"})]
    with pytest.raises(ServiceError) as caught:
        client().invoke(SET, {"Identity": "Fabrikam Bank"}, effect=Effect.IDEMPOTENT)
    text = str(caught.value)
    assert "Set-InboundConnector 'Fabrikam Bank'" in text
    assert "The service said: The stars do not align." in text
    assert "HTTP 409, request-id rid-9, client-request-id " in text
    assert caught.value.failure.request_id == "rid-9"
    assert caught.value.failure.status == 409
    assert caught.value.failure.service_words == "The stars do not align."
