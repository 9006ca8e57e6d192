"""How a project gets the plugin: by its console script, and by `pulumi package add`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from exchange_online.names import Face
from exchange_online_emulator import Control
from regulated_partners.names import COMPONENT_TOKENS
from tests.engine import native, tenant
from tests.engine.native import inbound
from tests.support.engine import ROOT, Project

pytestmark = pytest.mark.engine

CONNECTORS = ["Fabrikam - inbound", "Fabrikam - outbound"]


def test_the_console_script_of_the_wheel(project: Project, control: Control) -> None:
    """Failing, a container that has the wheel installed has no plugin."""
    native.use_native(project)
    file = project.directory / "Pulumi.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    # Nothing names the plugin: it is on PATH.
    del content["plugins"]
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    native.declare(project, inbound("In", "in.example"))
    made = project.up().succeeded()
    assert f"pulumi-resource-exchange-online from $PATH at {Path(sys.prefix) / 'bin'}" in made.output
    assert tenant.names(control) == ["In"]


def test_package_add_and_the_example_in_python(project: Project, control: Control) -> None:
    """Failing, the one command that the pages name gives a Python project no SDK, or one that does not work; or the
    example is wrong."""
    native.use_native(project)
    project.use_program(ROOT / "examples" / "python" / "__main__.py")
    native.declare(project)
    native.use_environment_of_its_own(project)

    added = project._run_plain("package", "add", str(native.PLUGIN))
    assert added.returncode == 0, added.stdout + added.stderr
    assert "import regulated_partners_exchange_online" in added.stdout
    packages = yaml.safe_load((project.directory / "Pulumi.yaml").read_text(encoding="utf-8"))["packages"]
    assert packages == {"exchange-online": str(native.PLUGIN)}
    sdk = "sdks/regulated-partners-exchange-online"
    assert (project.directory / "requirements.txt").read_text(encoding="utf-8").splitlines()[1:] == [sdk]

    project.up().succeeded()
    guids = tenant.guids(control)
    assert sorted(guids) == CONNECTORS
    assert project.outputs() == dict(
        zip(("inboundConnector", "outboundConnector"), map(guids.get, CONNECTORS), strict=True)
    )
    assert set(native.resources(project, COMPONENT_TOKENS[Face.NATIVE])) == {"Fabrikam"}
    control.clear_calls()
    project.up("--expect-no-changes", preview=True).unchanged()
    assert control.writes() == []
