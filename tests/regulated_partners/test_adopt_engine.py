"""Adoption of a grown tenant, with the real engine against the emulator."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
import yaml

from exchange_online_emulator import Control
from tests.engine.tenant import names, whole
from tests.regulated_partners.conftest import Command
from tests.regulated_partners.mixed_tenant import FATES, INBOUND, OUTBOUND
from tests.support.engine import Project
from tests.support.processes import until

pytestmark = pytest.mark.engine

#: How many of the tenant's connectors come under management.
ADOPTED = sum(fate not in ("Hybrid", "test mode", "EFTestMode", "slash") for fate in FATES.values())


@pytest.fixture
def tenant(control: Control) -> Control:
    """A tenant of 25 connectors that nobody manages."""
    control.seed(inbound=INBOUND, outbound=OUTBOUND)
    control.clear_calls()
    return control


def managed(project: Project) -> dict[str, str]:
    """The id of each connector in the state, by the name of its resource."""
    resources = project.export()["deployment"].get("resources", [])
    return {
        each["urn"].split("::", 3)[3]: each["id"] for each in resources if "Connector" in each["type"] and "id" in each
    }


def state(project: Project) -> dict[str, tuple[object, ...]]:
    """What the state says of each resource that adoption enters."""
    return {
        each["urn"]: tuple(each.get(key) for key in ("id", "inputs", "outputs", "parent", "protect", "custom"))
        for each in project.export()["deployment"]["resources"]
        if "Connector" in each["type"] or "RegulatedPartner" in each["type"]
    }


def test_a_grown_tenant_comes_under_management(command: Command, project: Project, tenant: Control) -> None:
    """Failure means: adoption writes to the tenant, or the first `pulumi up` after it would change mail flow."""
    before = whole(tenant)
    project.stack_file.write_text(f"# Head\n{project.stack_file.read_text()}# The end\n", encoding="utf-8")

    dry = command("adopt", "--json").succeeded()
    assert {each["name"]: _fate(each) for each in dry.document["connectors"]} == FATES
    assert managed(project) == {}

    adopted = command("adopt", "--write", "--json").succeeded()
    assert len(adopted.document["entered"]) == ADOPTED
    text = project.stack_file.read_text(encoding="utf-8")
    assert text.startswith("# Head\n")
    assert text.endswith("# The end\n")
    assert yaml.safe_load(text)["config"]["regulated-partners:partners"] == dry.document["declarations"]["partners"]

    project.preview("--expect-no-changes").unchanged()
    project.drift().succeeded()
    assert tenant.writes() == []
    assert whole(tenant) == before
    assert len(managed(project)) == ADOPTED

    again = command("adopt", "--write").succeeded()
    assert "There is nothing to adopt." in again.stdout
    assert project.stack_file.read_text(encoding="utf-8") == text


def test_destroy_removes_only_what_was_adopted(command: Command, project: Project, tenant: Control) -> None:
    """Failure means: connectors that adoption left alone are lost with the stack."""
    command("adopt", "--write", "--only", "*fabrikam*", "--only", "gateway*").succeeded()
    assert sorted(managed(project)) == [
        "Fabrikam Bank-inbound",
        "Fabrikam Bank-outbound",
        "Gateway lock-down",
        "Gateway smart host",
    ]
    entered = state(project)
    project.up().unchanged()
    assert state(project) == entered
    assert tenant.writes() == []
    project.destroy().succeeded()
    gone = {"Fabrikam Bank - inbound", "Fabrikam Bank - outbound", "Gateway lock-down", "Gateway smart host"}
    assert names(tenant) == sorted(set(FATES) - gone)
    assert {call.cmdlet.partition("-")[0] for call in tenant.writes()} == {"Remove"}


def test_declarations_alone_are_taken_over_by_up(command: Command, project: Project, tenant: Control) -> None:
    """Failure means: the way for teams that change state only in pipelines changes connectors, or refuses them."""
    wizard = "Inbound from 4f0c4f5e-7a56-4c5f-9a55-d9f1f8f0f2a1"
    before = whole(tenant)
    command("adopt", "--write", "--declarations-only", "--include", wizard).succeeded()
    assert managed(project) == {}
    up = project.up().succeeded()
    assert tenant.writes() == []
    assert whole(tenant) == before
    assert len(managed(project)) == ADOPTED + 1
    assert sum("nothing was sent" in text for text in up.messages("warning")) == ADOPTED + 1
    project.preview("--expect-no-changes").unchanged()


def test_an_adoption_that_stopped_after_the_file_is_finished_by_the_next(
    command: Command, project: Project, tenant: Control
) -> None:
    """Failure means: after an interruption somebody has to repair file or state by hand."""
    command("adopt", "--write", "--declarations-only").succeeded()
    text = project.stack_file.read_text(encoding="utf-8")
    command("adopt", "--write").succeeded()
    assert project.stack_file.read_text(encoding="utf-8") == text
    assert len(managed(project)) == ADOPTED
    project.preview("--expect-no-changes").unchanged()
    assert tenant.writes() == []


def test_half_a_partner_in_the_state_is_completed(command: Command, project: Project, tenant: Control) -> None:
    """Failure means: a partner of which one connector was lost from the state can never be managed whole again."""
    command("adopt", "--write", "--only", "*fabrikam*").succeeded()
    urn = next(
        each["urn"] for each in project.export()["deployment"]["resources"] if each["urn"].endswith("Bank-outbound")
    )
    assert project.pulumi("state", "delete", urn, "--yes").returncode == 0
    command("adopt", "--write", "--only", "*fabrikam*").succeeded()
    assert sorted(managed(project)) == ["Fabrikam Bank-inbound", "Fabrikam Bank-outbound"]
    project.preview("--expect-no-changes").unchanged()
    assert tenant.writes() == []


def test_a_killed_adoption_is_finished_by_the_next(command: Command, project: Project, tenant: Control) -> None:
    """Failure means: a pipeline that is cancelled in the middle leaves a stack that nobody can adopt into or apply."""
    running = command.start("adopt", "--write")
    deadline = time.monotonic() + 60
    while not _locked(project.state) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running.poll() is None, "It ended before the import began."
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    # The CLI that it has started is told, and ends. Between taking the lock and listening to signals it leaves the
    # lock (measured, CLI 3.259): then docs/adopt.md says what to do.
    until(lambda: not project.living())
    if _locked(project.state):
        assert project.pulumi("cancel", "--yes").returncode == 0
    command("adopt", "--write").succeeded()
    assert len(managed(project)) == ADOPTED
    project.preview("--expect-no-changes").unchanged()
    assert tenant.writes() == []


def test_adopted_connectors_are_protected_as_the_stack_says(
    command: Command, project: Project, tenant: Control
) -> None:
    """Failure means: an `up` from a branch without the declarations deletes what was just adopted in production."""
    project.configure(protect=True)
    command("adopt", "--write", "--only", "*fabrikam*").succeeded()
    project.configure(protect=True, partners=[])
    up = project.up()
    assert up.exit_code != 0
    assert "protect" in up.output
    assert len(names(tenant)) == len(FATES)
    assert tenant.writes() == []


def test_another_stacks_connectors_are_left_alone(command: Command, project: Project, tenant: Control) -> None:
    """Failure means: two stacks manage one connector, and each undoes the other's changes."""
    command("adopt", "--write", "--only", "*fabrikam*").succeeded()
    other = project.stack_file.with_name("Pulumi.other.yaml")
    other.write_text("config:\n  regulated-partners:cloud: local\n", encoding="utf-8")
    shown = command("adopt", "--write", "--json", "--only", "*fabrikam*", stack="other").succeeded().document
    reasons = {each["reason"] for each in shown["connectors"] if "Fabrikam" in each["name"]}
    assert reasons == {"the stack dev manages it"}
    inventory = command("inventory", "--json", stack="other").succeeded().document
    owners = {each["name"]: each["managedBy"] for each in inventory["connectors"]}
    assert {name for name, stack in owners.items() if stack == "dev"} == {
        "Fabrikam Bank - inbound",
        "Fabrikam Bank - outbound",
    }
    assert tenant.writes() == []


def _fate(connector: dict[str, str]) -> str:
    if connector["becomes"] == "partner":
        return connector["partner"]
    if connector["becomes"] == "connector":
        return "plain"
    assert connector["becomes"] == "left-alone"
    return next(words for words in ("Hybrid", "test mode", "EFTestMode", "slash") if words in connector["reason"])


def _locked(state: Path) -> bool:
    """Whether the engine holds the stack: the import has begun."""
    return any((state / ".pulumi" / "locks").rglob("*.json"))
