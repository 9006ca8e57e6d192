"""What Pulumi's own tools do with the program: Python instead of the list, saved plans, outputs, the Automation API."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pulumi import automation

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, FABRIKAM_OUT
from tests.support.engine import STACK, Project
from tests.support.engine_run import Change

pytestmark = pytest.mark.engine

PROGRAMS = Path(__file__).parent / "programs"


def test_a_partner_moves_from_the_list_into_python(project: Project, control: Control) -> None:
    """A failure means that whoever outgrows the list loses the connectors, and the protection, for a moment."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    control.clear_calls()

    project.use_program(PROGRAMS / "partner_in_code.py")
    project.configure()
    project.up(preview=True).unchanged()

    assert tenant.sent(control) == []


def test_a_saved_plan_is_applied_as_it_was_reviewed(project: Project, control: Control, tmp_path: Path) -> None:
    """A failure means that what was approved in a pull request cannot be applied, or that more than that can be."""
    plan = tmp_path / "plan.json"
    project.declare(FABRIKAM)
    project.preview("--save-plan", str(plan)).succeeded()
    project.up("--plan", str(plan)).succeeded()
    assert tenant.names(control) == FABRIKAM_CONNECTORS

    changed = {**FABRIKAM, "comment": "reviewed"}
    project.declare(changed)
    project.preview("--save-plan", str(plan)).succeeded()
    project.declare({**changed, "enabled": False})
    control.clear_calls()
    project.up("--plan", str(plan)).refused("violates plan")
    assert tenant.sent(control) == []


def test_an_argument_that_is_an_output(project: Project, control: Control) -> None:
    """A failure means that connectors cannot be wired to other resources of a program."""
    project.use_program(PROGRAMS / "output_valued.py")
    planned = project.preview().succeeded()
    assert planned.operations == {"in": "create", "out": "create"}
    assert "comment                      : [unknown]" in planned.stdout

    project.up().succeeded()
    guid = tenant.guids(control)["Fabrikam in"]
    assert tenant.connectors(control, "outbound")["Fabrikam out"]["Comment"] == f"pair of {guid}"
    project.up("--expect-no-changes").unchanged()


def test_the_automation_api_drives_the_same_program(
    project: Project, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure means that a service or a test harness of the user cannot run the project."""
    # It asks the CLI for its version before it takes the options' home into account.
    monkeypatch.setenv("PULUMI_HOME", project.variables["PULUMI_HOME"])
    project.declare(FABRIKAM)
    stack = automation.select_stack(STACK, work_dir=str(project.directory), opts=_options(project))

    created = stack.up(on_output=lambda _: None, show_secrets=False)
    assert created.summary.resource_changes == {"create": 4}
    assert created.outputs["partners/Fabrikam Bank"].value["inbound"]["connector"] == FABRIKAM_CONNECTORS[0]

    control.invoke("Set-OutboundConnector", {"Identity": FABRIKAM_CONNECTORS[1], "Enabled": False})
    assert stack.preview(on_output=lambda _: None).change_summary == {"same": 3, "update": 1}
    stack.destroy(on_output=lambda _: None, run_program=True)
    assert tenant.names(control) == []


def _options(project: Project) -> automation.LocalWorkspaceOptions:
    return automation.LocalWorkspaceOptions(
        env_vars=project.variables,
        pulumi_home=project.variables["PULUMI_HOME"],
        pulumi_command=automation.PulumiCommand(root=sys.prefix),
        work_dir=str(project.directory),
    )


def test_the_full_up_shows_drift_before_it_repairs_it(project: Project, control: Control) -> None:
    """A failure means that somebody who types `pulumi up` is not shown what was changed behind their back."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    control.invoke("Set-OutboundConnector", {"Identity": FABRIKAM_CONNECTORS[1], "Comment": "hello"})

    shown = project.up("--diff", preview=True).succeeded()

    assert shown.changes == {FABRIKAM_OUT: {"comment": Change("hello", FABRIKAM["comment"])}}
    assert '~ comment: "hello" => "SEC-1234, owner messaging team"' in shown.stdout
