"""A team on one state: PostgreSQL, with a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.faults import Delay
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, WOODGROVE
from tests.support.engine import Project
from tests.support.postgresql import PostgreSqlServer
from tests.support.processes import until

pytestmark = pytest.mark.engine

_, OUTBOUND = FABRIKAM_CONNECTORS


@pytest.fixture
def shared(project: Project) -> Iterator[Project]:
    """A working copy whose stack is kept in PostgreSQL."""
    with PostgreSqlServer() as server:
        project.set_variables(PULUMI_BACKEND_URL=server.url)
        created = project.pulumi("stack", "init")
        assert created.returncode == 0, created.stderr
        yield project


def test_of_two_runs_at_once_one_is_refused_and_nothing_is_lost(shared: Project, control: Control) -> None:
    """A failure means that two pipelines apply one stack at once, and one overwrites what the other has recorded."""
    shared.declare(FABRIKAM, WOODGROVE)
    control.fault(Delay(seconds=60), "New-OutboundConnector", identity=OUTBOUND)
    first = shared.start_up()
    until(lambda: any(fault.acted for fault in control.faults()))

    second = shared.up()
    second.refused("the stack is currently locked", "pulumi cancel")
    assert second.operations == {}

    control.clear_faults()
    first.wait().succeeded()
    assert tenant.names(control) == sorted(
        [*FABRIKAM_CONNECTORS, "Woodgrove Hospital - inbound", "Woodgrove Hospital - outbound"]
    )
    resources = shared.export()["deployment"]["resources"]
    recorded = {each["outputs"]["name"]: each["id"] for each in resources if "exchange-online" in each["type"]}
    assert recorded == tenant.guids(control)
    shared.up().unchanged()


def test_another_working_copy_goes_on_where_this_one_ended(
    shared: Project, control: Control, emulator: EmulatorProcess, tmp_path: Path
) -> None:
    """A failure means that a colleague's run makes every connector a second time."""
    shared.declare(FABRIKAM)
    shared.up().succeeded()
    guids = tenant.guids(control)

    colleague = Project(tmp_path / "colleague", emulator)
    colleague.set_variables(PULUMI_BACKEND_URL=shared.variables["PULUMI_BACKEND_URL"])
    colleague.stack_file.write_text(shared.stack_file.read_text(encoding="utf-8"), encoding="utf-8")
    colleague.up().unchanged()
    colleague.declare({**FABRIKAM, "comment": "SEC-1"})
    assert set(colleague.up().succeeded().operations.values()) == {"update"}
    assert tenant.guids(control) == guids
