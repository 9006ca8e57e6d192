"""Listings of more than one page: all of it, or an error. A part would read as deleted connectors."""

from __future__ import annotations

import pytest

from exchange_online.admin_api import AccessDenied, Effect, Unavailable, UnexpectedAnswer
from tests.exchange_online.admin_api.clients import Clients
from tests.exchange_online.admin_api.scripted_service import TENANT, Reply, ScriptedService

GET = "Get-OutboundConnector"
MORE = (
    "There are more results available than are currently displayed. To view them, increase the value for the "
    "ResultSize parameter."
)
STALE = Reply(
    400,
    {
        "error": {
            "code": "BadRequest",
            "message": "Invalid Operation",
            "innererror": {
                "internalexception": {
                    "message": "Expired or Invalid pagination request. Default Expiry time is 00:30:00",
                    "type": "System.Exception",
                }
            },
        }
    },
)


def page(service: ScriptedService, number: int, following: int | None) -> Reply:
    """A page with one row, and a link to the following one."""
    body: dict[str, object] = {"value": [{"Name": f"connector {number}"}]}
    if following is not None:
        link = f"{service.url}/adminapi/beta/{TENANT}/InvokeCommand?%24skiptoken={following}"
        body |= {"@odata.nextLink": link, "@adminapi.warnings": [MORE]}
    return Reply(body=body, headers={"request-id": f"rid-{number}"})


def names(client: Clients) -> list[object]:
    """The names of a listing."""
    return [row["Name"] for row in client().invoke(GET, {}, effect=Effect.READ).rows]


def test_pages_are_followed_with_the_same_post(client: Clients, service: ScriptedService) -> None:
    """Fails when connectors past the first page are lost, or when a page is asked for in a way the service refuses."""
    service.script = [page(service, 1, 2), page(service, 2, 3), page(service, 3, None)]
    answer = client().invoke(GET, {}, effect=Effect.READ)
    assert [row["Name"] for row in answer.rows] == ["connector 1", "connector 2", "connector 3"]
    assert answer.warnings == (), "nothing is missing, so the warning would mislead"
    assert answer.request_id == "rid-3"
    assert {seen.method for seen in service.calls} == {"POST"}
    assert len({seen.body for seen in service.calls}) == 1
    for header in ("x-anchormailbox", "client-request-id", "prefer"):
        assert len({seen.headers[header] for seen in service.calls}) == 1
    assert [seen.path.partition("?")[2] for seen in service.calls] == ["", "%24skiptoken=2", "%24skiptoken=3"]


def test_a_failing_page_fails_the_listing(client: Clients, service: ScriptedService) -> None:
    """Fails when the first 1000 of 1200 connectors pass for all of them."""
    service.script = [page(service, 1, 2), Reply(403, b"\0" * 400)]
    with pytest.raises(AccessDenied):
        names(client)


def test_a_passing_failure_of_a_page_repeats_that_page(client: Clients, service: ScriptedService) -> None:
    """Fails when a hiccup on page 2 loses or doubles rows."""
    service.script = [page(service, 1, 2), Reply(503), page(service, 2, None)]
    assert names(client) == ["connector 1", "connector 2"]


def test_a_stale_link_restarts_the_listing(client: Clients, service: ScriptedService) -> None:
    """Fails when a link that expired loses or doubles rows."""
    service.script = [page(service, 1, 2), STALE, page(service, 1, 3), page(service, 2, None)]
    assert names(client) == ["connector 1", "connector 2"]


def test_links_that_are_always_stale_end_in_an_error(client: Clients, service: ScriptedService) -> None:
    """Fails when a tenant addressed by its vanity domain makes the client go round for ever."""
    service.script = [page(service, 1, 2), STALE] * 10
    with pytest.raises(Unavailable, match="link to the next page of the listing has expired"):
        names(client)
    assert len(service.calls) == 6


def test_a_listing_cut_short_without_a_link_fails(client: Clients, service: ScriptedService) -> None:
    """Fails when the service's remark that rows are missing is taken for a complete listing."""
    service.script = [Reply(body={"value": [{"Name": "connector 1"}], "@adminapi.warnings": [MORE]})]
    with pytest.raises(UnexpectedAnswer, match="the listing is incomplete"):
        names(client)


@pytest.mark.parametrize(
    "link",
    [
        "https://localhost:1/adminapi/beta/x/InvokeCommand?a",
        "http://127.0.0.1/adminapi/beta/x/InvokeCommand?a",
        "/InvokeCommand",
        "https://[bad",
    ],
)
def test_a_link_to_another_host_never_gets_the_token(client: Clients, service: ScriptedService, link: str) -> None:
    """Fails when the access token goes wherever a link points."""
    service.script = [Reply(body={"value": [], "@odata.nextLink": link})]
    with pytest.raises(UnexpectedAnswer, match="another host"):
        names(client)


def test_a_link_in_a_circle_ends_in_an_error(client: Clients, service: ScriptedService) -> None:
    """Fails when a broken server keeps a run going for ever."""
    service.script = [page(service, 1, 2), page(service, 2, 2)]
    with pytest.raises(UnexpectedAnswer, match="was read already"):
        names(client)
