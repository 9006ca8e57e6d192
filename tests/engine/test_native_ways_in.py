"""How a project gets the plugin: by its console script, and by a generated SDK that is installed."""

from __future__ import annotations

import subprocess
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


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK that the CLI generates of the plugin, in Python, installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("sdk")
    binaries = Path(sys.prefix) / "bin"
    generate = ["package", "gen-sdk", str(native.PLUGIN), "--language", "python", "--out", str(folder / "made")]
    variables = {"PATH": f"{binaries}:/usr/bin:/bin", "PULUMI_HOME": str(folder / "home"), "HOME": str(folder)}
    made = subprocess.run(
        [binaries / "pulumi", *generate], env=variables, capture_output=True, text=True, check=False, timeout=300
    )
    assert made.returncode == 0, made.stdout + made.stderr
    offline = ["--no-index", "--no-build-isolation", "--no-deps", "--disable-pip-version-check", "--quiet"]
    install = [sys.executable, "-m", "pip", "install", *offline, "--target", str(folder / "site")]
    installed = subprocess.run(
        [*install, str(folder / "made" / "python")], capture_output=True, text=True, check=False, timeout=300
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return folder / "site"


def test_the_example_in_python_with_a_generated_sdk(project: Project, control: Control, sdk: Path) -> None:
    """Failing, `pulumi package add` gives a Python project an SDK that does not work, or the example is wrong."""
    native.use_native(project)
    project.use_program(ROOT / "examples" / "python" / "__main__.py")
    native.declare(project)
    project.set_variables(PYTHONPATH=str(sdk))
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
