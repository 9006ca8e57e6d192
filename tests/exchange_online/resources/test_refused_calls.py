"""What the service, the token endpoint or the network do to single calls: retried where that is safe, else said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import (
    Action,
    BrokenPageLink,
    ConnectionReset,
    ErrorsInAnswer,
    ExpiredToken,
    Forbidden,
    Garbage,
    Refusal,
    Status,
    Throttled,
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
from tests.support.mini_stack import MiniStack, Program
from tests.support.provider_process import ProviderError

pytestmark = pytest.mark.provider

PROGRAM: Program = {"in": INBOUND, "out": TWO_STEPS}

#: Once, on any call: the run must not even notice.
PASSING: dict[str, Action] = {
    "401": ExpiredToken(),
    "401 with claims": ExpiredToken(claims=True),
    "429": Status(status=429),
    "429 with Retry-After": Status(status=429, retry_after="1"),
    "429 with decimals": Status(status=429, retry_after="2.75"),
    "429 with words": Status(status=429, retry_after="soon"),
    "429 with nothing to wait": Status(status=429, retry_after="0"),
    "throttled, 400": Throttled(status=400),
    "throttled, 500": Throttled(status=500),
    "503": Status(status=503, retry_after="1.5"),
    "504": Status(status=504),
    "reset": ConnectionReset(),
    "directory moved": Refusal(),
}
#: Also once, but only on reads: on a write nobody could know whether it was done.
PASSING_READS: dict[str, Action] = {"500": Status(status=500), "502": Status(status=502), "408": Status(status=408)}


@pytest.mark.parametrize("action", PASSING.values(), ids=PASSING.keys())
def test_what_passes_is_not_noticed(stack: MiniStack, tenant: Control, action: Action) -> None:
    """Failing, a run would end, or write twice, because of something that passes by itself."""
    for cmdlet in ("Get-InboundConnector", "New-InboundConnector", "New-OutboundConnector", "Set-OutboundConnector"):
        tenant.fault(action, cmdlet)
    run = stack.up(PROGRAM)
    assert not run.errors
    assert all(fault.acted == 1 for fault in tenant.faults())
    assert_tenant_is(tenant, PROGRAM)
    assert len([call for call in tenant.writes() if call.status == 200]) == 3
    assert assert_converges(stack, tenant, PROGRAM).changed_nothing


@pytest.mark.parametrize("action", PASSING_READS.values(), ids=PASSING_READS.keys())
def test_what_passes_on_reads_is_not_noticed(stack: MiniStack, tenant: Control, action: Action) -> None:
    """Failing, a run over hundreds of connectors would hardly ever reach its end."""
    stack.up(PROGRAM)
    tenant.fault(action, "Get-InboundConnector")
    tenant.fault(action, "Get-OutboundConnector", nth=2)
    assert stack.up(PROGRAM).changed_nothing


LASTING: dict[str, tuple[Action, str]] = {
    "403": (Forbidden(), "Exchange Administrator"),
    "401": (ExpiredToken(), "credential"),
    "429": (Status(status=429), "Run it again later"),
    "throttled, 400": (Throttled(status=400), "Run it again later"),
    "500": (Status(status=500), "HTTP 500"),
    "503": (Status(status=503), "HTTP 503"),
    "reset": (ConnectionReset(), "connection broke"),
    "half a body": (Garbage(), "not one of the admin API"),
    "errors in a 200": (ErrorsInAnswer(), "could not be completed"),
}


@pytest.mark.parametrize(("action", "words"), LASTING.values(), ids=LASTING.keys())
def test_a_read_that_fails_never_says_gone(stack: MiniStack, tenant: Control, action: Action, words: str) -> None:
    """Failing, a bad hour of the service would make Pulumi forget the connectors and create them again."""
    stack.up(PROGRAM)
    before = dict(stack.resources)
    tenant.clear_calls()
    tenant.fault(action, "Get-*", count=None)
    run = stack.up(PROGRAM)
    assert set(run.errors) == {"in", "out"}
    for text in run.errors.values():
        assert_sentence(text, words, "reading the")
    assert stack.resources == before
    assert tenant.writes() == []
    assert assert_converges(stack, tenant, PROGRAM).changed_nothing


@pytest.mark.parametrize(("action", "words"), LASTING.values(), ids=LASTING.keys())
def test_a_create_that_fails_for_good_is_made_at_the_next_run(
    stack: MiniStack, tenant: Control, action: Action, words: str
) -> None:
    """Failing, an outage would leave a connector twice, or one that nobody manages."""
    tenant.fault(action, "New-*", count=None)
    run = stack.up({"in": INBOUND})
    assert_sentence(run.error, "creating the inbound connector", words)
    assert stack.resources == {}
    assert_tenant_is(tenant, {})
    assert assert_converges(stack, tenant, {"in": INBOUND}).created == ["in"]


@pytest.mark.parametrize(("action", "words"), LASTING.values(), ids=LASTING.keys())
def test_an_update_and_a_delete_that_fail_are_done_at_the_next_run(
    stack: MiniStack, tenant: Control, action: Action, words: str
) -> None:
    """Failing, the state would claim a change, or a removal, that never reached the tenant."""
    stack.up({"in": INBOUND, "out": OUTBOUND})
    tenant.fault(action, "Set-*", count=None)
    changed = {"in": INBOUND.with_(comment="new"), "out": OUTBOUND}
    assert_sentence(stack.up(changed).error, "updating the inbound connector", words)
    assert stack.resources["in"].outputs["comment"] == "SEC-1234"
    tenant.fault(action, "Remove-*", count=None)
    assert_sentence(stack.up({"in": INBOUND}).error, "deleting the outbound connector", words)
    assert set(stack.resources) == {"in", "out"}
    assert assert_converges(stack, tenant, {"in": INBOUND.with_(comment="new")}).deleted == ["out"]


@pytest.mark.parametrize(("asked", "at_least"), [("30", 0.3), ("12.5", 0.125), ("0", 0.0)])
def test_the_wait_that_the_service_asks_for_is_kept(start: Start, tenant: Control, asked: str, at_least: float) -> None:
    """Failing, the client would come back too early and prolong the throttling. Waits are scaled by 1/100 here."""
    tenant.fault(Status(status=429, retry_after=asked), "New-*")
    with start(scale=0.01) as process:
        process.create(INBOUND.direction, dict(INBOUND.properties))
    first, second = tenant.calls("New-InboundConnector")
    gap = second.time - first.time
    assert timedelta(seconds=at_least) <= gap < timedelta(seconds=at_least + 2)


@pytest.mark.parametrize("asked", ["86400", "999999999", "3601.5"])
def test_an_absurd_wait_ends_the_run_and_says_how_long(stack: MiniStack, tenant: Control, asked: str) -> None:
    """Failing, a pipeline would sleep for a day, or come back at once and be throttled for longer."""
    tenant.fault(Status(status=429, retry_after=asked), "New-*", count=None)
    run = stack.up({"in": INBOUND})
    assert_sentence(run.error, "asks to wait", "run it again after that")
    assert len(tenant.writes()) == 1
    assert assert_converges(stack, tenant, {"in": INBOUND}).created == ["in"]


def _crowd(tenant: Control) -> Program:
    """Eight foreign connectors, read three a page, before the program's own."""
    foreign = [{"Name": f"Other {i}", "SenderDomains": [f"other{i}.example"]} for i in range(8)]
    tenant.seed(inbound=foreign)
    tenant.switch(max_page_size=3)
    return {"in": INBOUND}


