"""The settings of a stack on the real engine: where they are found, under which name, and what is wrong with them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from exchange_online_emulator import Control
from regulated_partners.partners import read_stack_file
from regulated_partners.review import Gates
from regulated_partners.review.stacks import COMMENT, preview_stack
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS
from tests.support.engine import ROOT, STACK, Project

PROGRAMS = Path(__file__).parent / "programs"

pytestmark = pytest.mark.engine


def test_a_shared_file_is_found_from_another_directory(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failing: with `--cwd` the review says of a shared file that it is not there, and what it acknowledges does not
    count; or it is counted twice (house, item 1)."""
    meant = {"acknowledge": {"reason": "SEC-2001", "expires": "2999-03-31"}}
    shared = {"partners": [{**FABRIKAM, **meant}]}
    (project.directory / "stacks" / "partners.yaml").write_text(yaml.safe_dump(shared), encoding="utf-8")
    project.configure(partnersFile="stacks/partners.yaml")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    stack = read_stack_file(project.directory, STACK)
    previewed = preview_stack(stack, project.variables, Gates(), tmp_path / "review", ())

    assert previewed.problem == ""
    assert previewed.review is not None
    assert previewed.review.problems == ()
    assert [owner.acknowledgement.reason for owner in previewed.review.owners if owner.acknowledgement] == ["SEC-2001"]
    assert "there is no such file" not in (tmp_path / "review" / COMMENT).read_text(encoding="utf-8")


def test_a_cloud_that_does_not_exist_stops_a_first_preview(project: Project, control: Control) -> None:
    """Failing: the preview of a new stack promises connectors, and only `up` says that there is none (PU-25)."""
    project.declare(FABRIKAM, cloud="comercial")
    shown = project.preview().refused(
        "regulated-partners:cloud: there is no cloud 'comercial'; did you mean commercial?"
    )
    assert shown.operations == {}
    assert control.calls() == []


def test_a_cloud_that_does_not_exist_stops_a_program_of_plain_connectors(project: Project, control: Control) -> None:
    """Failing: whoever declares connectors without a partner hears of a misspelled cloud only when `up` has begun."""
    project.use_program(PROGRAMS / "raw_connectors.py")
    arguments = {"name": "Plain", "sender_domains": ["plain.example"]}
    connector = {"direction": "inbound", "resource": "in", "arguments": arguments}
    project.configure(cloud="comercial", connectors=[connector])
    shown = project.preview().refused("there is no cloud 'comercial'. Write one of: local, commercial")
    assert shown.operations == {}
    assert control.calls() == []


def test_settings_that_reach_nothing_stop_a_first_preview(project: Project, control: Control) -> None:
    """Failing: the preview of a new stack promises connectors, and only `up` says that nothing is reached (PU-25)."""
    project.declare(FABRIKAM, cloud="commercial", tenant="contoso", host="http://outlook.office365.com")
    shown = project.preview().refused(
        "regulated-partners:tenant: 'contoso' is neither a GUID nor a domain",
        "regulated-partners:host: 'http://outlook.office365.com' is not an https address",
    )
    assert shown.operations == {}
    project.use_program(PROGRAMS / "raw_connectors.py")
    arguments = {"name": "Plain", "sender_domains": ["plain.example"]}
    connector = {"direction": "inbound", "resource": "in", "arguments": arguments}
    project.configure(cloud="commercial", tenant="contoso", connectors=[connector])
    shown = project.preview().refused("Finding the tenant contoso: it is neither a GUID nor a domain")
    assert shown.operations == {}
    assert control.calls() == []


def test_a_project_of_another_name(project: Project, control: Control, tmp_path: Path) -> None:
    """Failing: `pulumi new` of this project panics (PU-10); or a project of another name deploys nothing, or to the
    emulator, because its settings stand under its own name; or the program needs the project's directory."""
    template = tmp_path / "template"
    template.mkdir()
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, template / name)
    command = [
        "pulumi",
        "new",
        str(template),
        "--dir",
        str(tmp_path / "acme"),
        "--name",
        "acme-mail",
        "--generate-only",
    ]
    made = subprocess.run(
        [*command, "--yes", "--force", "--non-interactive"],
        env=project.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    content = yaml.safe_load((tmp_path / "acme" / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert content["name"] == "acme-mail"

    content |= {"runtime": yaml.safe_load((project.directory / "Pulumi.yaml").read_text())["runtime"], "main": "infra"}
    (project.directory / "Pulumi.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    (project.directory / "infra").mkdir()
    (project.directory / "__main__.py").rename(project.directory / "infra" / "__main__.py")
    project.init(project.stack)
    written = {"partners": [FABRIKAM], "regulated-partners:cloud": "local"}
    _configure(project, written)
    project.up().refused("acme-mail:partners: ", "write regulated-partners:partners: in its place")
    assert control.calls() == []

    _configure(project, {f"regulated-partners:{name.rpartition(':')[2]}": value for name, value in written.items()})
    project.up().succeeded()
    assert tenant.names(control) == FABRIKAM_CONNECTORS


def _configure(project: Project, config: Mapping[str, object]) -> None:
    before = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))
    project.stack_file.write_text(yaml.safe_dump({**before, "config": config}), encoding="utf-8")
