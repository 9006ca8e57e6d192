"""Faults: each does to a call what the service, or the network, now and then does."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from exchange_online_emulator import Control, ControlError
from exchange_online_emulator.faults import (
    ConnectionReset,
    Delay,
    ErrorsInAnswer,
    ExpiredToken,
    Forbidden,
    Garbage,
    ReadLag,
    Refusal,
    Status,
    Throttled,
)
from tests.exchange_online_emulator.admin import Admin, refusal_text

GET, NEW = "Get-InboundConnector", "New-InboundConnector"
PARAMETERS = {"Name": "Fabrikam", "SenderDomains": ["fabrikam.com"]}


def names(control: Control) -> list[str]:
    """What the tenant really holds."""
    return [row["Name"] for row in control.connectors("inbound")]


@pytest.mark.parametrize("retry_after", [None, "2", "1.5", "86400", "soon"])
def test_a_status_with_any_retry_after(admin: Admin, control: Control, retry_after: str | None) -> None:
    """Failing: the client's reading of Retry-After cannot be tested here."""
    control.fault(Status(status=429, retry_after=retry_after))
    response = admin.post(NEW, PARAMETERS)
    assert (response.status_code, response.headers.get("Retry-After")) == (429, retry_after)
    assert names(control) == []
    assert admin.post(NEW, PARAMETERS).status_code == 200


def test_the_concurrency_text_with_another_status(admin: Admin, control: Control) -> None:
    """Failing: a throttle that is no 429 cannot be tested here."""
    control.fault(Throttled(status=400))
    response = admin.post(GET)
    assert response.status_code == 400
    assert response.text.startswith("You have reached the maximum number of concurrent requests per tenant")
    assert response.headers["Content-Type"].startswith("text/plain")


def test_a_refusal_carries_its_type(admin: Admin, control: Control) -> None:
    """Failing: transient exceptions cannot be told by their type here."""
    control.fault(Refusal(exception_type="Microsoft.Exchange.Hygiene.Data.TransientDALException", text="Retry."))
    response = admin.post(GET)
    assert response.status_code == 500
    assert response.json()["error"]["details"][0]["message"].endswith("TransientDALException|Retry.")
    hiccup = "Microsoft.Exchange.Data.Directory.ADTransientException"
    control.fault(Refusal(exception_type=hiccup, details=False))
    error = admin.post(GET).json()["error"]
    assert (error["code"], "details" in error) == ("InternalServerError", False)
    assert error["innererror"]["internalexception"]["type"] == hiccup
    control.fault(Forbidden())
    assert not admin.post(GET).content.strip(b"\0")


@pytest.mark.parametrize("after_write", [False, True], ids=["before", "after"])
def test_a_reset_connection_before_or_after_the_write(admin: Admin, control: Control, after_write: bool) -> None:
    """Failing: a lost answer, the hardest case of a create, cannot be tested here."""
    control.fault(ConnectionReset(after_write=after_write), "New-*")
    with pytest.raises(requests.ConnectionError):
        admin.post(NEW, PARAMETERS)
    assert names(control) == (["Fabrikam"] if after_write else [])
    assert [(call.cmdlet, call.status, call.fault) for call in control.calls()] == [(NEW, 499, "reset")]


def test_an_answer_cut_in_the_middle(admin: Admin, control: Control) -> None:
    """Failing: an answer of which only half arrives cannot be tested here."""
    control.fault(ConnectionReset(after_write=True, midway=True), "New-*")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        admin.post(NEW, PARAMETERS)
    assert names(control) == ["Fabrikam"]


def test_a_failure_answered_after_the_write(admin: Admin, control: Control) -> None:
    """Failing: a 503 of unknown outcome cannot be tested here."""
    control.fault(Status(status=503, after_write=True), "New-*")
    assert admin.post(NEW, PARAMETERS).status_code == 503
    assert names(control) == ["Fabrikam"]


def test_a_late_answer(admin: Admin, control: Control) -> None:
    """Failing: a client's timeout cannot be tested here, or one late answer holds up the others."""
    control.fault(Delay(seconds=1.0), NEW)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(new_on_its_own_connection, admin)
        time.sleep(0.2)
        started = time.monotonic()
        assert names(control) == ["Fabrikam"]
        assert time.monotonic() - started < 0.5
        assert slow.result(timeout=10).elapsed.total_seconds() >= 1.0


def test_a_late_answer_comes_when_the_faults_are_cleared(admin: Admin, control: Control) -> None:
    """Failing: a test that holds up a call until it has seen something waits for the end of the delay all the same."""
    control.fault(Delay(seconds=60), NEW)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(new_on_its_own_connection, admin)
        deadline = time.monotonic() + 10
        while not names(control):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert not slow.done()
        control.clear_faults()
        assert slow.result(timeout=10).status_code == 200


def new_on_its_own_connection(admin: Admin) -> requests.Response:
    """A New on a connection of its own."""
    url = f"{admin.connection.url}/adminapi/beta/{admin.connection.tenant}/InvokeCommand"
    body = {"CmdletInput": {"CmdletName": NEW, "Parameters": PARAMETERS}}
    with requests.Session() as session:
        session.trust_env = False
        return session.post(url, json=body, headers=admin.headers(), timeout=30, verify=str(admin.connection.ca_bundle))


