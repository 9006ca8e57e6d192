"""Plain Pulumi on a clone, without make or our command: `pulumi install`, `pulumi up`, `pulumi new`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from regulated_partners.engine.virtualenv import ensure_virtualenv
from tests.packaging.installed import Environment, copy_of_clone

pytestmark = pytest.mark.engine


class PlainPulumi:
    """The CLI as a person types it, with a backend, a passphrase and an emulator of its own."""

    def __init__(self, directory: Path) -> None:
        found = shutil.which("pulumi")
        assert found is not None, "no pulumi on PATH: run the tests with `make test`"
        self.environment = Environment(
            directory / "none",
            {
                "PATH": f"{Path(found).parent}:/usr/local/bin:/usr/bin:/bin",
                "PULUMI_HOME": str(directory / "home"),
                "PULUMI_BACKEND_URL": (directory / "state").as_uri(),
                # That of the example stack dev, whose file names it.
                "PULUMI_CONFIG_PASSPHRASE": "local",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "EXCHANGE_ONLINE_EMULATOR": str(directory / "emulator" / "connection.json"),
                "EXCHANGE_ONLINE_TIME_SCALE": "0.01",
                # What pip would fetch lies in the environment of the tests, which .venv leads to.
                "PIP_NO_INDEX": "1",
                "PIP_NO_BUILD_ISOLATION": "0",
            },
        )
        self._state = directory / "emulator" / "state.db"
        (directory / "state").mkdir()
        self.emulator("start")

    def emulator(self, operation: str) -> None:
        command = [sys.executable, "-m", "exchange_online_emulator", operation, "--state", str(self._state)]
        self.environment.call(*command, cwd=self._state.parent.parent).fine()

    def __call__(self, project: Path, *arguments: str) -> str:
        return self.environment.call("pulumi", *arguments, "--non-interactive", cwd=project).fine()


@pytest.fixture
def pulumi(tmp_path: Path) -> Iterator[PlainPulumi]:
    """Plain Pulumi; its emulator ends with the test."""
    plain = PlainPulumi(tmp_path)
    yield plain
    plain.emulator("stop")


def test_clone_is_set_up_and_applied_by_pulumi_alone(pulumi: PlainPulumi, tmp_path: Path) -> None:
    """Failing: who knows Pulumi, and not make, gets `No module named pulumi` in a clone of this project."""
    clone = copy_of_clone(tmp_path / "clone")
    ensure_virtualenv(clone)
    pulumi(clone, "install")
    where = pulumi.environment.call(clone / ".venv/bin/python", "-c", "import exchange_online as e; print(e.__file__)")
    assert where.fine().strip() == str(clone / "providers" / "exchange_online" / "__init__.py")
    pulumi(clone, "stack", "select", "--create", "dev")
    assert "+ 13 created" in pulumi(clone, "up", "--yes", "--skip-preview", "--stack", "dev")


def test_clone_is_a_template(pulumi: PlainPulumi, tmp_path: Path) -> None:
    """Failing: `pulumi new` of this directory panics, or the project that it makes reads no settings of its stacks."""
    clone = copy_of_clone(tmp_path / "clone")
    project = tmp_path / "acme"
    into = ("--dir", str(project), "--name", "acme-mail", "--yes", "--generate-only")
    assert "Created project 'acme-mail'" in pulumi(tmp_path, "new", str(clone), *into)
    assert yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))["name"] == "acme-mail"
    ensure_virtualenv(project)
    pulumi(project, "stack", "select", "--create", "dev")
    assert "+ 13 to create" in pulumi(project, "preview", "--stack", "dev")
