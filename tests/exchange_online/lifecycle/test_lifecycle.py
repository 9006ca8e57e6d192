"""How long the lifecycle waits, and what stays when a step beside the write fails."""

from __future__ import annotations

import pytest

from exchange_online.connectors import Direction, Options, check
from exchange_online.lifecycle import LOOK_AGAIN_AFTER, NotApplied, Owner
from exchange_online_emulator import Control
from exchange_online_emulator.faults import ConnectionReset, Garbage, ReadLag
from tests.exchange_online.lifecycle.conftest import Parts

OWNER = Owner("urn:pulumi:test::regulated-partners::type::plain")
_PLAIN = check(Direction.INBOUND, {"name": "Plain", "senderDomains": ["a.example"]}).settings
_CHANGED = check(Direction.INBOUND, {"name": "Plain", "senderDomains": ["a.example"], "comment": "new"}).settings


def test_nothing_is_waited_for_where_nothing_lags(parts: Parts) -> None:
    """Failing, every write would cost seconds, and a stack of 200 partners an hour."""
    lifecycle = parts.lifecycle()
    made = lifecycle.create(OWNER, _PLAIN, Options()).record
    lifecycle.update(OWNER, made.guid, _PLAIN, _CHANGED)
    lifecycle.delete(OWNER, made.guid, _CHANGED)
    assert [seconds for seconds in parts.sleeps if seconds] == []


def test_a_change_is_looked_for_for_a_minute(parts: Parts, tenant: Control) -> None:
    """Failing, a run would give up on a slow directory too early, or hang for long."""
    made = parts.lifecycle().create(OWNER, _PLAIN, Options()).record
    tenant.fault(ReadLag(seconds=600), "Set-*")
    with pytest.raises(NotApplied):
        parts.lifecycle().update(OWNER, made.guid, _PLAIN, _CHANGED)
    assert [seconds for seconds in parts.sleeps if seconds] == list(LOOK_AGAIN_AFTER)
    assert 55 <= sum(LOOK_AGAIN_AFTER) <= 65


def test_a_lost_create_is_looked_for_before_another_is_sent(parts: Parts, tenant: Control) -> None:
    """Failing, the second New- would go out before the first one had a chance to show."""
    tenant.fault(ConnectionReset(), "New-*", count=2)
    parts.lifecycle().create(OWNER, _PLAIN, Options())
    assert len(tenant.writes()) == 3
    assert sum(parts.sleeps) == 2 * sum(LOOK_AGAIN_AFTER[:3])


def test_no_change_sends_nothing(parts: Parts, tenant: Control) -> None:
    """Failing, an update of an option of the provider alone would write to the tenant."""
    made = parts.lifecycle().create(OWNER, _PLAIN, Options()).record
    tenant.clear_calls()
    assert parts.lifecycle().update(OWNER, made.guid, _PLAIN, _PLAIN).record == made
    assert tenant.writes() == []


def test_what_the_service_stores_otherwise_is_removed_again(parts: Parts, tenant: Control) -> None:
    """Failing, a connector with other settings than declared would stay in use, and nobody would manage it."""
    row = '{"Guid": "%s", "Name": "Plain", "SenderDomains": ["smtp:b.example;1"], "RequireTls": true, "Enabled": true}'
    tenant.seed(inbound=[{"Name": "Other", "SenderDomains": ["smtp:b.example;1"]}])
    guid = tenant.connectors("inbound")[0]["Guid"]
    tenant.fault(Garbage(body='{"value": [' + row % guid + "]}"), "New-*")
    with pytest.raises(NotApplied) as error:
        parts.lifecycle().create(OWNER, _PLAIN, Options())
    assert "senderDomains: b.example => a.example" in str(error.value)
    assert tenant.connectors("inbound") == []
