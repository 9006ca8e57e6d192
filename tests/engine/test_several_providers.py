"""A program with several providers of one tenant, each a process of its own: a connector has one resource still."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from tests.engine import native, tenant
from tests.engine.partners import FABRIKAM
from tests.support.engine import Project

pytestmark = pytest.mark.engine

_KEPT = "it was not removed, because another resource of this program has it"


def _called(resource: str, name: str, provider: str = "") -> dict[str, Any]:
    """An inbound connector whose resource is called otherwise."""
    options = {"provider": provider} if provider else {}
    return {**native.inbound(name, f"{name.lower()}.example", **options), "name": resource}


def _kept(run: Any) -> bool:
    return any(_KEPT in text for text in run.messages("warning"))


def test_a_resource_with_another_name_and_provider_keeps_its_connector(
    project: Project, control: Control, emulator: EmulatorProcess
) -> None:
    """Failing, mail flows without its protection until the next run, and this one ends well and says nothing."""
    native.use_native(project)
    providers = [native.provider(name, emulator.connection) for name in ("one", "two")]
    native.declare(project, *providers, _called("a", "X", "one"), _called("b", "Y"))
    project.up().succeeded()
    guids = tenant.guids(control)
    control.clear_calls()

    native.declare(project, *providers, _called("c", "X", "two"), _called("d", "Y", "one"))
    run = project.up().succeeded()
    assert _kept(run)
    assert control.writes() == []
    assert tenant.guids(control) == guids
    ids = {name: entry["id"] for name, entry in native.resources(project, native.INBOUND).items()}
    assert ids == {"c": guids["X"], "d": guids["Y"]}
    project.up("--expect-no-changes").unchanged()
    project.destroy().succeeded()
    assert tenant.names(control) == []


def test_two_resources_of_different_providers_never_have_one_connector(
    project: Project, control: Control, emulator: EmulatorProcess
) -> None:
    """Failing, two declarations undo each other's changes, and taking one out removes the connector of the other."""
    native.use_native(project)
    providers = [native.provider(name, emulator.connection) for name in ("one", "two")]
    native.declare(project, *providers, _called("a", "X", "one"))
    project.up().succeeded()
    guids = tenant.guids(control)

    native.declare(project, *providers, _called("a", "X", "one"), _called("b", "X", "two"), _called("c", "Y", "two"))
    project.up().refused("inbound connector 'X'", "'a'")
    assert tenant.guids(control).items() >= guids.items()
    native.declare(project, *providers, _called("c", "Y", "two"), _called("b", "Y", "one"))
    project.up().refused("inbound connector 'Y'")
    assert list(tenant.guids(control)).count("Y") == 1


def test_who_moves_to_the_plugin_without_aliases_keeps_the_connectors(project: Project, control: Control) -> None:
    """Failing, a step of the migration that is forgotten removes the connectors of every partner."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    guids = tenant.guids(control)
    control.clear_calls()

    native.use_native(project)
    settings = {key: value for key, value in FABRIKAM.items() if key != "name"}
    native.declare(project, native.partner(str(FABRIKAM["name"]), "fabrikam", **settings))
    run = project.up(preview=True).succeeded()
    assert _kept(run)
    assert control.writes() == []
    assert tenant.guids(control) == guids
    project.up("--expect-no-changes").unchanged()
