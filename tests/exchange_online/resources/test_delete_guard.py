"""A connector that something still needs is not removed: a transport rule that routes to it, or the program."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import Action, Forbidden, Garbage, Status
from tests.exchange_online.resources.runs import INBOUND, OUTBOUND, Start, assert_sentence, assert_tenant_is
from tests.support.mini_stack import Declaration, MiniStack
from tests.support.provider_process import Resource

pytestmark = pytest.mark.provider

SCOPED = OUTBOUND.with_(isTransportRuleScoped=True, recipientDomains=None)


def _rule(tenant: Control, connector: str) -> None:
    tenant.invoke("New-TransportRule", {"Name": "To the bank", "RouteMessageOutboundConnector": connector})


def _shown_by_guid(guid: str) -> Action:
    """An answer that calls the connector by its Guid: nobody has seen which form the service chooses."""
    body = f'{{"value": [{{"Name": "To the bank", "RouteMessageOutboundConnector": "{guid}"}}]}}'
    return Garbage(body=body)


@pytest.fixture
def routed(stack: MiniStack, tenant: Control) -> MiniStack:
    """A stack with a connector that a rule uses; the service itself would remove it without a word."""
    stack.up({"one": SCOPED})
    _rule(tenant, SCOPED.name)
    tenant.switch(connector_in_use="accept")
    tenant.clear_calls()
    return stack


def test_it_is_not_removed_and_the_rule_is_named(routed: MiniStack, tenant: Control) -> None:
    """Failing, mail that a rule sends through the connector would go out without forced TLS, or bounce."""
    run = routed.up({})
    assert_sentence(run.error, SCOPED.name, "'To the bank'", "was not removed", "point it elsewhere")
    assert tenant.writes() == []
    assert set(routed.resources) == {"one"}


def test_a_rule_that_calls_it_by_guid_counts(routed: MiniStack, tenant: Control) -> None:
    """Failing, the guard would depend on how the service happens to write the connector in a rule."""
    tenant.fault(_shown_by_guid(routed.resources["one"].id.upper()), "Get-TransportRule")
    assert_sentence(routed.up({}).error, "'To the bank'")
    assert tenant.writes() == []


def test_a_rule_counts_after_a_rename_in_the_portal(routed: MiniStack, tenant: Control) -> None:
    """Failing, a `destroy` without a refresh would look for the old name and find no rule."""
    tenant.invoke("Set-OutboundConnector", {"Identity": routed.resources["one"].id, "Name": "Renamed by hand"})
    assert_sentence(routed.up({}, refresh=False).error, "'To the bank'")
    assert tenant.writes() == []


def test_once_the_rule_is_gone_it_is_removed(routed: MiniStack, tenant: Control) -> None:
    """Failing, the way out that the error names would not work."""
    routed.up({})
    tenant.invoke("Remove-TransportRule", {"Identity": "To the bank", "Confirm": False})
    assert routed.up({}).deleted == ["one"]
    assert_tenant_is(tenant, {})


def test_taking_it_away_from_rules_is_refused_too(routed: MiniStack, tenant: Control) -> None:
    """Failing, the rule would go on to name a connector that no longer takes its mail."""
    run = routed.up({"one": OUTBOUND})
    assert_sentence(run.error, "'To the bank'", "not taken away from transport rules")
    assert tenant.writes() == []


@pytest.mark.parametrize(
    "action", [Forbidden(), Status(status=503), Garbage(), Status(status=500)], ids=["403", "503", "garbage", "500"]
)
def test_rules_that_cannot_be_read_do_not_count_as_none(routed: MiniStack, tenant: Control, action: Any) -> None:
    """Failing, a connector in use would be removed because the rules could not be read."""
    tenant.fault(action, "Get-TransportRule", count=None)
    run = routed.up({})
    assert_sentence(run.error, "deleting the outbound connector", "Get-TransportRule")
    assert tenant.writes() == []


def test_rules_for_other_connectors_do_not_matter(stack: MiniStack, tenant: Control) -> None:
    """Failing, any rule of the tenant would block every removal."""
    tenant.seed(outbound=[{"Name": "Another", "IsTransportRuleScoped": True}])
    _rule(tenant, "Another")
    stack.up({"one": SCOPED, "in": INBOUND})
    assert set(stack.up({}).deleted) == {"one", "in"}


def test_the_services_own_refusal_is_said(stack: MiniStack, tenant: Control) -> None:
    """Failing, a rule made after ours were read would end the run in words that help nobody."""
    stack.up({"one": SCOPED})
    _rule(tenant, SCOPED.name)
    tenant.fault(Garbage(body='{"value": []}'), "Get-TransportRule")
    assert_sentence(stack.up({}).error, "deleting the outbound connector", "To the bank")
    assert set(stack.resources) == {"one"}


@pytest.mark.parametrize("declaration", [INBOUND, OUTBOUND], ids=["inbound", "outbound"])
def test_what_the_program_reads_still_is_not_removed(start: Start, tenant: Control, declaration: Declaration) -> None:
    """Failing, who replaces a declaration by a look at the same connector would lose the connector."""
    with start() as process:
        made = process.create(declaration.direction, dict(declaration.properties))
    with start() as process:
        process.read(Resource(declaration.direction, made.id, {}, {}, made.urn))
        process.delete(made)
        (message,) = process.messages
    assert "it was not removed, because the program reads it still" in message
    assert_tenant_is(tenant, {"one": declaration})
