"""Ten callers, and a tenant that takes three calls at a time, two, or one: over HTTPS, on the emulator."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from exchange_online.admin_api import Effect
from exchange_online_emulator import most_at_once
from exchange_online_emulator.faults import Delay
from tests.exchange_online.admin_api.emulated_tenant import GET, NEW, SET, Tenant, new_connector

CALLERS, EACH = 10, 3


@pytest.mark.parametrize("limit", [3, 2, 1])
def test_nothing_fails_of_its_own_crowd(tenant: Tenant, limit: int) -> None:
    """Fails when a call runs out of tries because of the calls beside it, or something is made twice or not at all."""
    tenant.control.switch(max_concurrent=limit)
    # What is answered at once never meets.
    tenant.control.fault(Delay(seconds=0.03), "*-InboundConnector", count=None)
    api = tenant.api()
    names = [f"Partner {number}" for number in range(CALLERS * EACH)]
    random.Random(limit).shuffle(names)  # noqa: S311 - the same for each run

    def write(name: str) -> str:
        made = new_connector(api, name)
        api.invoke(SET, {"Identity": str(made["Guid"]), "Comment": "set"}, effect=Effect.IDEMPOTENT)
        rows = api.invoke(GET, {"Identity": str(made["Guid"])}, effect=Effect.READ).rows
        assert [(row["Name"], row["Comment"]) for row in rows] == [(name, "set")]
        return str(made["Guid"])

    with ThreadPoolExecutor(CALLERS) as pool:
        guids = list(pool.map(write, names))
    served = [call for call in tenant.control.calls() if call.status == 200]
    assert {row["Name"]: row["Guid"] for row in tenant.control.connectors("inbound")} == dict(
        zip(names, guids, strict=True)
    )
    assert len(served) == 3 * len(names)
    assert most_at_once(served) == limit
    # Alone on its way, no call was ever throttled: so none has waited, and none used up a try.
    assert tenant.sleeps == []


def test_a_service_without_a_limit_gets_all_that_may_be(tenant: Tenant) -> None:
    """Fails when the window does not open, and a large change takes longer than it need."""
    tenant.control.fault(Delay(seconds=0.03), NEW, count=None)
    api = tenant.api()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: new_connector(api, f"Partner {number}"), range(90)))
    assert 7 <= max(call.together for call in tenant.control.calls()) <= 10
