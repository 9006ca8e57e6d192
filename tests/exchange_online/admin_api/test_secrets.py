"""A planted secret never shows: not in a repr, an error, a traceback with its variables, or a log at its chattiest."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange_online.admin_api import (
    AccessToken,
    AdminApi,
    AdminApiError,
    ClientCertificate,
    ClientSecret,
    Cloud,
    Connection,
    Effect,
    GitHubOidc,
    Settings,
    Timeouts,
    clean,
)
from exchange_online.admin_api.clouds import EmulatorIdentity
from tests.exchange_online.admin_api.clients import CANARY, Clients
from tests.exchange_online.admin_api.scripted_service import CLIENT, RESET, TENANT, Reply, ScriptedService

TOKEN = "eyJhbGciOiJub25lIn0.eyJjYW5hcnkiOiJjYW5hcnktdG9rZW4ifQ.canary-signature"


def test_no_repr_shows_a_secret() -> None:
    """Fails when a debugger, a log line or an assertion message prints a credential."""
    holders = (
        ClientSecret("app", CANARY),
        ClientCertificate("app", Path("x"), CANARY),
        GitHubOidc("app", f"https://gh.example/{CANARY}", CANARY),
        Settings(cloud="local", client_secret=CANARY),
        EmulatorIdentity("tenant", "app", CANARY),
        AccessToken(CANARY),
    )
    for holder in holders:
        assert CANARY not in f"{holder!r} {holder}"


def test_text_from_elsewhere_is_cleaned() -> None:
    """Fails when a server that echoes a request brings a secret into an error text."""
    for text in (
        f"got {CANARY}",
        f"Authorization: Bearer {TOKEN}",
        f"token={TOKEN}",
        "client_secret=abcdefghijklmnop&x=y",
        '{"client_assertion": "abcdefghijklmnop"}',
    ):
        cleaned = clean(text, (CANARY,))
        for secret in (CANARY, TOKEN, "canary-signature", "abcdefghijklmnop"):
            assert secret not in cleaned


def everything_shown(act: Callable[[], object], caplog: pytest.LogCaptureFixture) -> str:
    """What a failure shows: error, repr, traceback, the variables of our frames, all log records."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(AdminApiError) as caught:
        act()
    error = caught.value
    shown = "".join(traceback.format_exception(error))
    for entry in traceback.TracebackException.from_exception(error, capture_locals=True).stack:
        if "admin_api" in entry.filename and "tests" not in entry.filename:
            shown += str(entry.locals)
    assert error.__suppress_context__ or error.__context__ is None, "the cause would be printed too"
    records = "".join(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records)
    assert "connection" in records, "the libraries did log"
    return f"{shown} {error} {error!r} {error.args} {records}"


FAILURES: dict[str, tuple[list[Reply], list[Reply]]] = {
    "wrong secret": (
        [Reply(401, {"error": "invalid_client", "error_description": f"AADSTS7000215: Invalid secret '{CANARY}'."})],
        [],
    ),
    "garbage token answer": ([Reply(body=f"<html>{CANARY}</html>".encode())], []),
    "broken token endpoint": ([RESET] * 6, []),
    "refused by the service, which echoes": (
        [Reply(body={"access_token": TOKEN, "expires_in": 3600})],
        [Reply(400, f"Bad header Authorization: Bearer {TOKEN}".encode())],
    ),
    "throttled": ([Reply(body={"access_token": TOKEN, "expires_in": 3600})], [Reply(429)] * 6),
    "lost": ([Reply(body={"access_token": TOKEN, "expires_in": 3600})], [RESET] * 6),
    "not accepted": ([Reply(body={"access_token": TOKEN, "expires_in": 3600})] * 2, [Reply(401)] * 2),
}


@pytest.mark.parametrize("name", FAILURES)
def test_no_failure_shows_a_secret(
    client: Clients, service: ScriptedService, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Fails when a CI log would hold a client secret or an access token."""
    service.token_script, service.script = (list(replies) for replies in FAILURES[name])
    shown = everything_shown(lambda: client().invoke("Get-InboundConnector", {}, effect=Effect.READ), caplog)
    for secret in (CANARY, TOKEN, "canary-signature"):
        assert secret not in shown


@pytest.mark.usefixtures("client")
def test_a_netrc_file_does_not_replace_the_token(
    service: ScriptedService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails when a password that somebody keeps for the host goes out instead of the token."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"default login somebody password {CANARY}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    cloud = Cloud("commercial", service.url, "https://outlook.office365.com/.default", service.url, service.ca_bundle)
    with AdminApi(Connection(cloud, TENANT, ClientSecret(CLIENT, CANARY)), timeouts=Timeouts(5, 5)) as api:
        api.invoke("Get-InboundConnector", {}, effect=Effect.READ)
    assert service.calls[0].headers["authorization"] == "Bearer token-1"
    assert "authorization" not in service.token_requests[0].headers
