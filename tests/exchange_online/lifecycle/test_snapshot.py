"""Listings that the processes of one command hand on to each other."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from exchange_online.admin_api import Tenant
from exchange_online.connectors import ConnectorRecord, Direction
from exchange_online.lifecycle import LISTINGS, HandedOn, Listing, Snapshot, handing_on
from exchange_online_emulator import Control
from tests.exchange_online.lifecycle.conftest import Parts

INBOUND = Direction.INBOUND


@pytest.fixture
def guids(tenant: Control) -> set[str]:
    """Two inbound connectors."""
    tenant.seed(inbound=[{"Name": f"C{i}", "SenderDomains": ["a.example"], "Comment": "ä\n1"} for i in range(2)])
    return {row["Guid"] for row in tenant.connectors("inbound")}


def _listing(parts: Parts, handed_on: HandedOn) -> Listing:
    return Listing(parts.cmdlets, parts.sleeps.append, handed_on)


def _lists(tenant: Control) -> int:
    return len([call for call in tenant.calls("Get-InboundConnector") if call.page == 1])


def test_the_next_process_knows_what_one_has_listed(parts: Parts, tenant: Control, guids: set[str]) -> None:
    """Failing, each process of a run lists the tenant again; or it knows something else than the tenant has."""
    with handing_on() as handed_on:
        assert HandedOn.named_by(handed_on.variables) == handed_on
        listed = _listing(parts, handed_on).all(INBOUND)
        again = _listing(parts, handed_on).all(INBOUND)
    assert again == listed
    assert [record.row for record in again] == [record.row for record in listed]
    assert {record.guid for record in again} == guids
    assert _lists(tenant) == 1


def test_the_look_before_a_command_serves_its_processes(parts: Parts, tenant: Control, guids: set[str]) -> None:
    """Failing, a `drift` lists the tenant twice."""
    with handing_on() as handed_on:
        assert len(Snapshot.take(parts.api, handed_on).of(INBOUND)) == 2
        assert {record.guid for record in _listing(parts, handed_on).all(INBOUND)} == guids
    assert _lists(tenant) == 1


@pytest.mark.parametrize("seconds", [-60.0, 31.0])
def test_what_is_old_is_listed_again(
    parts: Parts, tenant: Control, guids: set[str], monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """Failing, a run acts on what the tenant was when somebody looked at the preview; or a clock that was set back
    makes an old listing young."""
    with handing_on() as handed_on:
        _listing(parts, handed_on).all(INBOUND)
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + seconds)
        assert {record.guid for record in _listing(parts, handed_on).all(INBOUND)} == guids
    assert _lists(tenant) == 2


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-20])


def _without_rows(file: Path) -> None:
    file.write_text('{"asked": 1e12}', encoding="utf-8")


@pytest.mark.parametrize("damage", [Path.unlink, _cut, _without_rows])
def test_what_cannot_be_read_is_listed_again(
    parts: Parts, tenant: Control, guids: set[str], damage: Callable[[Path], None]
) -> None:
    """Failing, a file that somebody has cleared away, or cut, ends a run or hides connectors."""
    with handing_on() as handed_on:
        _listing(parts, handed_on).all(INBOUND)
        (file,) = handed_on.folder.iterdir()
        damage(file)
        assert {record.guid for record in _listing(parts, handed_on).all(INBOUND)} == guids
    assert _lists(tenant) == 2


def test_a_folder_that_is_gone_stops_nobody(parts: Parts, tenant: Control, guids: set[str]) -> None:
    """Failing, a machine that clears its temporary files ends a run."""
    with handing_on() as handed_on:
        pass
    assert not handed_on.folder.exists()
    assert {record.guid for record in _listing(parts, handed_on).all(INBOUND)} == guids
    assert _lists(tenant) == 1


def test_another_tenant_and_the_other_direction_are_not_taken_for_it(parts: Parts, guids: set[str]) -> None:
    """Failing, a program with two tenants acts on the connectors of the wrong one."""
    with handing_on() as handed_on:
        listed = _listing(parts, handed_on).all(INBOUND)
        here = parts.api.tenant()
        assert len(guids) == 2
        assert handed_on.find(here, INBOUND) == listed
        assert handed_on.find(here, INBOUND.other) is None
        assert handed_on.find(replace(here, cloud="commercial"), INBOUND) is None
        assert handed_on.find(Tenant("11111111-2222-4333-8444-555555555555", here.cloud), INBOUND) is None


def test_an_unknown_outcome_is_never_looked_up_in_it(parts: Parts, tenant: Control, guids: set[str]) -> None:
    """Failing, what a lost create has made is not found in the listing of another process, and is made again."""
    with handing_on() as handed_on:
        _listing(parts, handed_on).all(INBOUND)
        listing = _listing(parts, handed_on)
        listing.drop(INBOUND)
        tenant.seed(inbound=[{"Name": "Made", "SenderDomains": ["b.example"]}])
        (made,) = listing.named(INBOUND, "Made")
    assert made.guid not in guids


def test_an_absence_is_confirmed_by_asking(parts: Parts, tenant: Control, guids: set[str]) -> None:
    """Failing, a connector that was made after the listing of another process counts as gone."""
    with handing_on() as handed_on:
        _listing(parts, handed_on).all(INBOUND)
        tenant.seed(inbound=[{"Name": "Later", "SenderDomains": ["b.example"]}])
        (later,) = {row["Guid"] for row in tenant.connectors("inbound")} - guids
        found = _listing(parts, handed_on).find(INBOUND, later)
    assert isinstance(found, ConnectorRecord)
    assert found.guid == later


def test_nobody_else_can_read_it(parts: Parts, guids: set[str]) -> None:
    """Failing, other users of the machine read comments of a bank's connectors."""
    with handing_on() as handed_on:
        _listing(parts, handed_on).all(INBOUND)
        (file,) = handed_on.folder.iterdir()
        assert len(guids) == 2
        assert stat.S_IMODE(handed_on.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert set(handed_on.variables) == {LISTINGS}
    assert not handed_on.folder.exists()
