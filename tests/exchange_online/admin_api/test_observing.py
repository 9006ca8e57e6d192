"""A request that is sent exactly as it is given, and its answer as it came: what `conformance` looks at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange_online.admin_api import AccessToken, Effect, NotAuthenticated, OutcomeUnknown, Throttled, Unavailable
from tests.exchange_online.admin_api.clients import Clients
from tests.exchange_online.admin_api.scripted_service import RESET, Reply, ScriptedService

_BUSY = {"error": {"details": [{"message": "|Microsoft.Exchange.Data.Directory.ADTransientException|Busy."}]}}


def test_a_refusal_is_an_answer_and_nothing_is_added_to_what_was_asked(
    client: Clients, service: ScriptedService
) -> None:
    """Failing means that an experiment sees what the client makes of an answer, and not the answer."""
    service.script += [Reply(400, {"error": {"message": "No."}}, {"X-Odd": "1"}), Reply(500, b"plain")]
    api = client()
    sent = api.request("Get-InboundConnector", {})
    changed = replace(sent, headers={**sent.headers, "Prefer": "odata.maxpagesize=1"})
    refused = api.observe(changed, effect=Effect.READ, where="Looking")
    failed = api.observe(sent, effect=Effect.READ, where="Looking")
    assert (refused.status, refused.headers["x-odd"], refused.body.content) == (
        400,
        "1",
        b'{"error": {"message": "No."}}',
    )
    assert (failed.status, failed.body.content) == (500, b"plain")
    assert [seen.headers["prefer"] for seen in service.calls] == ["odata.maxpagesize=1", "odata.maxpagesize=1000"]
    assert service.calls[0].parameters == {}
    service.other_script.append(Reply(body={"value": []}))
    found = api.observe(replace(sent, url=f"{service.url}/else", body=b"", method="GET"), effect=Effect.READ, where="x")
    assert (found.status, service.others[0].method) == (200, "GET")


def test_what_passes_is_waited_for_and_a_create_is_not_sent_twice(client: Clients, service: ScriptedService) -> None:
    """Failing means that a busy service counts as one that refuses, or that an object is made twice."""
    service.script += [Reply(429, b"", {"Retry-After": "7"}), Reply(503), Reply(500, _BUSY), Reply(body={"value": []})]
    api = client()
    sent = api.request("Get-InboundConnector", {})
    assert api.observe(sent, effect=Effect.READ, where="Looking").status == 200
    assert client.sleeps[0] == 7.0
    service.script += [RESET]
    with pytest.raises(OutcomeUnknown):
        api.observe(api.request("New-InboundConnector", {}), effect=Effect.CREATE, where="Making", writes=["x"])
    service.script += [Reply(503)] * 6 + [Reply(429)] * 6
    for kind in (Unavailable, Throttled):
        with pytest.raises(kind):
            api.observe(sent, effect=Effect.READ, where="Looking")


def test_another_token_is_shown_as_it_is_and_an_own_one_that_is_refused_ends_it(
    client: Clients, service: ScriptedService
) -> None:
    """Failing means that the answer to a wrong token cannot be seen, or that a run goes on without a right one."""
    service.script += [Reply(401), Reply(401), Reply(401)]
    api = client()
    sent = api.request("Get-InboundConnector", {})
    for value in ("", "odd"):
        assert api.observe(sent, effect=Effect.READ, where="Looking", token=AccessToken(value)).status == 401
    assert service.token_requests == []
    with pytest.raises(NotAuthenticated, match="Looking"):
        api.observe(sent, effect=Effect.READ, where="Looking")
    assert [seen.headers.get("authorization") for seen in service.calls] == [None, "Bearer odd", "Bearer token-1"]
    assert api.token_claims() == {}
