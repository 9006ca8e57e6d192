"""Connectors of the native face on the real engine: a program of any language, here without a generated SDK."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control
from tests.engine import native, tenant
from tests.engine.native import inbound, outbound
from tests.support.engine import Project

pytestmark = pytest.mark.engine


@pytest.fixture
def native_project(project: Project) -> Project:
    """A project whose program uses the plugin."""
    native.use_native(project)
    return project


def test_a_stack_is_created_stays_as_it_is_and_is_removed(native_project: Project, control: Control) -> None:
    """Failing, nobody outside of Python could use any of this."""
    native.declare(
        native_project, inbound("In", "in.example"), outbound("Out", "out.example", smtpDaneMode="mandatory")
    )
    planned = native_project.preview().succeeded()
    assert planned.operations == {"In": "create", "Out": "create"}
    assert control.writes() == []

    made = native_project.up().succeeded()
    assert made.operations == {"In": "create", "Out": "create"}
    assert not made.messages("warning"), made.output
    assert tenant.guids(control) == {
        name: entry["id"]
        for token in (native.INBOUND, native.OUTBOUND)
        for name, entry in native.resources(native_project, token).items()
    }
    control.clear_calls()
    native_project.up("--expect-no-changes", preview=True).unchanged()
    assert control.writes() == []

    native_project.destroy().succeeded()
    assert tenant.names(control) == []
