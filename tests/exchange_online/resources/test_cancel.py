"""A run that is cancelled: what is on its way is finished, and what waits is refused in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from exchange_online.admin_api import Cancelled, Shared
from exchange_online.connectors import ConnectorRecord, Options
from exchange_online.lifecycle import Outcome, Owner
from exchange_online.resources.session import Session
from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.faults import Delay, Status
from tests.exchange_online.resources.runs import INBOUND, declared

CONFIG = {"cloud": "local", "concurrentCalls": "1"}
NEW = "New-InboundConnector"


@pytest.fixture
def session(emulator: EmulatorProcess, tenant: Control) -> Iterator[Session]:  # noqa: ARG001 - the tenant must be empty
    """A session that waits as a user's does, and shares nothing with other tests."""
    shared = Shared()
    session = Session(lambda _text, _urn: None, {"EXCHANGE_ONLINE_EMULATOR": str(emulator.connection_path)}, shared)
    session.configure(CONFIG.get)
    yield session
    shared.close()


def create(session: Session, name: str) -> Outcome:
    """Makes a connector."""
    urn = f"urn:pulumi:test::regulated-partners::type::{name}"
    settings = declared(INBOUND.with_(name=name))
    return session.lifecycle().create(Owner(urn), settings, Options())


def update(session: Session, made: ConnectorRecord, comment: str) -> Outcome:
    """Gives a connector another comment."""
    urn = f"urn:pulumi:test::regulated-partners::type::{made.name}"
    before = declared(INBOUND.with_(name=made.name))
    after = declared(INBOUND.with_(name=made.name, comment=comment))
    return session.lifecycle().update(Owner(urn), made.guid, before, after)


def arrived(tenant: Control, fault: int, times: int = 1) -> None:
    """Waits until a fault has acted so often."""
    ends = time.monotonic() + 20
    while not any(each.id == fault and each.acted >= times for each in tenant.faults()):
        assert time.monotonic() < ends, "it does not happen"
        time.sleep(0.02)


def test_what_is_on_its_way_is_finished_and_known(session: Session, tenant: Control) -> None:
    """Failing, a cancelled run would leave connectors that no state knows, or go on making more."""
    held = tenant.fault(Delay(seconds=30), NEW).id
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(create, session, "first")
        arrived(tenant, held)
        waiting = [pool.submit(create, session, name) for name in ("second", "third")]
        session.cancel()
        tenant.clear_faults()
        made = first.result(20).record
        for each in waiting:
            with pytest.raises(Cancelled, match="was cancelled"):
                each.result(20)
    assert {row["Name"]: row["Guid"] for row in tenant.connectors("inbound")} == {"first": made.guid}
    assert [call.parameters["Name"] for call in tenant.writes()] == ["first"]
    with pytest.raises(Cancelled, match="was cancelled"):
        create(session, "fourth")


def test_a_wait_for_a_throttling_service_ends_too(session: Session, tenant: Control) -> None:
    """Failing, a cancelled run would end when the service's Retry-After is over, minutes later."""
    throttled = tenant.fault(Status(status=429, retry_after="200"), NEW).id
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(create, session, "first")
        arrived(tenant, throttled)
        time.sleep(0.1)
        session.cancel()
        with pytest.raises(Cancelled, match="was cancelled"):
            waits.result(20)
    assert tenant.connectors("inbound") == []


def test_a_session_may_be_cancelled_before_its_first_call(session: Session, tenant: Control) -> None:
    """Failing, a run that is cancelled at once would begin all the same."""
    session.cancel()
    with pytest.raises(Cancelled, match="was cancelled before this was sent"):
        create(session, "first")
    assert tenant.writes() == []


def test_a_change_on_its_way_is_read_back(session: Session, tenant: Control) -> None:
    """Failing, the state keeps what a connector was before a change that the tenant has taken over."""
    made = create(session, "first").record
    held = tenant.fault(Delay(seconds=30), "Set-InboundConnector").id
    with ThreadPoolExecutor(1) as pool:
        changed = pool.submit(update, session, made, "changed")
        arrived(tenant, held)
        session.cancel()
        tenant.clear_faults()
        assert "changed" in (changed.result(20).record.settings.comment or "")
