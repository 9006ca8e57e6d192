"""The launcher `pulumi-language-python`: which Python it starts the host with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from regulated_partners.engine.install.go_build import LAUNCHER
from tests.regulated_partners.engine.hosting import assembled


@pytest.fixture
def cli(tmp_path: Path) -> Path:
    return assembled(tmp_path, "")


def pretend_python(path: Path, *, has_pulumi: bool) -> None:
    """A Python that says whether it has the SDK, and its own path instead of starting the host."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exit {0 if has_pulumi else 1}\necho "$0"\n', encoding="utf-8")
    path.chmod(0o755)


def launch(cli: Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(cli / LAUNCHER), "127.0.0.1:1"], cwd=cwd, env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_order_of_interpreters(cli: Path, tmp_path: Path) -> None:
    """Failing means that an asked-for or activated Python loses against one that happens to lie around."""
    project = tmp_path / "project"
    below = project / "policies"
    below.mkdir(parents=True)
    (project / "Pulumi.yaml").touch()
    pretend_python(project / ".venv" / "bin" / "python", has_pulumi=True)
    pretend_python(tmp_path / "active" / "bin" / "python", has_pulumi=True)
    pretend_python(tmp_path / "asked", has_pulumi=True)
    found = [
        launch(cli, below).stdout,
        launch(cli, below, VIRTUAL_ENV=str(tmp_path / "active")).stdout,
        launch(cli, below, VIRTUAL_ENV=str(tmp_path / "active"), PULUMI_PYTHON_CMD=str(tmp_path / "asked")).stdout,
    ]
    assert found == [f"{project}/.venv/bin/python\n", f"{tmp_path}/active/bin/python\n", f"{tmp_path}/asked\n"]


def test_python_without_the_sdk_is_passed_over(cli: Path, tmp_path: Path) -> None:
    """Failing means that the host dies with an ImportError although a usable environment is there."""
    project = tmp_path / "project"
    pretend_python(project / ".venv" / "bin" / "python", has_pulumi=True)
    pretend_python(tmp_path / "asked", has_pulumi=False)
    assert launch(cli, project, PULUMI_PYTHON_CMD=str(tmp_path / "asked")).stdout == f"{project}/.venv/bin/python\n"


def test_no_python_is_one_sentence(cli: Path, tmp_path: Path) -> None:
    """Failing means that someone without the set-up sees a traceback, or the engine waits for a port."""
    tools = tmp_path / "tools"
    for name in ("dirname", "readlink"):
        (tools / name).parent.mkdir(exist_ok=True)
        (tools / name).symlink_to(f"/usr/bin/{name}")
    answer = launch(cli, tmp_path, PATH=str(tools))
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert answer.stderr.startswith("No Python with the Pulumi SDK was found")
    assert "make venv" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_works_through_a_link(cli: Path, tmp_path: Path) -> None:
    """Failing means that the link in .venv/bin does not find the host that lies beside the real file."""
    (tmp_path / "link").symlink_to(cli / LAUNCHER)
    process = subprocess.Popen(
        [str(tmp_path / "link"), "127.0.0.1:1"], cwd=tmp_path, stdout=subprocess.PIPE, text=True,
        env={"PATH": "/usr/bin:/bin", "PULUMI_PYTHON_CMD": sys.executable},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().strip().isdigit()
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
