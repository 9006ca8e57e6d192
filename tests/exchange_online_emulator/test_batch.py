"""`$batch`, and a tenant that takes so many calls at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from exchange_online_emulator import Control, EmulatorProcess, most_at_once
from exchange_online_emulator.faults import ConnectionReset, Delay, Status
from tests.exchange_online_emulator.admin import Admin, refusal_text

GET, NEW = "Get-InboundConnector", "New-InboundConnector"
GOES_ON = "odata.maxpagesize=1000;odata.continue-on-error"


def member(admin: Admin, identifier: str, cmdlet: str, parameters: Any = None, **changes: Any) -> dict[str, Any]:
    """One call of a batch, as the two clients on record write it."""
    tenant = admin.connection.tenant
    return {
        "id": identifier,
        "method": "POST",
        "url": f"https://outlook.office365.com/adminapi/beta/{tenant}/InvokeCommand",
        "headers": {"X-CmdletName": cmdlet, "X-AnchorMailbox": admin.headers()["X-AnchorMailbox"]},
        "body": {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters or {}}},
    } | changes


def send(admin: Admin, members: Any, **headers: str | None) -> requests.Response:
    """A batch."""
    url = f"{admin.connection.url}/adminapi/beta/{admin.connection.tenant}/$batch"
    given = {"Prefer": GOES_ON, **headers}
    return admin.session.post(url, json={"requests": members}, headers=admin.headers(**given), timeout=30)


def answers(admin: Admin, members: Any, **headers: str | None) -> dict[str, dict[str, Any]]:
    """The answers by their ids."""
    response = send(admin, members, **headers)
    assert response.status_code == 200, response.text
    return {answer["id"]: answer for answer in response.json()["responses"]}


def new(admin: Admin, name: str) -> dict[str, Any]:
    """A call that makes a connector of that name; its id is the name."""
    return member(admin, name, NEW, {"Name": name, "SenderDomains": ["fabrikam.com"]})


def test_each_member_has_its_own_answer(admin: Admin, control: Control) -> None:
    """Failing: a client that batches, as CIPP does, finds nothing here or cannot tell its answers apart."""
    found = answers(admin, [new(admin, "a"), new(admin, "a") | {"id": "again"}, member(admin, "list", GET)])
    assert [(key, answer["status"]) for key, answer in found.items()] == [("a", 200), ("again", 400), ("list", 200)]
    assert "already exists" in found["again"]["body"]["error"]["details"][0]["message"]
    guids = [row["Guid"] for row in control.connectors("inbound")]
    assert [row["Guid"] for row in found["list"]["body"]["value"]] == guids == [found["a"]["body"]["value"][0]["Guid"]]
    assert [(call.cmdlet, call.status) for call in control.calls()] == [(NEW, 200), (NEW, 400), (GET, 200)]


def test_without_the_preference_it_ends_with_the_first_failure(admin: Admin, control: Control) -> None:
    """Failing: a client that forgets the preference works here only."""
    admin.new_inbound("a")
    found = answers(admin, [new(admin, "a"), new(admin, "b")], Prefer="odata.maxpagesize=1000")
    assert {key: answer["status"] for key, answer in found.items()} == {"a": 400}
    assert [row["Name"] for row in control.connectors("inbound")] == ["a"]


def test_the_next_page_of_a_member(admin: Admin, control: Control) -> None:
    """Failing: a listing that was begun in a batch ends after its first page."""
    names = [f"c{number}" for number in range(5)]
    answers(admin, [new(admin, name) for name in names])
    control.switch(max_page_size=2)
    asked, seen = member(admin, "0", GET, {"ResultSize": "Unlimited"}), []
    while True:
        body = answers(admin, [asked])["0"]["body"]
        seen += [row["Name"] for row in body["value"]]
        if "@odata.nextLink" not in body:
            break
        asked |= {"url": body["@odata.nextLink"]}
    assert seen == names


def test_ten_members_at_the_most(admin: Admin, control: Control) -> None:
    """Failing: a client that sends more than anybody ever did works here only."""
    assert len(answers(admin, [member(admin, str(number), GET) for number in range(10)])) == 10
    control.clear_calls()
    refused = send(admin, [member(admin, str(number), GET) for number in range(11)])
    assert (refused.status_code, refusal_text(refused)) == (400, "The batch has 11 requests; the most is 10.")
    assert control.calls() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": 7},
        {"method": "GET"},
        {"url": "InvokeCommand"},
        {"url": "https://outlook.office365.com/adminapi/beta/fabrikam.com/InvokeCommand"},
        {"url": "https://outlook.office365.com/adminapi/v1.0/x/EXOModuleFile"},
        {"url": None},
        {"headers": []},
        {"body": "{}"},
    ],
    ids=str,
)
def test_a_broken_member_breaks_the_batch(admin: Admin, control: Control, changes: dict[str, Any]) -> None:
    """Failing: a batch that the service would refuse is half done."""
    refused = send(admin, [new(admin, "a"), member(admin, "x", GET) | changes])
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "BadRequest"
    assert control.connectors("inbound") == []


@pytest.mark.parametrize("members", [None, [], {}, "x", [None], [[]], 7], ids=str)
def test_no_batch_at_all(admin: Admin, members: Any) -> None:
    """Failing: a broken body crashes the server."""
    assert send(admin, members).status_code == 400
    twice = [member(admin, "0", GET), member(admin, "0", GET)]
    assert send(admin, twice).status_code == 400


def test_a_batch_without_a_token_is_a_401(admin: Admin, control: Control) -> None:
    """Failing: strangers could run cmdlets."""
    assert send(admin, [new(admin, "a")], Authorization=None).status_code == 401
    assert control.connectors("inbound") == []


def test_a_member_without_a_role_fails_alone(admin: Admin) -> None:
    """Failing: an answer that is no JSON breaks the answers of all the others."""
    found = answers(admin, [member(admin, "0", "Get-Nonsense"), member(admin, "1", GET)])
    assert (found["0"]["status"], found["0"]["body"]) == (403, None)
    assert found["1"]["status"] == 200


def test_faults_strike_members(admin: Admin, control: Control) -> None:
    """Failing: what a batching client does when one member fails cannot be tried."""
    control.fault(Status(status=429, retry_after="2.5", text="slow down"), NEW, nth=2)
    found = answers(admin, [new(admin, name) for name in "abc"])
    assert [answer["status"] for answer in found.values()] == [200, 429, 200]
    assert (found["b"]["headers"], found["b"]["body"]) == ({"Retry-After": "2.5"}, "slow down")
    control.fault(ConnectionReset(after_write=True), NEW)
    with pytest.raises(requests.ConnectionError):
        send(admin, [new(admin, "d"), new(admin, "e")])
    assert [row["Name"] for row in control.connectors("inbound")] == ["a", "c", "d"]


def test_members_are_one_call_and_run_one_after_the_other(admin: Admin, control: Control) -> None:
    """Failing: a batch passes the tenant's limit, or is faster here than anybody knows it to be."""
    control.switch(max_concurrent=1)
    control.fault(Delay(seconds=0.02), NEW, count=None)
    found = answers(admin, [new(admin, name) for name in "abcd"])
    assert {answer["status"] for answer in found.values()} == {200}
    calls = control.calls(NEW)
    assert most_at_once(calls) == 1
    assert {call.together for call in calls} == {1}


def test_one_call_too_many(admin: Admin, control: Control, process: EmulatorProcess) -> None:
    """Failing: a client that meets the tenant's limit cannot be tried, or what is throttled is done all the same."""
    control.switch(max_concurrent=2)
    control.fault(Delay(seconds=0.5), NEW, count=None)
    others = [Admin(process) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        made = list(
            pool.map(
                lambda pair: pair[1].post(NEW, {"Name": f"c{pair[0]}", "SenderDomains": ["fabrikam.com"]}),
                enumerate(others),
            )
        )
    for other in others:
        other.session.close()
    assert sorted(response.status_code for response in made) == [200, 200, 429, 429]
    throttled = next(response for response in made if response.status_code == 429)
    assert "maximum number of concurrent requests per tenant" in throttled.text
    assert "Retry-After" not in throttled.headers
    assert len(control.connectors("inbound")) == 2
    calls = control.calls(NEW)
    assert most_at_once([call for call in calls if call.status == 200]) == 2
    assert max(call.together for call in calls) > 2
    assert send(admin, [member(admin, "0", GET)]).status_code == 200
