"""A connector is never replaced: whatever asks for it changes it in place, or is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import Refusal
from tests.engine import tenant
from tests.engine.test_adoption import PROGRAM
from tests.support.engine import Project

pytestmark = pytest.mark.engine

_ALL = ["name", "senderDomains", "comment"]


def declared(resource: str, name: str, *domains: str, **options: Any) -> dict[str, Any]:
    """A plain inbound connector."""
    return {
        "direction": "inbound",
        "resource": resource,
        "arguments": {"name": name, "sender_domains": list(domains)},
        **options,
    }


def resources(project: Project) -> list[dict[str, Any]]:
    """The entries of connectors in the state."""
    return [found for found in project.export()["deployment"]["resources"] if "exchange-online" in found["type"]]


def urn_of(project: Project, name: str) -> str:
    """The URN of a resource of the state."""
    return next(str(found["urn"]) for found in resources(project) if found["urn"].endswith(f"::{name}"))


def assert_one_each(project: Project, guids: dict[str, str], control: Control) -> None:
    """Every connector once in the state and in the tenant, with the Guid that it has had; nothing pending."""
    assert tenant.guids(control) == guids
    entries = resources(project)
    assert sorted(entry["id"] for entry in entries) == sorted(guids.values())
    assert [entry for entry in entries if entry.get("pendingReplacement") or entry.get("delete")] == []


def test_a_replacement_is_a_change_in_place(project: Project, control: Control) -> None:
    """Failing: replacing leaves no connector, two, or a stack that is stuck; or mail flows unprotected in between."""
    project.use_program(PROGRAM)
    project.configure(connectors=[declared("one", "One", "one.example")])
    project.up().succeeded()
    (guid,) = tenant.guids(control).values()

    project.configure(connectors=[declared("one", "One", "one.example", "two.example", replaceOnChanges=_ALL)])
    replaced = project.up().succeeded()
    assert any("changed in place and keeps its Guid" in text for text in replaced.messages("warning"))
    assert_one_each(project, {"One": guid}, control)
    project.configure(connectors=[declared("one", "Other", "one.example", "two.example", replaceOnChanges=_ALL)])
    project.up().succeeded()
    assert_one_each(project, {"Other": guid}, control)

    assert project.pulumi("state", "taint", urn_of(project, "one"), "--yes").returncode == 0
    project.up().succeeded()
    assert_one_each(project, {"Other": guid}, control)
    project.up("--target-replace", urn_of(project, "one")).succeeded()
    assert_one_each(project, {"Other": guid}, control)
    project.up("--expect-no-changes").unchanged()

    project.destroy().succeeded()
    assert tenant.names(control) == []


def test_deleting_first_is_refused_before_anything_is_sent(project: Project, control: Control) -> None:
    """Failing: the connector is gone before the new one is there, or the stack stays pending for ever (PU-01)."""
    project.use_program(PROGRAM)
    project.configure(connectors=[declared("one", "One", "one.example")])
    project.up().succeeded()
    guids = tenant.guids(control)
    control.clear_calls()
    first = {"replaceOnChanges": _ALL, "deleteBeforeReplace": True}

    project.configure(connectors=[declared("one", "One", "one.example", "two.example", **first)])
    project.up().refused("never deleted to be created again", "delete_before_replace", "nothing was changed")
    assert_one_each(project, guids, control)
    project.configure(connectors=[declared("one", "One", "one.example", **first)])
    assert project.pulumi("state", "taint", urn_of(project, "one"), "--yes").returncode == 0
    project.up().refused("never deleted to be created again", "untaint")
    assert control.writes() == []
    assert project.pulumi("state", "untaint", urn_of(project, "one"), "--yes").returncode == 0

    project.configure(connectors=[declared("one", "One", "one.example", "two.example")])
    assert project.up().succeeded().operations == {"one": "update"}
    assert_one_each(project, guids, control)


def test_a_replacement_that_was_cut_off(project: Project, control: Control) -> None:
    """Failing: the run after removes the connector that the state's new entry has."""
    project.use_program(PROGRAM)
    project.configure(connectors=[declared("one", "One", "one.example")])
    project.up().succeeded()
    (guid,) = tenant.guids(control).values()
    control.fault(Refusal(exception_type="System.ArgumentException", text="No.", status=400), "New-*", count=None)

    # The second resource ends the run before the engine has deleted the older entry of the first.
    both = [declared("one", "One", "new.example", replaceOnChanges=_ALL), declared("two", "Two", "two.example")]
    project.configure(connectors=both)
    project.up().refused("inbound connector 'Two'")
    assert len(resources(project)) == 2

    control.clear_faults()
    project.up().succeeded()
    guids = tenant.guids(control)
    assert guids["One"] == guid
    assert_one_each(project, guids, control)
    project.up("--expect-no-changes").unchanged()


def test_names_that_change_hands(project: Project, control: Control) -> None:
    """Failing: connectors that swap names, or take the name of one that goes, end up lost, doubled or stuck."""
    project.use_program(PROGRAM)
    project.configure(connectors=[declared("a", "A", "a.example"), declared("b", "B", "b.example")])
    project.up().succeeded()
    before = tenant.guids(control)

    # Two that swap their names: refused in words, in two steps done.
    project.configure(connectors=[declared("a", "B", "a.example"), declared("b", "A", "b.example")])
    project.up().refused("another connector has the name now", "it takes two steps")
    assert tenant.guids(control) == before
    project.configure(connectors=[declared("a", "C", "a.example"), declared("b", "A", "b.example")])
    if (first := project.up()).exit_code:
        first.refused("another connector has the name now", "renames that one as well, run `pulumi up` again")
        project.up().succeeded()
    project.configure(connectors=[declared("a", "B", "a.example"), declared("b", "A", "b.example")])
    project.up().succeeded()
    assert_one_each(project, {"B": before["A"], "A": before["B"]}, control)

    # One takes the name of another that the same change removes: refused in words, in two steps done.
    project.configure(connectors=[declared("a", "A", "a.example")])
    project.up().refused("another connector has the name now", "with the removal alone")
    project.configure(connectors=[declared("a", "B", "a.example")])
    project.up().succeeded()
    project.configure(connectors=[declared("a", "A", "a.example")])
    project.up().succeeded()
    assert_one_each(project, {"A": before["A"]}, control)
    project.up("--expect-no-changes").unchanged()
