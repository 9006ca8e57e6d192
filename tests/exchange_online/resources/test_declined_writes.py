"""Writes that the service accepts and does not do, or shows only later."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import ConnectionReset, Garbage, ReadLag, Refusal
from tests.exchange_online.resources.runs import (
    INBOUND,
    ON_PREMISES,
    OUTBOUND,
    TWO_STEPS,
    Start,
    assert_converges,
    assert_sentence,
    declared,
    held,
)
from tests.support.mini_stack import Declaration, MiniStack

pytestmark = pytest.mark.provider

BOTH = pytest.mark.parametrize("declaration", [INBOUND, OUTBOUND], ids=["inbound", "outbound"])

#: An answer that says nothing against a write that was not done.
_DONE = Garbage(body='{"value": []}')


def test_a_connector_created_disabled_is_reported(stack: MiniStack, tenant: Control) -> None:
    """Failing, mail of one's own servers would be treated as a stranger's, and Pulumi would show `enabled: true`."""
    tenant.switch(offering="disabled")
    run = stack.up({"one": ON_PREMISES})
    assert run.created == ["one"]
    assert any("created in a disabled state" in message for message in run.messages)
    outputs = stack.resources["one"].outputs
    assert outputs["enabled"] is False
    assert outputs["declined"] == ["enabled"]
    assert [call.cmdlet for call in tenant.writes()] == ["New-InboundConnector"]


def test_a_connector_created_disabled_whose_answer_was_lost_is_reported(stack: MiniStack, tenant: Control) -> None:
    """Failing, a restricted offering and a bad line together would make a connector that nobody manages."""
    tenant.switch(offering="disabled")
    tenant.fault(ConnectionReset(after_write=True), "New-InboundConnector", count=1)

    run = stack.up({"one": ON_PREMISES})

    assert run.created == ["one"]
    assert any("created in a disabled state" in message for message in run.messages)
    assert stack.resources["one"].outputs["declined"] == ["enabled"]


@pytest.mark.parametrize("refresh", [True, False], ids=["with refresh", "without refresh"])
def test_a_declined_enabling_is_tried_once_at_the_next_run_and_fails_in_words(
    stack: MiniStack, tenant: Control, refresh: bool
) -> None:
    """Failing, the second run would say `unchanged` for a connector that is not in use, or hammer the service."""
    tenant.switch(offering="disabled")
    stack.up({"one": ON_PREMISES})
    tenant.clear_calls()
    run = stack.up({"one": ON_PREMISES}, refresh=refresh)
    assert_sentence(run.error, "Own servers", "can't enable an inbound connector", "ask Microsoft support")
    (sent,) = tenant.writes()
    assert sent.parameters == {"Identity": stack.resources["one"].id, "Enabled": True}


def test_once_support_has_lifted_it_the_next_run_enables(stack: MiniStack, tenant: Control) -> None:
    """Failing, a connector that was declined once could never be enabled again."""
    tenant.switch(offering="disabled")
    stack.up({"one": ON_PREMISES})
    tenant.switch(offering="unrestricted")
    assert assert_converges(stack, tenant, {"one": ON_PREMISES}).updated == ["one"]
    assert "declined" not in stack.resources["one"].outputs


def test_declaring_the_connector_disabled_ends_the_complaint(stack: MiniStack, tenant: Control) -> None:
    """Failing, the way out that the error names would not work."""
    tenant.switch(offering="disabled")
    stack.up({"one": ON_PREMISES})
    assert assert_converges(stack, tenant, {"one": ON_PREMISES.with_(enabled=False)}).errors == {}


def test_a_prohibited_inbound_connector_is_refused_in_words(stack: MiniStack, tenant: Control) -> None:
    """Failing, the run would retry what no retry can change, or not name the service offering as the reason."""
    tenant.switch(offering="prohibited")
    run = stack.up({"one": INBOUND})
    assert_sentence(run.error, INBOUND.name, "this service offering does not allow", "ask Microsoft support")
    assert len(tenant.writes()) == 1


@BOTH
def test_a_change_that_is_not_done_is_an_error(stack: MiniStack, tenant: Control, declaration: Declaration) -> None:
    """Failing, the state would say that a weaker setting is gone while the tenant still has it."""
    stack.up({"one": declaration})
    tenant.fault(_DONE, "Set-*", count=None)
    program = {"one": declaration.with_(enabled=False)}
    run = stack.up(program)
    assert_sentence(run.error, declaration.name, "enabled: true => false", "pulumi refresh")
    assert stack.resources["one"].outputs["enabled"] is True
    assert assert_converges(stack, tenant, program).updated == ["one"]


@pytest.mark.parametrize(
    ("clearing", "forms"),
    [
        ("any", [None]),
        ("empty_list", [None, []]),
        (
            "remove",
            [None, [], {"@odata.type": "#Exchange.GenericHashTable", "Remove": ["198.51.100.10", "203.0.113.0/24"]}],
        ),
    ],
)
def test_a_list_is_emptied_in_whatever_form_has_an_effect(
    stack: MiniStack, tenant: Control, clearing: str, forms: list[object]
) -> None:
    """Failing, a service that ignores null and `[]` would never lose an address that was taken out.

    Source: exchange-wire, addendum (go-exoscc: `[]` may not clear a multi-valued property, Remove does).
    """
    tenant.switch(list_clearing=clearing)
    before = INBOUND.with_(senderIpAddresses=["198.51.100.10", "203.0.113.0/24"])
    stack.up({"one": before})
    tenant.clear_calls()
    program = {"one": before.with_(senderIpAddresses=None)}
    assert stack.up(program).updated == ["one"]
    assert [call.parameters["SenderIPAddresses"] for call in tenant.writes()] == forms
    assert_converges(stack, tenant, program)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (INBOUND.with_(efSkipIps=["203.0.113.7"]), {"efSkipIps": None}),
        (INBOUND.with_(associatedAcceptedDomains=["contoso.example"]), {"associatedAcceptedDomains": None}),
        (
            OUTBOUND.with_(useMxRecord=False, smartHosts=["mail.fabrikam.com", "198.51.100.1"]),
            {"useMxRecord": True, "smartHosts": None},
        ),
        (TWO_STEPS, {"validationRecipients": None}),
        (OUTBOUND, {"recipientDomains": None, "isTransportRuleScoped": True}),
    ],
    ids=["efSkipIps", "associatedAcceptedDomains", "smartHosts", "validationRecipients", "recipientDomains"],
)
@pytest.mark.parametrize("variants", [False, True], ids=["", "other stored forms"])
def test_every_list_can_be_emptied_by_taking_out_its_values(
    stack: MiniStack, tenant: Control, before: Declaration, after: dict[str, object], variants: bool
) -> None:
    """Failing, what stands in a list would be taken out in a form that the service does not hold."""
    tenant.seed(accepted_domains=["contoso.example"])
    tenant.switch(list_clearing="remove", stored_form_variants=variants)
    stack.up({"one": before})
    program = {"one": before.with_(**after)}
    assert stack.up(program).updated == ["one"]
    assert_converges(stack, tenant, program)


def test_a_list_that_nothing_empties_ends_in_the_services_words(stack: MiniStack, tenant: Control) -> None:
    """Failing, the last form that was tried would be refused, and the state say that the list is empty."""
    tenant.switch(list_clearing="remove")
    before = INBOUND.with_(senderIpAddresses=["198.51.100.10"])
    stack.up({"one": before})
    refused = Refusal(exception_type="System.ArgumentException", text="The collection is read-only.", status=400)
    tenant.fault(refused, "Set-*", nth=3)
    program = {"one": before.with_(senderIpAddresses=None)}
    assert_sentence(stack.up(program).error, "The collection is read-only")
    assert_converges(stack, tenant, program)


def test_a_list_that_null_does_not_empty_is_emptied_with_an_empty_list(stack: MiniStack, tenant: Control) -> None:
    """Failing, a service that takes null for `leave it` would never lose an address that was taken out."""
    before = INBOUND.with_(restrictDomainsToIpAddresses=True, senderIpAddresses=["198.51.100.10"])
    stack.up({"one": before})
    tenant.clear_calls()
    # The first Set- is answered and not done, as if null changed nothing.
    tenant.fault(_DONE, "Set-*")
    program = {"one": before.with_(restrictDomainsToIpAddresses=None, senderIpAddresses=None)}
    run = stack.up(program)
    first, second = tenant.writes()
    assert first.parameters["SenderIPAddresses"] is None
    assert second.parameters == {"Identity": stack.resources["one"].id, "SenderIPAddresses": []}
    # The rest of the first Set- was not done either, and that is said.
    assert_sentence(run.error, "restrictDomainsToIpAddresses: true => false")
    assert_converges(stack, tenant, program)


@BOTH
@pytest.mark.parametrize("reads", [1, 3, 6])
def test_a_change_that_shows_late_is_waited_for(
    stack: MiniStack, tenant: Control, declaration: Declaration, reads: int
) -> None:
    """Failing, a directory that replicates slowly would turn every update into an error, or be written twice."""
    stack.up({"one": declaration})
    tenant.clear_calls()
    tenant.fault(ReadLag(reads=reads), "Set-*")
    program = {"one": declaration.with_(comment="later")}
    assert stack.up(program).updated == ["one"]
    assert len(tenant.writes()) == 1
    assert stack.resources["one"].outputs["comment"] == "later"
    assert held(tenant, declaration.direction) == [declared(program["one"])]


@BOTH
def test_a_change_that_never_shows_is_an_error_and_heals(
    stack: MiniStack, tenant: Control, declaration: Declaration
) -> None:
    """Failing, a change that the readers do not see after a minute would be reported as done."""
    stack.up({"one": declaration})
    tenant.fault(ReadLag(seconds=600), "Set-*")
    program = {"one": declaration.with_(comment="later")}
    assert_sentence(stack.up(program).error, declaration.name, "does not show it")
    assert_converges(stack, tenant, program)


@BOTH
def test_a_removal_that_shows_late_is_not_undone(stack: MiniStack, tenant: Control, declaration: Declaration) -> None:
    """Failing, the run after a removal would find the ghost of the connector, and remove it twice with an error."""
    stack.up({"one": declaration})
    tenant.fault(ReadLag(reads=2), "Remove-*")
    assert stack.up({}).deleted == ["one"]
    assert stack.up({}).changed_nothing
    assert len(tenant.calls(f"Remove-{declaration.direction}")) == 1
    tenant.clear_faults()
    assert held(tenant, declaration.direction) == []


@BOTH
def test_a_connector_missing_from_one_listing_is_not_gone(
    stack: MiniStack, start: Start, tenant: Control, declaration: Declaration
) -> None:
    """Failing, one reader that lags behind would make the next run create what exists."""
    stack.up({"one": declaration})
    listings = 2 if declaration is OUTBOUND else 1
    tenant.fault(Garbage(body='{"value": []}'), f"Get-{declaration.direction}", count=listings)
    with start() as process:
        read = process.read(stack.resources["one"])
    assert read is not None
    assert read.id == stack.resources["one"].id
