"""The tenant is part of a connector's identity: another one that answers is an error, and never an absence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, WOODGROVE
from tests.support.engine import Project

pytestmark = pytest.mark.engine


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[EmulatorProcess]:
    """A second tenant."""
    with EmulatorProcess(tmp_path / "elsewhere") as emulator:
        yield emulator


def test_another_tenant_loses_and_changes_nothing(
    project: Project, control: Control, elsewhere: EmulatorProcess
) -> None:
    """Failing: a stack that reaches another tenant forgets its connectors and makes them there, without a word."""
    project.declare(FABRIKAM, protect=True)
    project.up().succeeded()
    own = {"EXCHANGE_ONLINE_EMULATOR": project.variables["EXCHANGE_ONLINE_EMULATOR"]}
    state, whole = project.export()["deployment"]["resources"], tenant.whole(control)
    known, reached = control.status().tenant, elsewhere.control.status().tenant
    assert known != reached

    project.set_variables(EXCHANGE_ONLINE_EMULATOR=str(elsewhere.connection_path))
    for run in (
        project.preview(),
        project.up(preview=True),
        project.up("--refresh=false"),
        project.refresh(),
        project.drift(),
    ):
        run.refused(known, reached, "nothing was read, changed or forgotten", "stack init")
    project.declare(FABRIKAM, WOODGROVE, protect=False)
    project.up().refused(known, reached)
    project.destroy().refused(known, reached)
    assert elsewhere.control.writes() == []

    project.declare(FABRIKAM, protect=True)
    project.set_variables(**own)
    project.up("--expect-no-changes").unchanged()
    assert project.export()["deployment"]["resources"] == state
    assert tenant.whole(control) == whole


def test_the_settings_that_name_the_tenant_are_not_changed_under_connectors(project: Project, control: Control) -> None:
    """Failing: a setting that names another tenant or cloud asks for credentials, or for connectors, of that one."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    known, other = control.status().tenant, "00000000-0000-4000-8000-00000000000b"

    project.declare(FABRIKAM, tenant=other)
    for run in (project.preview(), project.preview("--refresh=false")):
        run.refused(known, other, "set it back", "state delete --all")
    project.declare(FABRIKAM, cloud="commercial", tenant=known)
    for run in (project.preview(), project.preview("--refresh=false")):
        run.refused(f"{known} (local)", f"{known} (commercial)")

    # The way on purpose that leaves the connectors where they are.
    assert project.pulumi("state", "delete", "--all", "--yes").returncode == 0
    assert tenant.names(control) == FABRIKAM_CONNECTORS
