"""The self-contained archive of the plugin: for who has no Python, no pip and no language host for it."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.test_yaml import partner, write_program
from tests.support.engine import ROOT, Project
from tools.plugin_archive import NAME, archive_name, build

pytestmark = pytest.mark.engine


def _holds(archive: tarfile.TarFile, member: tarfile.TarInfo, text: str) -> bool:
    file = archive.extractfile(member)
    return file is not None and text.encode() in file.read()


def test_the_archive_runs_where_there_is_no_python(project: Project, control: Control, tmp_path: Path) -> None:
    """Failing, who takes the archive of a release gets a plugin that does not start, or one that wants Python."""
    archive = build(tmp_path / "dist")
    assert archive.name == archive_name()
    with tarfile.open(archive) as content:
        names = content.getnames()
        told = [member.name for member in content if member.isfile() and _holds(content, member, str(ROOT))]
    assert NAME in names
    assert not [name for name in names if "PulumiPlugin" in name]
    # Nobody is to learn how the machine of the build is laid out.
    assert told == []

    # Nothing but the CLI and the host of YAML.
    binaries = tmp_path / "bin"
    binaries.mkdir()
    for name in ("pulumi", "pulumi-language-yaml"):
        (binaries / name).symlink_to((Path(sys.prefix) / "bin" / name).resolve())
    project.set_variables(PATH=str(binaries))
    write_program(project, {"Fabrikam": partner("Fabrikam")})
    file = project.directory / "Pulumi.yaml"
    content_of_project = yaml.safe_load(file.read_text(encoding="utf-8"))
    del content_of_project["plugins"]
    file.write_text(yaml.safe_dump(content_of_project), encoding="utf-8")
    version = archive_name().removeprefix(f"{NAME}-v").rpartition("-")[0].rpartition("-")[0]
    installed = project._run_plain("plugin", "install", "resource", "exchange-online", version, "--file", str(archive))
    assert installed.returncode == 0, installed.stdout + installed.stderr

    project.up().succeeded()
    assert tenant.names(control) == ["Fabrikam - inbound", "Fabrikam - outbound"]
    project.up("--expect-no-changes", preview=True).unchanged()
    project.destroy().succeeded()
    assert tenant.names(control) == []
