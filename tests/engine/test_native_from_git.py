"""The plugin from a git server, as `packages:` of a Pulumi.yaml names it: the sub-folder of a clone, by its version."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from exchange_online_emulator import Control
from tests.engine import native, tenant
from tests.engine.test_yaml import partner, write_program
from tests.support.engine import ROOT, Project
from tests.support.git_server import NAME, GitServer

pytestmark = pytest.mark.engine

VERSION = "0.1.0"
_REPOSITORY = Path("contoso") / "regulated-partners.git"


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[GitServer]:
    """A forge that has this working copy's packages, with a tag."""
    work, bare = tmp_path / "work", tmp_path / "forge" / _REPOSITORY
    for folder in ("providers", "components"):
        shutil.copytree(ROOT / folder, work / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", work)
    identity = ["-c", "user.name=Test", "-c", "user.email=test@contoso.example"]
    for arguments in (
        ["init", "--quiet", "--initial-branch=main", str(work)],
        ["-C", str(work), "add", "--all"],
        ["-C", str(work), *identity, "commit", "--quiet", "--message=Release"],
        ["-C", str(work), "tag", f"v{VERSION}"],
        ["clone", "--quiet", "--bare", str(work), str(bare)],
    ):
        subprocess.run(["git", *arguments], check=True, capture_output=True)
    with GitServer(tmp_path / "forge") as server:
        yield server


def test_a_project_takes_the_plugin_from_git(project: Project, control: Control, forge: GitServer) -> None:
    """Failing, nobody can use the plugin without a copy of this repository beside the project."""
    write_program(project, {"Fabrikam": partner("Fabrikam")})
    file = project.directory / "Pulumi.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    del content["plugins"]
    source = f"https://{forge.host}/{_REPOSITORY.as_posix()}/providers/plugin"
    content["packages"] = {"exchange-online": f"{source}@{VERSION}"}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    project.set_variables(SSL_CERT_FILE=str(forge.authority), PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="false")

    # What `pulumi package add` does first; the SDK that it links then a program in YAML has none of.
    got = project._run_plain("package", "get-schema", f"{source}@{VERSION}")
    assert got.returncode == 0, got.stdout + got.stderr
    assert json.loads(got.stdout)["version"] == VERSION
    project.set_variables(PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true")
    project.up().succeeded()
    assert tenant.names(control) == ["Fabrikam - inbound", "Fabrikam - outbound"]
    project.up("--expect-no-changes", preview=True).unchanged()


def test_package_add_from_git_in_a_project_in_python(project: Project, control: Control, forge: GitServer) -> None:
    """Failing, the one command that the pages name gives no SDK where the plugin comes from a forge."""
    native.use_native(project)
    project.use_program(ROOT / "examples" / "python" / "__main__.py")
    native.declare(project)
    native.use_environment_of_its_own(project)
    source = f"{NAME}/{_REPOSITORY.as_posix()}/providers/plugin"
    project.set_variables(
        SSL_CERT_FILE=str(forge.authority), PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="false", **forge.proxied
    )

    added = project._run_plain("package", "add", f"{source}@{VERSION}")
    assert added.returncode == 0, added.stdout + added.stderr
    packages = yaml.safe_load((project.directory / "Pulumi.yaml").read_text(encoding="utf-8"))["packages"]
    assert packages == {"exchange-online": f"{source}@{VERSION}"}
    project.set_variables(PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true")
    project.up().succeeded()
    assert tenant.names(control) == ["Fabrikam - inbound", "Fabrikam - outbound"]
    project.up("--expect-no-changes", preview=True).unchanged()