@pytest.mark.parametrize("how", ["stale", "error"])
def test_a_page_link_that_breaks_once_starts_the_listing_again(stack: MiniStack, tenant: Control, how: Any) -> None:
    """Failing, a tenant with more connectors than a page would fail, or be read in part."""
    program = _crowd(tenant)
    stack.up(program)
    tenant.fault(BrokenPageLink(how=how), "Get-InboundConnector")
    assert stack.up(program).changed_nothing
    assert tenant.faults()[0].acted == 1


@pytest.mark.parametrize("how", ["stale", "error"])
def test_a_page_that_never_comes_is_an_error_and_no_absence(stack: MiniStack, tenant: Control, how: Any) -> None:
    """Failing, connectors of the second page would count as removed, and be created again."""
    program = _crowd(tenant)
    stack.up(program)
    tenant.clear_calls()
    tenant.fault(BrokenPageLink(how=how), "Get-InboundConnector", count=None)
    run = stack.up(program)
    assert_sentence(run.error, "reading the inbound connector")
    assert tenant.writes() == []
    assert set(stack.resources) == {"in"}
    with pytest.raises(AssertionError):
        assert_tenant_is(tenant, program)
    tenant.clear_faults()
    assert stack.up(program).changed_nothing


def test_a_token_that_is_never_given_is_said(start: Start, tenant: Control) -> None:
    """Failing, a token service that is down would read as a defect of the connector."""
    tenant.fault(Status(status=503), "token", count=None)
    with start() as process, pytest.raises(ProviderError) as error:
        process.create(INBOUND.direction, dict(INBOUND.properties))
    assert_sentence(str(error.value), "creating the inbound connector")
    assert tenant.calls() == []
