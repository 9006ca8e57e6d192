"""Creates whose end nobody saw: a lost answer, a broken connection, two steps that stop in between, a killed plugin.

After each the next run ends with exactly one connector, as declared, and the one after it sends nothing.
"""

from __future__ import annotations

import pytest

from exchange_online.connectors import Direction
from exchange_online_emulator import Control
from exchange_online_emulator.faults import (
    Action,
    ConnectionReset,
    Delay,
    ErrorsInAnswer,
    Garbage,
    ReadLag,
    Refusal,
    Status,
)
from tests.exchange_online.resources.runs import (
    INBOUND,
    OUTBOUND,
    TWO_STEPS,
    Start,
    assert_converges,
    assert_sentence,
    assert_tenant_is,
)
from tests.exchange_online.resources.waiting import Background
from tests.support.mini_stack import Declaration, MiniStack
from tests.support.processes import until

pytestmark = pytest.mark.provider

BOTH = pytest.mark.parametrize("declaration", [INBOUND, OUTBOUND], ids=["inbound", "outbound"])

#: The write was done, and its answer says otherwise or nothing.
LOST: dict[str, Action] = {
    "reset": ConnectionReset(after_write=True),
    "500": Status(status=500, after_write=True),
    "502": Status(status=502, text="Bad Gateway", after_write=True),
    "503": Status(status=503, after_write=True),
    "504": Status(status=504, after_write=True),
    "408": Status(status=408, after_write=True),
    "half a body": Garbage(after_write=True),
    "a proxy's page": Garbage(after_write=True, body="<html>welcome</html>", content_type="text/html"),
    "errors in a 200": ErrorsInAnswer(after_write=True),
    "directory moved": Refusal(after_write=True),
}


@pytest.mark.parametrize("action", LOST.values(), ids=LOST.keys())
def test_a_create_whose_answer_is_lost_is_found_by_its_name(stack: MiniStack, tenant: Control, action: Action) -> None:
    """Failing, a hiccup of the network would leave two connectors, or one that nobody manages."""
    tenant.fault(action, "New-*")
    program = {"in": INBOUND, "out": OUTBOUND}
    run = stack.up(program)
    assert not run.errors
    assert_tenant_is(tenant, program)
    assert [call.cmdlet for call in tenant.writes()] == ["New-InboundConnector", "New-OutboundConnector"]
    assert assert_converges(stack, tenant, program).changed_nothing


@BOTH
def test_a_create_that_never_arrived_is_sent_again(stack: MiniStack, tenant: Control, declaration: Declaration) -> None:
    """Failing, a connection that broke before the service saw the create would end the run, or count as created."""
    tenant.fault(ConnectionReset(), "New-*")
    assert not stack.up({"one": declaration}).errors
    assert len(tenant.writes()) == 2
    assert_tenant_is(tenant, {"one": declaration})
    assert assert_converges(stack, tenant, {"one": declaration}).changed_nothing


def test_a_lost_create_that_shows_late_is_found_all_the_same(stack: MiniStack, tenant: Control) -> None:
    """Failing, reads that lag behind the lost create would lead to a second one of the same name."""
    tenant.fault(ConnectionReset(after_write=True), "New-*")
    tenant.fault(Garbage(body='{"value": []}'), "Get-InboundConnector", nth=2, count=5)
    assert not stack.up({"one": INBOUND}).errors
    assert [call.status for call in tenant.writes()] == [499, 400]
    assert_tenant_is(tenant, {"one": INBOUND})
    assert assert_converges(stack, tenant, {"one": INBOUND}).changed_nothing


def test_a_create_that_shows_late_succeeds_at_once(stack: MiniStack, tenant: Control) -> None:
    """Failing, a directory that replicates slowly would fail every create, or remove what it just made."""
    tenant.fault(ReadLag(reads=4), "New-*")
    assert not stack.up({"one": TWO_STEPS}).errors
    assert [call.cmdlet for call in tenant.writes()] == ["New-OutboundConnector", "Set-OutboundConnector"]
    assert assert_converges(stack, tenant, {"one": TWO_STEPS}).changed_nothing