def test_a_write_that_get_does_not_show_yet(admin: Admin, control: Control) -> None:
    """Failing: a client that trusts the first Get after a write passes here."""
    control.fault(ReadLag(reads=2), "New-*")
    admin.new_inbound()
    assert [len(admin.rows(GET)) for _ in range(4)] == [0, 0, 1, 1]
    control.fault(ReadLag(reads=1), "Set-*")
    admin.rows("Set-InboundConnector", {"Identity": "Fabrikam", "RequireTls": False})
    assert [admin.rows(GET)[0]["RequireTls"] for _ in range(2)] == [True, False]
    control.fault(ReadLag(seconds=0.4), "Remove-*")
    admin.rows("Remove-InboundConnector", {"Identity": "Fabrikam"})
    assert len(admin.rows(GET)) == 1
    assert names(control) == []
    time.sleep(0.5)
    assert admin.rows(GET) == []


def test_an_expired_token_without_claims(admin: Admin, control: Control) -> None:
    """Failing: the single refresh of a client cannot be tested here."""
    control.fault(ExpiredToken())
    response = admin.post(GET)
    assert (response.status_code, response.content) == (401, b"")
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert admin.post(GET).status_code == 200


def test_a_200_that_carries_failure_or_garbage(admin: Admin, control: Control) -> None:
    """Failing: a client that trusts the status passes here."""
    control.fault(ErrorsInAnswer(errors=("It failed.",)))
    response = admin.post(NEW, PARAMETERS)
    assert (response.status_code, response.json()["@adminapi.errors"]) == (200, ["It failed."])
    control.fault(Garbage())
    broken = admin.post(GET)
    assert broken.status_code == 200
    with pytest.raises(ValueError, match="Expecting"):
        broken.json()
    assert names(control) == []


def test_faults_choose_their_calls(admin: Admin, control: Control) -> None:
    """Failing: pattern, name, nth or count of a fault is not honoured."""
    guid = admin.new_inbound("A")["Guid"]
    admin.new_inbound("B")
    active = control.fault(Status(status=500), "set-inbound*", identity="a", nth=2, count=2)
    statuses = [
        admin.post("Set-InboundConnector", {"Identity": identity, "Comment": str(number)}).status_code
        for number, identity in enumerate(["A", "B", guid, "A", "B", "A"])
    ]
    assert statuses == [200, 200, 500, 500, 200, 200]
    found = next(fault for fault in control.faults() if fault.id == active.id)
    assert (found.matched, found.acted) == (4, 2)
    control.fault(Status(), count=None)
    assert [admin.post(GET).status_code for _ in range(3)] == [429, 429, 429]
    control.clear_faults()
    assert admin.post(GET).status_code == 200


def test_the_call_log_holds_what_was_sent(admin: Admin, control: Control) -> None:
    """Failing: a test cannot see what a client really sent."""
    admin.post("new-inboundconnector", {"name": "A", "SenderDomains": "a.com"}, client_request_id="id-1", Prefer="p")
    admin.post(GET)
    refused = admin.post("Remove-InboundConnector", {"Identity": "nobody"})
    writes = control.writes()
    assert [(call.cmdlet, call.status) for call in writes] == [
        ("new-inboundconnector", 200),
        ("Remove-InboundConnector", refused.status_code),
    ]
    assert writes[0].parameters == {"name": "A", "SenderDomains": "a.com"}
    assert (writes[0].client_request_id, writes[0].prefer) == ("id-1", "p")
    assert writes[0].anchor == admin.headers()["X-AnchorMailbox"]
    assert len(control.calls(GET)) == 1
    control.clear_calls()
    assert control.calls() == []


def test_reset_forgets_everything_but_the_identity(admin: Admin, control: Control) -> None:
    """Failing: one test leaves something to the next."""
    control.switch(strict=True, offering="prohibited")
    control.fault(Status(), count=None)
    control.seed(inbound=[PARAMETERS], accepted_domains=["contoso.com"])
    control.reset()
    status = control.status()
    assert (status.counts["InboundConnector"], status.counts["AcceptedDomain"], status.calls) == (0, 1, 0)
    assert (status.switches.strict, status.faults) == (False, [])
    assert admin.new_inbound()["Name"] == "Fabrikam"


def test_the_control_api_says_what_is_wrong(control: Control) -> None:
    """Failing: a mistake in a test's set-up is hard to find."""
    with pytest.raises(ControlError, match=r"offering: .*'unrestricted'"):
        control.switch(offering="sometimes")
    with pytest.raises(ControlError, match="no cmdlet Get-Mailbox"):
        control.invoke("Get-Mailbox")
    with pytest.raises(ControlError, match="no fault 99"):
        control.remove_fault(99)
    with pytest.raises(ControlError, match="Bogus"):
        control.seed(inbound=[{**PARAMETERS, "Bogus": 1}])
    assert names(control) == []


def test_semantic_refusals_have_the_observed_form(admin: Admin) -> None:
    """Failing: the text of CIPP #3873 is not what a client gets."""
    response = admin.post("New-OutboundConnector", {"Name": "F", "SenderRewritingEnabled": True})
    assert response.json()["error"]["details"][0]["message"] == (
        "|System.ArgumentException|The SenderRewritingEnabled parameter can only be specified for Connector type "
        "OnPremises."
    )
    assert refusal_text(response).startswith("The SenderRewritingEnabled")


def test_a_call_on_its_way_during_a_reset_is_forgotten_too(admin: Admin, control: Control) -> None:
    """Failing: a test that leaves a call behind adds a write to the call log of the next one."""
    control.fault(Delay(seconds=1.0), NEW)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(admin.post, NEW, PARAMETERS)
        while not names(control):
            time.sleep(0.02)
        control.reset()
        answer.result()
    assert control.calls() == []
