"""One listing for each direction, and when a connector counts as gone."""

from __future__ import annotations

import pytest

from exchange_online.admin_api import AdminApiError
from exchange_online.connectors import Direction
from exchange_online_emulator import Control
from exchange_online_emulator.faults import BrokenPageLink, Garbage, Status
from tests.exchange_online.lifecycle.conftest import Parts

INBOUND = Direction.INBOUND
_EMPTY = Garbage(body='{"value": []}')


@pytest.fixture
def guids(tenant: Control) -> list[str]:
    """Three inbound connectors."""
    tenant.seed(inbound=[{"Name": f"C{i}", "SenderDomains": ["a.example"]} for i in range(3)])
    return [row["Guid"] for row in tenant.connectors("inbound")]


def _lists(tenant: Control) -> int:
    return len([call for call in tenant.calls("Get-InboundConnector") if call.page == 1])


def test_all_questions_share_one_listing(parts: Parts, tenant: Control, guids: list[str]) -> None:
    """Failing, a run over 400 connectors would list 400 times."""
    listing = parts.listing()
    assert [record.guid for record in listing.all(INBOUND)] == guids
    assert all(listing.find(INBOUND, guid) for guid in guids)
    assert [record.guid for record in listing.named(INBOUND, "c1")] == [guids[1]]
    assert _lists(tenant) == 1
    assert parts.sleeps == []


def test_missing_from_two_listings_is_gone(parts: Parts, tenant: Control, guids: list[str]) -> None:
    """Failing, a removed connector would never read as gone, or every one of a hundred would be waited for."""
    listing = parts.listing()
    absent = "11111111-2222-3333-4444-555555555555"
    assert listing.find(INBOUND, absent) is None
    assert (_lists(tenant), parts.sleeps) == (2, [2.0])
    assert listing.find(INBOUND, absent.replace("1", "6")) is None
    assert listing.find(INBOUND, guids[0]) is not None
    assert (_lists(tenant), parts.sleeps) == (2, [2.0])


def test_what_was_just_made_is_looked_for_longer(parts: Parts, tenant: Control, guids: list[str]) -> None:
    """Failing, a connector that does not show everywhere yet counts as gone, and the next run makes a second one."""
    listing = parts.listing()
    absent = "11111111-2222-3333-4444-555555555555"
    tenant.fault(_EMPTY, "Get-InboundConnector", nth=1, count=5)
    assert listing.find(INBOUND, guids[0], young=True) is not None
    assert (_lists(tenant), sum(parts.sleeps)) == (6, 15.0)
    assert listing.find(INBOUND, absent, young=True) is None
    assert listing.find(INBOUND, absent) is None
    assert _lists(tenant) == 6


def test_missing_from_the_first_listing_only_is_there(parts: Parts, tenant: Control, guids: list[str]) -> None:
    """Failing, one reader that lags would make the next run create what exists."""
    tenant.fault(_EMPTY, "Get-InboundConnector")
    assert parts.listing().find(INBOUND, guids[0]) is not None


def test_missing_from_the_second_listing_only_is_there(parts: Parts, tenant: Control, guids: list[str]) -> None:
    """Failing, a connector that one listing held would count as gone by the next one alone."""
    listing = parts.listing()
    tenant.fault(_EMPTY, "Get-InboundConnector", nth=2)
    assert listing.find(INBOUND, "11111111-2222-3333-4444-555555555555") is None
    assert listing.find(INBOUND, guids[0]) is not None
    assert _lists(tenant) == 3


@pytest.mark.parametrize("action", [Status(status=500), BrokenPageLink(), BrokenPageLink(how="error")])
def test_a_listing_that_fails_says_nothing(parts: Parts, tenant: Control, guids: list[str], action: object) -> None:
    """Failing, half a listing, or none, would be taken for the whole."""
    tenant.switch(max_page_size=2)
    tenant.fault(action, "Get-InboundConnector", count=None)  # type: ignore[arg-type]
    listing = parts.listing()
    for question in (lambda: listing.find(INBOUND, guids[2]), lambda: listing.all(INBOUND)):
        with pytest.raises(AdminApiError):
            question()
    tenant.clear_faults()
    assert listing.find(INBOUND, guids[2]) is not None


def test_a_known_write_needs_no_new_listing(parts: Parts, tenant: Control, guids: list[str]) -> None:
    """Failing, every create of a run would list the tenant again."""
    listing = parts.listing()
    record = listing.all(INBOUND)[0]
    listing.remove(INBOUND, record.guid)
    assert [record.guid for record in listing.all(INBOUND)] == guids[1:]
    listing.enter(record)
    assert {record.guid for record in listing.all(INBOUND)} == set(guids)
    assert _lists(tenant) == 1


def test_an_unknown_outcome_lists_again(parts: Parts, tenant: Control, guids: list[str]) -> None:
    """Failing, a create whose answer was lost would not be looked for."""
    listing = parts.listing()
    listing.all(INBOUND)
    listing.drop(INBOUND)
    assert len(listing.all(INBOUND)) == len(guids)
    assert _lists(tenant) == 2


@pytest.mark.parametrize("shows", ["only", "also"])
def test_test_mode_connectors_are_in_the_listing_once(parts: Parts, tenant: Control, shows: str) -> None:
    """Failing, a test-mode connector would be missed, or be there twice."""
    tenant.switch(include_test_mode=shows)
    tenant.seed(outbound=[{"Name": "Trial", "TestMode": True}, {"Name": "Plain"}])
    names = sorted(record.name for record in parts.listing().all(Direction.OUTBOUND))
    assert names == ["Plain", "Trial"]
