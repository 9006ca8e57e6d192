"""Which stack a connector belongs to: the mark on it, and what another stack may do with it."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import Refusal
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, WOODGROVE
from tests.engine.tenant import MARK, comments
from tests.support.engine import Project

pytestmark = pytest.mark.engine

INBOUND, OUTBOUND = FABRIKAM_CONNECTORS
SECOND = "[Pulumi: regulated-partners/dev2]"


def test_a_copied_stack_takes_nothing_over_and_removes_nothing(project: Project, control: Control) -> None:
    """Failing: a second stack with the same declarations takes over what the first has made; its end removes it all."""
    project.declare(FABRIKAM, WOODGROVE)
    project.up().succeeded()
    assert comments(control)[INBOUND] == f"SEC-1234, owner messaging team\n{MARK}"
    assert comments(control)["Woodgrove Hospital - inbound"] == MARK
    before = tenant.whole(control)

    second = project.copied_stack("dev2")
    second.up().refused(f"inbound connector '{INBOUND}'", "the stack regulated-partners/dev manages", "state move")
    # Consent is for what no stack manages.
    second.declare({**FABRIKAM, "adoptExisting": True})
    second.up().refused("the stack regulated-partners/dev manages", "was not taken over")
    second.destroy().succeeded()

    assert tenant.whole(control) == before
    project.up("--expect-no-changes").unchanged()


def test_what_one_stack_releases_another_takes(project: Project, control: Control) -> None:
    """Failing: there is no way to hand a partner to another stack, or one stack takes it without being asked."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    guids = tenant.guids(control)
    second = project.copied_stack("dev2")
    assert project.pulumi("state", "delete", "--all", "--yes").returncode == 0

    second.declare({**FABRIKAM, "adoptExisting": True})
    second.up().refused(MARK, "remove the line")
    for name, guid in guids.items():
        noun = "Inbound" if name == INBOUND else "Outbound"
        control.invoke(f"Set-{noun}Connector", {"Identity": guid, "Comment": "SEC-1, handed over"})

    second.declare(FABRIKAM)
    second.up().refused("without the mark of any stack", "today", "comment: SEC-1, handed over =>", "adoptExisting")
    second.declare({**FABRIKAM, "adoptExisting": True})
    second.up().succeeded()
    assert tenant.guids(control) == guids
    assert all(comment.endswith(SECOND) for comment in comments(control).values())
    project.declare()
    project.up().succeeded()
    assert tenant.guids(control) == guids


def test_a_stack_that_is_renamed_or_moved_from_keeps_its_connectors(project: Project, control: Control) -> None:
    """Failing: renaming a stack, or moving a partner between stacks, leaves connectors that nobody can change."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    guids = tenant.guids(control)

    assert project.pulumi("stack", "rename", "dev2").returncode == 0
    renamed = project.stack_named("dev2")
    assert renamed.drift().succeeded().drift == {}
    corrected = renamed.up().succeeded()
    assert set(corrected.operations.values()) == {"update"}
    assert any("still names the stack regulated-partners/dev" in text for text in corrected.messages("warning"))
    assert set(comments(control).values()) == {f"SEC-1234, owner messaging team\n{SECOND}"}
    renamed.up("--expect-no-changes").unchanged()
    # A new stack of the old name gets nothing of it.
    old = renamed.copied_stack("dev")
    old.up().refused("the stack regulated-partners/dev2 manages")
    old.destroy().succeeded()
    assert tenant.guids(control) == guids

    third = renamed.copied_stack("dev3")
    (partner,) = [
        found["urn"] for found in renamed.export()["deployment"]["resources"] if found["urn"].endswith("Bank")
    ]
    renamed.move(partner, third)
    renamed.declare()
    renamed.up().succeeded()
    assert tenant.guids(control) == guids
    third.up().succeeded()
    assert set(comments(control).values()) == {
        "SEC-1234, owner messaging team\n[Pulumi: regulated-partners/dev3]",
    }
    # The stack that it was moved from declares it once more, and gets nothing.
    renamed.declare(FABRIKAM)
    renamed.up().refused("the stack regulated-partners/dev3 manages")
    assert tenant.guids(control) == guids
    third.destroy().succeeded()
    assert tenant.names(control) == []


def test_what_another_stack_has_taken_is_neither_changed_nor_removed(project: Project, control: Control) -> None:
    """Failing: two stacks undo each other's changes, or one removes the connector of the other."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    guid = tenant.guids(control)[INBOUND]
    control.invoke("Set-InboundConnector", {"Identity": guid, "Comment": f"theirs\n{SECOND}"})
    before = tenant.whole(control)

    changed = project.up()
    changed.refused("the stack regulated-partners/dev2 manages", guid, "was not changed")
    assert any("has taken it over" in text for text in changed.messages("warning"))
    project.destroy().refused("the stack regulated-partners/dev2 manages", "was not removed")
    assert [row for row in before if row["Guid"] == guid] == control.connectors("inbound")


def test_without_the_mark_on_request(project: Project, control: Control) -> None:
    """Failing: the setting leaves marks, or what it makes cannot be changed later; or a mark can be declared."""
    project.declare(FABRIKAM, ownershipMark=False)
    project.up().succeeded()
    assert set(comments(control).values()) == {"SEC-1234, owner messaging team"}
    guids = tenant.guids(control)

    # The absence of the mark is no difference; the next write for another reason adds it.
    project.declare(FABRIKAM)
    project.up("--expect-no-changes").unchanged()
    project.declare({**FABRIKAM, "certificateName": "mx.fabrikam.com"})
    assert set(project.up().succeeded().operations.values()) == {"update"}
    assert set(comments(control).values()) == {f"SEC-1234, owner messaging team\n{MARK}"}
    assert tenant.guids(control) == guids

    project.declare({**FABRIKAM, "comment": f"SEC-1\n{SECOND}"})
    project.preview().refused("comment", f"its last line, {SECOND}", "leave that line out")


def test_a_comment_that_the_service_finds_too_long(project: Project, control: Control) -> None:
    """Failing: nobody learns that the mark takes part of what a comment may hold."""
    words = "The length of the property is too long. The maximum length is 1024 and the length of the value is 1030."
    control.fault(Refusal(exception_type="System.ArgumentException", text=words, status=400), "New-*", count=None)
    project.declare({**FABRIKAM, "comment": "x" * 997})
    project.up().refused("The maximum length is 1024", f"of which {len(MARK)} are the line {MARK}", "ownershipMark")
    assert tenant.names(control) == []
