"""How many calls a run of the real engine has on their way at a time, and a service that takes fewer."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control, most_at_once
from exchange_online_emulator.faults import Delay
from tests.engine import tenant
from tests.support.engine import Project

pytestmark = pytest.mark.engine

COUNT = 8

#: What the SDK's server of dynamic providers answers at a time. Source: pulumi.dynamic.__main__, max_workers.
THREADS = 4


def declare(project: Project, control: Control, **settings: object) -> None:
    """Partners that are not there yet, in a tenant whose writes take a moment: what is answered at once never meets."""
    control.fault(Delay(seconds=0.3), "New-*", count=None)
    project.set_variables(PULUMI_SKIP_CHECKPOINTS="true")
    project.declare(
        *(
            {"name": f"Partner {n}", "domains": [f"partner{n}.example"], "certificateName": f"mx.partner{n}.example"}
            for n in range(COUNT)
        ),
        **settings,
    )


def test_new_partners_are_made_side_by_side(project: Project, control: Control) -> None:
    """A failure means that each new connector waits for all before it: 25 partners then take most of a minute."""
    declare(project, control)
    project.up().succeeded()
    writes = control.writes()
    assert len(writes) == len(tenant.names(control)) == 2 * COUNT
    assert most_at_once(writes) == THREADS
    guids = tenant.guids(control)
    control.clear_calls()
    project.up("--expect-no-changes").unchanged()
    assert control.writes() == []
    assert tenant.guids(control) == guids


@pytest.mark.parametrize("by", ["setting", "variable"])
def test_one_call_after_the_other_where_it_is_asked_for(project: Project, control: Control, by: str) -> None:
    """A failure means that an administrator cannot spare a tenant that other tools use at the same time."""
    declare(project, control, **({"concurrentCalls": 1} if by == "setting" else {}))
    if by == "variable":
        project.set_variables(EXCHANGE_ONLINE_CONCURRENT_CALLS="1")
    project.up().succeeded()
    assert len(tenant.names(control)) == 2 * COUNT
    assert most_at_once(control.calls()) == 1


@pytest.mark.parametrize("limit", [3, 1])
def test_a_tenant_that_takes_fewer_calls_gets_fewer(project: Project, control: Control, limit: int) -> None:
    """A failure means that a run ends in errors, or makes something twice, because it came with too many calls."""
    control.switch(max_concurrent=limit)
    declare(project, control)
    run = project.up().succeeded()
    assert len(run.operations) == 2 * COUNT
    writes = control.writes()
    assert any(call.status == 429 for call in writes)
    served = [call for call in writes if call.status == 200]
    assert len(served) == len(tenant.names(control)) == 2 * COUNT
    assert most_at_once(served) <= limit


def test_a_bound_that_is_none_is_said_before_anything_is_sent(project: Project, control: Control) -> None:
    """A failure means that a typing mistake bounds nothing, or ends in a traceback."""
    declare(project, control)
    project.set_variables(EXCHANGE_ONLINE_CONCURRENT_CALLS="eleven")
    project.up().refused("EXCHANGE_ONLINE_CONCURRENT_CALLS", "'eleven' is not a whole number from 1 to 10")
    assert control.calls() == []
    project.set_variables(EXCHANGE_ONLINE_CONCURRENT_CALLS="")
    declare(project, control, concurrentCalls=11)
    project.up().refused("concurrentCalls", "11 is not a whole number from 1 to 10")
    assert control.calls() == []
