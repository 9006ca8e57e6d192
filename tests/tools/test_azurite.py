"""The set-up of Azurite, which tests of shared state start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regulated_partners.errors import InstallError
from tests.regulated_partners.engine.installing import script
from tools import azurite


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Of a user who has it not."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_it_is_installed_once(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: every `make test` asks npm, or what half an installation has left counts as one."""
    folder = "node_modules/azurite/dist/src/blob"
    npm = script(cache / "npm", f'echo "$@" >> "{cache}/calls"\nmkdir -p {folder}\ntouch {folder}/main.js\n')
    azurite.install(str(npm))
    azurite.install(str(npm))
    assert azurite.server().is_file()
    assert azurite.server().is_relative_to(cache)
    (call,) = (cache / "calls").read_text(encoding="utf-8").splitlines()
    assert call.startswith("ci ")
    assert "--ignore-scripts" in call
    assert capsys.readouterr().err == "Installing Azurite for the tests of shared state\n"


def test_a_registry_that_is_not_reached_is_a_sentence(cache: Path) -> None:
    """Failing: a machine without npm's registry ends in a traceback, or with a server that is half there."""
    npm = script(cache / "npm", 'mkdir -p node_modules\necho "npm error network" >&2\nexit 1\n')
    with pytest.raises(InstallError, match=r"exit code 1; it said: npm error network.*run the same command again"):
        azurite.install(str(npm))
    assert not azurite.server().parents[4].exists()


def test_every_package_is_pinned_by_its_hash_and_names_no_host() -> None:
    """Failing: another version than the tested one is installed, or the lock file names somebody's registry."""
    lock = (Path(azurite.__file__).parent / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in lock
    packages = json.loads(lock)["packages"]
    assert packages.pop("")["dependencies"] == {"azurite": packages["node_modules/azurite"]["version"]}
    assert [name for name, package in packages.items() if not package.get("integrity")] == []
