"""A team on one state: PostgreSQL, Azure Blob Storage and Amazon S3, each with a real server on loopback."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.faults import Delay
from regulated_partners.engine.checkpoints import MANY
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, WOODGROVE
from tests.support.engine import Project
from tests.support.engine_run import Run
from tests.support.object_stores import AzuriteServer, ObjectStore, S3Server
from tests.support.postgresql import PostgreSqlServer
from tests.support.processes import until

pytestmark = pytest.mark.engine

_, OUTBOUND = FABRIKAM_CONNECTORS

BACKENDS: dict[str, type[PostgreSqlServer | ObjectStore]] = {
    "postgres": PostgreSqlServer,
    "azblob": AzuriteServer,
    "s3": S3Server,
}


@pytest.fixture(params=BACKENDS)
def shared(request: pytest.FixtureRequest, project: Project) -> Iterator[Project]:
    """A working copy whose stack is kept in a backend that a team shares."""
    server: AbstractContextManager[PostgreSqlServer | ObjectStore] = BACKENDS[request.param]()
    with server as running:
        project.set_variables(**running.variables)
        project.init(project.stack)
        yield project


def told(run: Run) -> str:
    """What a run says first, past the step that is shown where it takes longer than two seconds."""
    return run.stderr.removeprefix("Reading the state of the stack dev ...\n")


def recorded(project: Project) -> dict[str, str]:
    """The Guid of each connector in the state, by name."""
    resources = project.export()["deployment"].get("resources") or []
    return {each["outputs"]["name"]: each["id"] for each in resources if "exchange-online" in each["type"]}


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
    assert recorded(shared) == tenant.guids(control)
    shared.up().unchanged()


@pytest.mark.parametrize("shared", ["azblob", "s3"], indirect=True)
def test_many_are_written_once_a_killed_run_is_finished_and_a_colleague_goes_on(
    shared: Project, control: Control, emulator: EmulatorProcess, tmp_path: Path
) -> None:
    """A failure means that our `up` is slow there, that a run which was killed loses or doubles connectors, or that a
    colleague's run makes every one a second time.
    """
    partners = [{"name": f"P {n}", "domains": [f"p{n}.example"], "certificateName": "mx.p.example"} for n in range(25)]
    shared.declare(*partners)
    control.fault(Delay(seconds=60), "New-OutboundConnector", nth=5)
    first = shared.start_command("up")
    until(lambda: any(fault.acted for fault in control.faults()))
    for engine in first.engines():
        os.kill(engine, signal.SIGKILL)
    control.clear_faults()
    killed = first.wait()
    assert told(killed).startswith(f"This run creates {MANY} connectors. The state is written once, at its end")
    assert "was killed before it had written the state" in killed.stderr
    until(lambda: not shared.living())
    made = tenant.guids(control)
    assert made
    assert recorded(shared) == {}

    locked = shared.start_command("up").wait()
    assert locked.exit_code != 0
    assert "the stack is currently locked" in locked.output
    assert shared.pulumi("cancel", "--yes").returncode == 0
    again = shared.start_command("up").wait()
    assert again.exit_code == 0, again.output
    guids = tenant.guids(control)
    assert len(guids) == MANY
    assert made.items() <= guids.items()
    assert recorded(shared) == guids
    colleague = Project(tmp_path / "colleague", emulator)
    colleague.set_variables(**shared.own_variables)
    colleague.stack_file.write_text(shared.stack_file.read_text(encoding="utf-8"), encoding="utf-8")
    colleague.declare({**partners[0], "comment": "SEC-1"}, *partners[1:])
    assert set(colleague.up().succeeded().operations.values()) == {"update"}
    assert tenant.guids(control) == guids
    gone = shared.start_command("destroy").wait()
    assert gone.exit_code == 0, gone.output
    assert told(gone).startswith(f"This run deletes {MANY} connectors.")
    assert tenant.guids(control) == {}
    assert recorded(shared) == {}
