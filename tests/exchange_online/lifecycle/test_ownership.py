"""What a run knows of who has which connector."""

from __future__ import annotations

import pytest

from exchange_online.admin_api import AlreadyExists
from exchange_online.connectors import Direction, Options, check
from exchange_online.lifecycle import Owner, Ownership
from exchange_online_emulator import Control
from tests.exchange_online.lifecycle.conftest import Parts

_PLAIN = check(Direction.INBOUND, {"name": "Plain", "senderDomains": ["a.example"]}).settings
_CHANGED = check(Direction.INBOUND, {"name": "Plain", "senderDomains": ["b.example"]}).settings


def _urn(stack: str, name: str = "plain") -> str:
    return f"urn:pulumi:{stack}::regulated-partners::type::{name}"


def test_a_replacement_in_a_renamed_stack_is_no_other_stacks(parts: Parts, tenant: Control) -> None:
    """Failing, a stack that was renamed takes its own connector for another stack's, and cannot change it."""
    made = parts.lifecycle().create(Owner(_urn("before")), _PLAIN, Options()).record
    assert made.mark is not None
    lifecycle, renamed = parts.lifecycle(), Owner(_urn("after"), recorded=made.mark)
    # As the engine does for a replacement: checked and compared, checked as new, created.
    lifecycle.ownership.checked(renamed.urn, as_new=False)
    lifecycle.ownership.stays(renamed, made.guid, "inbound connector 'Plain'")
    lifecycle.ownership.checked(renamed.urn, as_new=True)

    changed = lifecycle.create(Owner(renamed.urn), _CHANGED, Options()).record

    assert (changed.guid, changed.settings) == (made.guid, _CHANGED)
    assert changed.mark == renamed.mark
    assert lifecycle.delete(renamed, made.guid, _PLAIN) == ()
    assert [row["Guid"] for row in tenant.connectors("inbound")] == [made.guid]


def test_a_take_over_waits_until_the_program_has_declared() -> None:
    """Failing, a create takes over the connector of a resource that the program declares a moment later."""
    now, slept = 100.0, list[float]()
    ownership = Ownership(clock=lambda: now)

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds
        if len(slept) == 1:
            ownership.checked(_urn("dev", "later"), as_new=False)

    ownership.wait_for_declarations(sleep)
    assert slept == pytest.approx([0.25, 0.25])
    ownership.wait_for_declarations(sleep)
    assert len(slept) == 2


def test_two_resources_of_a_program_never_have_one_connector() -> None:
    """Failing, two declarations undo each other's changes, and taking one out removes the connector of the other."""
    ownership = Ownership()
    for name in ("one", "two"):
        ownership.checked(_urn("dev", name), as_new=False)
    # A refresh compares what the program does not declare any more: that counts for nothing.
    ownership.stays(Owner(_urn("dev", "gone")), "guid", "it")
    ownership.stays(Owner(_urn("dev", "one")), "guid", "it")
    with pytest.raises(AlreadyExists, match="'one' and 'two'"):
        ownership.stays(Owner(_urn("dev", "two")), "guid", "it")
