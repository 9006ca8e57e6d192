"""The engine calls the provider from several threads at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from exchange_online_emulator import Control, most_at_once
from exchange_online_emulator.faults import Delay, Status
from tests.exchange_online.resources.runs import INBOUND, OUTBOUND, Start, assert_tenant_is
from tests.support.mini_stack import Declaration
from tests.support.provider_process import ProviderError, Resource

pytestmark = pytest.mark.provider

THREADS = 8


def _program(count: int) -> dict[str, Declaration]:
    program: dict[str, Declaration] = {}
    for number in range(count):
        domain = f"partner{number}.example"
        program[f"in{number}"] = INBOUND.with_(name=f"In {number}", senderDomains=[domain])
        program[f"out{number}"] = OUTBOUND.with_(name=f"Out {number}", recipientDomains=[domain])
    return program


def test_creates_and_reads_at_once_share_one_listing_and_one_token(start: Start, tenant: Control) -> None:
    """Failing, a run over 400 connectors would list 400 times, be throttled, or mix up connectors."""
    program = _program(20)
    # A fault that never acts counts the requests for a token.
    tokens = tenant.fault(Delay(seconds=0), "token", nth=10_000)
    with start() as process, ThreadPoolExecutor(THREADS) as threads:
        made: list[Resource] = list(
            threads.map(
                lambda declaration: process.create(declaration.direction, dict(declaration.properties)),
                program.values(),
            )
        )
    assert_tenant_is(tenant, program)
    assert len({resource.id for resource in made}) == len(program)
    for declaration, resource in zip(program.values(), made, strict=True):
        assert resource.outputs["name"] == declaration.name
    assert len(tenant.calls("Get-InboundConnector")) == 1
    # Test-mode connectors take a call of their own.
    assert len(tenant.calls("Get-OutboundConnector")) == 2
    (counted,) = [fault for fault in tenant.faults() if fault.id == tokens.id]
    assert counted.matched == 1
    tenant.clear_calls()
    with start() as process, ThreadPoolExecutor(THREADS) as threads:
        read = list(threads.map(process.read, made))
    assert read == made
    assert Counter(call.cmdlet for call in tenant.calls()) == {"Get-InboundConnector": 1, "Get-OutboundConnector": 2}


def test_what_new_connectors_are_judged_by_is_asked_side_by_side(start: Start, tenant: Control) -> None:
    """Failing, a run waits once more, 0.8 s with a real tenant, for each question of its first writes."""
    for cmdlet in ("Get-InboundConnector", "Get-OutboundConnector", "Get-TransportRule"):
        tenant.fault(Delay(seconds=1.5), cmdlet, count=None)
    both = [INBOUND.with_(name="In"), OUTBOUND.with_(name="Out")]
    with start() as process, ThreadPoolExecutor(len(both)) as threads:
        list(threads.map(lambda one: process.create(one.direction, dict(one.properties)), both))
    reads = [call for call in tenant.calls() if call.cmdlet.startswith("Get-")]
    assert len(reads) == most_at_once(reads) == 4, [call.cmdlet for call in reads]


@pytest.mark.parametrize("cmdlet", ["token", "Get-InboundConnector"])
def test_a_service_that_is_away_is_waited_for_once(start: Start, tenant: Control, cmdlet: str) -> None:
    """Failing, each connector waits a minute, one after another: a run that cannot do anything ends after hours."""
    away = tenant.fault(Status(status=503), cmdlet, count=None)
    declared = [INBOUND.with_(name=f"In {number}") for number in range(THREADS)]

    def refused(declaration: Declaration) -> str:
        with pytest.raises(ProviderError) as error:
            process.create(declaration.direction, dict(declaration.properties))
        return str(error.value)

    # A tenth of a user's waits, which are 62 s in all.
    with start(scale=0.1) as process, ThreadPoolExecutor(THREADS) as threads:
        said = list(threads.map(refused, declared))
    assert all("(tried 6 times)" in text for text in said)
    assert [f"'In {number}'" in text for number, text in enumerate(said)] == [True] * THREADS
    (counted,) = [fault for fault in tenant.faults() if fault.id == away.id]
    assert counted.acted == 6


def test_one_name_asked_for_at_once_is_created_once(start: Start, tenant: Control) -> None:
    """Failing, two resources of one name would both report success, and own the same connector."""

    def create(_: int) -> str:
        try:
            return process.create(INBOUND.direction, dict(INBOUND.properties)).id
        except ProviderError as error:
            return str(error)

    with start() as process, ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(create, range(THREADS)))
    (row,) = tenant.connectors("inbound")
    assert answers.count(row["Guid"]) == 1
    assert sum("two resources of this program" in answer for answer in answers) == THREADS - 1