def test_the_connector_of_somebody_else_is_not_taken_for_the_lost_one(start: Start, tenant: Control) -> None:
    """Failing, a run would adopt a connector that an administrator made in the portal in the same minute."""
    tenant.fault(Delay(seconds=0.6), "Get-*", count=1)
    tenant.fault(ConnectionReset(), "New-*")
    with start() as process:
        creating = Background(lambda: process.create(INBOUND.direction, dict(INBOUND.properties)))
        until(lambda: bool(tenant.faults()[0].acted))
        tenant.invoke("New-InboundConnector", {"Name": INBOUND.name, "SenderDomains": ["fabrikam.com"]})
        error = creating.error()
    assert_sentence(error, "exists already", "restrictDomainsToCertificate: false => true", "adoptExisting")
    (row,) = tenant.connectors("inbound")
    assert row["RestrictDomainsToCertificate"] is False
    assert len([call for call in tenant.writes() if call.cmdlet == "New-InboundConnector"]) == 1


STOPPED: dict[str, Action] = {
    "reset": ConnectionReset(),
    "500": Status(status=500),
    "503": Status(status=503),
    "403": Status(status=403),
    "refused": Refusal(exception_type="System.ArgumentException", text="No.", status=400),
}


@pytest.mark.parametrize("action", STOPPED.values(), ids=STOPPED.keys())
def test_a_create_in_two_steps_that_stops_in_the_middle_is_completed_later(
    stack: MiniStack, tenant: Control, action: Action
) -> None:
    """Failing, the second run would refuse its own half of a connector, or make another beside it."""
    tenant.fault(action, "Set-OutboundConnector", count=None)
    run = stack.up({"one": TWO_STEPS})
    assert_sentence(run.error, TWO_STEPS.name)
    assert stack.resources == {}
    assert_tenant_is(tenant, {"one": OUTBOUND})
    (row,) = tenant.connectors("outbound")
    tenant.clear_calls()
    second = assert_converges(stack, tenant, {"one": TWO_STEPS})
    assert second.created == ["one"]
    assert any("took over" in message for message in second.messages)
    assert stack.resources["one"].id == row["Guid"]


@BOTH
def test_the_plugin_killed_in_the_middle_of_a_create(
    start: Start, stack: MiniStack, tenant: Control, declaration: Declaration
) -> None:
    """Failing, a cancelled pipeline would leave a connector that the next run trips over for ever."""
    tenant.fault(Delay(seconds=1), "New-*")
    with start() as process:
        creating = Background(lambda: process.create(declaration.direction, dict(declaration.properties)))
        until(lambda: len(tenant.connectors(declaration.direction.word)) == 1)
        process.kill()
        assert creating.error()
    # The service ends the call that nobody waits for, and only then is it in the log.
    until(lambda: len(tenant.writes()) == 1)
    second = assert_converges(stack, tenant, {"one": declaration})
    assert second.created == ["one"]
    (message,) = [message for message in second.messages if "took over" in message]
    assert "nothing was sent" in message


def test_the_plugin_killed_before_the_service_acts(start: Start, stack: MiniStack, tenant: Control) -> None:
    """Failing, a run that died while it still looked around would count as one that created something."""
    tenant.fault(Delay(seconds=1), "Get-InboundConnector")
    with start() as process:
        creating = Background(lambda: process.create(INBOUND.direction, dict(INBOUND.properties)))
        until(lambda: bool(tenant.faults()[0].acted))
        process.kill()
        assert creating.error()
    assert held_names(tenant) == []
    assert assert_converges(stack, tenant, {"one": INBOUND}).created == ["one"]


def test_a_create_that_the_service_answers_without_doing_it_fails_in_words(stack: MiniStack, tenant: Control) -> None:
    """Failing, the state would hold a connector that the tenant does not have."""
    tenant.fault(Garbage(body='{"value": []}'), "New-*", count=None)
    run = stack.up({"one": INBOUND})
    assert_sentence(run.error, INBOUND.name, "no listing shows it", "pulumi up")
    assert stack.resources == {}
    assert assert_converges(stack, tenant, {"one": INBOUND}).created == ["one"]


def held_names(tenant: Control) -> list[str]:
    """The names of all connectors of the tenant."""
    return [row["Name"] for direction in Direction for row in tenant.connectors(direction.word)]
