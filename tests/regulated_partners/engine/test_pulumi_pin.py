"""One version of Pulumi: the CLI's, the SDK's and the lock's."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from regulated_partners.engine.install.cache import Version
from regulated_partners.engine.install.pinned import pinned_version
from regulated_partners.errors import InstallError

ROOT = Path(__file__).resolve().parents[3]


def test_cli_and_sdk_are_the_same_version() -> None:
    """Failing means that go.mod, pyproject.toml, the lock and what is installed have drifted apart."""
    pinned = str(pinned_version())
    named = {
        "pyproject.toml": re.findall(r'^ *"pulumi==(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE),
        "requirements.lock": re.findall(r"^pulumi==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE),
        "installed": [importlib.metadata.version("pulumi")],
        "sdk in go.mod": re.findall(
            r"github\.com/pulumi/pulumi/sdk/v3 v(\S+)",
            (ROOT / "components/regulated_partners/engine/install/go.mod").read_text(),
        ),
    }
    assert named == {name: [pinned] for name in named}


@pytest.mark.engine
def test_cli_in_use_is_new_enough() -> None:
    """Failing means that the other tests on the engine drive some other CLI than the pinned one or newer."""
    found = shutil.which("pulumi")
    assert found is not None, "no pulumi on PATH: run the tests with `make test`"
    said = Version.parse(subprocess.run([found, "version"], capture_output=True, text=True, check=True).stdout)
    assert said is not None
    assert said >= pinned_version()


def test_go_mod_without_the_version_is_named(tmp_path: Path) -> None:
    """Failing means that a damaged go.mod ends in a traceback, or in a build of whatever is newest."""
    (tmp_path / "go.mod").write_text("module x\n", encoding="utf-8")
    with pytest.raises(InstallError, match="does not require a released version"):
        pinned_version(tmp_path / "go.mod")
