"""Listings longer than a page."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from exchange_online_emulator import Control
from exchange_online_emulator.faults import BrokenPageLink
from tests.exchange_online_emulator.admin import Admin, refusal_text

UNLIMITED = {"ResultSize": "Unlimited"}


def seed(control: Control, count: int) -> None:
    """That many inbound connectors."""
    connectors = [{"Name": f"P{number:05}", "SenderDomains": [f"p{number}.com"]} for number in range(count)]
    assert control.seed(inbound=connectors) == count


def follow(admin: Admin, first: requests.Response, **headers: str | None) -> requests.Response:
    """The POST of the same body to the next link."""
    body = first.request.body
    assert body is not None
    link = first.json()["@odata.nextLink"]
    return admin.session.post(link, data=body, headers=admin.headers(**headers), timeout=30)


def names(response: requests.Response) -> list[str]:
    """The names of a page."""
    return [row["Name"] for row in response.json()["value"]]


def test_two_thousand_connectors_come_in_pages_and_completely(admin: Admin, control: Control) -> None:
    """Failing: connectors are lost between pages, or a page that leaves some out does not say so."""
    seed(control, 2345)
    page = admin.post("Get-InboundConnector", UNLIMITED, Prefer="odata.maxpagesize=1000")
    found = names(page)
    while "@odata.nextLink" in page.json():
        assert "more results available" in page.json()["@adminapi.warnings"][0]
        page = follow(admin, page, Prefer="odata.maxpagesize=1000")
        found += names(page)
    assert page.json()["@adminapi.warnings"] == []
    assert found == [f"P{number:05}" for number in range(2345)]


def test_without_result_size_the_listing_is_cut_with_a_warning(admin: Admin, control: Control) -> None:
    """Failing: a client that forgets ResultSize sees everything here."""
    seed(control, 1003)
    page = admin.post("Get-InboundConnector")
    assert len(names(page)) == 1000
    assert "more results available" in page.json()["@adminapi.warnings"][0]
    assert names(follow(admin, page)) == ["P01000", "P01001", "P01002"]
    few = admin.post("Get-InboundConnector", {"ResultSize": 2})
    assert names(few) == ["P00000", "P00001"]
    assert few.json()["@adminapi.warnings"]


def test_the_page_size_is_what_prefer_asks_up_to_the_maximum(admin: Admin, control: Control) -> None:
    """Failing: Prefer is not honoured."""
    seed(control, 5)
    assert len(names(admin.post("Get-InboundConnector", UNLIMITED, Prefer="odata.maxpagesize=2"))) == 2
    control.switch(max_page_size=3)
    page = admin.post("Get-InboundConnector", UNLIMITED, Prefer="odata.maxpagesize=1000")
    assert len(names(page)) == 3
    last = follow(admin, page)
    assert names(last) == ["P00003", "P00004"]
    assert "@odata.nextLink" not in last.json()


def test_result_size_has_no_effect_by_switch(admin: Admin, control: Control) -> None:
    """Failing: a client that trusts in ResultSize cannot be tested here."""
    seed(control, 3)
    control.switch(result_size="ignored")
    for size in (1, "1", "Unlimited", None):
        page = admin.post("Get-InboundConnector", {} if size is None else {"ResultSize": size})
        assert (len(names(page)), page.json()["@adminapi.warnings"]) == (3, [])


def test_connectors_made_or_removed_meanwhile_do_not_shift_the_pages(admin: Admin, control: Control) -> None:
    """Failing: a row is skipped or repeated when the tenant changes between two pages."""
    seed(control, 6)
    control.switch(max_page_size=3)
    page = admin.post("Get-InboundConnector", UNLIMITED)
    control.invoke("Remove-InboundConnector", {"Identity": "P00000"})
    control.invoke("New-InboundConnector", {"Name": "New", "SenderDomains": ["new.com"]})
    assert names(follow(admin, page)) == ["P00003", "P00004", "P00005"]


@pytest.mark.parametrize("how", ["get", "other body", "other anchor", "tampered", "expired"])
def test_a_next_link_works_only_for_its_own_request(admin: Admin, control: Control, how: str) -> None:
    """Failing: a client that breaks the rules of paging passes here."""
    seed(control, 4)
    control.switch(max_page_size=2)
    page = admin.post("Get-InboundConnector", UNLIMITED)
    link, body = page.json()["@odata.nextLink"], page.request.body
    if how == "get":
        assert admin.session.get(link, headers=admin.headers(), timeout=10).status_code == 405
        return
    changed: dict[str, Any] = {"data": body, "headers": admin.headers()}
    if how == "other body":
        changed["data"] = str(body).replace("Unlimited", "unlimited")
    elif how == "other anchor":
        changed["headers"] = admin.headers(X_AnchorMailbox="UPN:admin@fabrikam.com")
    elif how == "tampered":
        link = link[:-12] + "AAAAAAAAAAAA"
    else:
        control.switch(page_token_lifetime_seconds=0)
    response = admin.session.post(link, **changed, timeout=10)
    assert response.status_code == 400
    assert refusal_text(response).startswith("Expired or Invalid pagination request.")


@pytest.mark.parametrize(("how", "status"), [("stale", 400), ("error", 500)])
def test_a_broken_page_link_breaks_the_second_page_only(admin: Admin, control: Control, how: Any, status: int) -> None:
    """Failing: a listing that fails halfway cannot be tested here."""
    seed(control, 4)
    control.switch(max_page_size=2)
    control.fault(BrokenPageLink(how=how), "Get-InboundConnector")
    page = admin.post("Get-InboundConnector", UNLIMITED)
    assert page.status_code == 200
    assert follow(admin, page).status_code == status
    assert follow(admin, page).status_code == 200
