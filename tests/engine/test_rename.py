"""Renames: the connector stays, because between a delete and a create mail would flow unprotected."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import Action, Delay, Refusal, Status
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS
from tests.support.engine import Project
from tests.support.engine_run import Change
from tests.support.processes import until

pytestmark = pytest.mark.engine

PROGRAMS = Path(__file__).parent / "programs"
RENAMED = ["Fabrikam Trust - inbound", "Fabrikam Trust - outbound"]


def test_a_partner_with_its_old_name_as_alias_is_renamed_in_place(project: Project, control: Control) -> None:
    """A failure means that renaming a partner takes its protection away for a while, or makes new connectors."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    before = tenant.guids(control)
    control.clear_calls()

    project.declare({**FABRIKAM, "name": "Fabrikam Trust", "aliases": ["Fabrikam Bank"]})
    planned = project.preview().succeeded()
    assert planned.changes == {
        f"Fabrikam Trust-{direction}": {"name": Change(f"Fabrikam Bank - {direction}", f"Fabrikam Trust - {direction}")}
        for direction in ("inbound", "outbound")
    }
    renamed = project.up().succeeded()

    assert set(renamed.operations.values()) == {"update"}
    assert sorted(tenant.sent(control)) == [
        (f"Set-{noun}Connector", {"Identity": before[old], "Name": new})
        for noun, old, new in zip(("Inbound", "Outbound"), FABRIKAM_CONNECTORS, RENAMED, strict=True)
    ]
    assert tenant.guids(control) == dict(zip(RENAMED, (before[name] for name in FABRIKAM_CONNECTORS), strict=True))

    # The alias has done its work: without it nothing changes any more.
    project.declare({**FABRIKAM, "name": "Fabrikam Trust"})
    project.up("--expect-no-changes").unchanged()


def test_a_partner_without_the_alias_is_another_partner(project: Project, control: Control) -> None:
    """A failure means that a review hides that connectors would be removed and made anew."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    control.clear_calls()

    project.declare({**FABRIKAM, "name": "Fabrikam Trust"})
    planned = project.preview().succeeded()

    assert planned.operations == {
        "Fabrikam Trust-inbound": "create",
        "Fabrikam Trust-outbound": "create",
        "Fabrikam Bank-inbound": "delete",
        "Fabrikam Bank-outbound": "delete",
    }
    assert tenant.sent(control) == []
    assert tenant.names(control) == FABRIKAM_CONNECTORS


def test_canary_the_engine_fails_on_an_alias_when_the_refresh_runs_the_program(project: Project) -> None:
    """A failure means that upstream has repaired it: `PULUMI_RUN_PROGRAM=true` may then be used for `preview` and `up`.

    CLI 3.259: `--refresh --run-program` replaces a component's new state by a copy of the old one, finds a URN that it
    has not seen, and panics. Source: pulumi/pkg resource/deploy/step.go, RefreshStep.Apply.
    """
    project.declare(FABRIKAM)
    project.up().succeeded()
    project.declare({**FABRIKAM, "name": "Fabrikam Trust", "aliases": ["Fabrikam Bank"]})

    planned = project.preview("--refresh", "--run-program")

    assert "had not been marked as seen" in planned.output


#: What cuts a rename off at one half: before the service acts, after it, or with the whole run.
_CUTS: dict[str, Action] = {
    "refused": Refusal(exception_type="System.ArgumentException", text="No.", status=400),
    "unanswered": Status(status=500, after_write=True),
    "killed": Delay(seconds=60),
}


@pytest.mark.parametrize(("half", "cuts"), [("Inbound", ("unanswered", "killed")), ("Outbound", ("refused", "killed"))])
def test_a_rename_that_is_cut_off_goes_on_as_a_rename(
    project: Project, control: Control, half: str, cuts: tuple[str, ...]
) -> None:
    """Failing: the next `up` makes new connectors and removes the old ones, or is stuck for ever (chaos.md)."""
    project.declare(FABRIKAM, protect=True)
    project.up().succeeded()
    guids = sorted(tenant.guids(control).values())
    names = ["Fabrikam Bank"]
    for how in cuts:
        action = _CUTS[how]
        names.append(f"Fabrikam {how}")
        project.declare({**FABRIKAM, "name": names[-1], "aliases": names[:-1]}, protect=True)
        control.fault(action, f"Set-{half}Connector", count=None)
        if how == "killed":
            running = project.start_up()
            until(lambda: bool(control.faults()[0].acted))
            running.kill()
            running.wait()
            assert project.pulumi("cancel", "--yes").returncode == 0
        else:
            project.up().refused(f"Fabrikam {how}")
        assert control.faults()[0].acted
        control.clear_faults()

        project.up().succeeded()
        wanted = [f"{names[-1]} - inbound", f"{names[-1]} - outbound"]
        assert tenant.names(control) == wanted
        assert sorted(tenant.guids(control).values()) == guids
    project.up("--expect-no-changes").unchanged()


def test_a_partner_that_was_moved_into_another_component_and_cut_off(project: Project, control: Control) -> None:
    """Failing: aliases in the component's own options do not reach the connectors once the component is moved."""
    project.use_program(PROGRAMS / "moved_partner.py")
    project.configure()
    project.up().succeeded()
    guids = tenant.guids(control)
    control.fault(_CUTS["refused"], "Set-*", count=None)
    project.set_variables(MOVED="1")
    project.up().refused("Fabrikam Trust")
    control.clear_faults()

    project.up().succeeded()
    assert sorted(tenant.guids(control).values()) == sorted(guids.values())
    project.up("--expect-no-changes").unchanged()
