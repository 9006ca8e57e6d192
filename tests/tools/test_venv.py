"""`python3 tools/venv.py`: the virtual environment of a fresh clone, here with an empty lock."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from tools import venv

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    root = tmp_path / "clone"
    (root / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "venv.py", root / "tools")
    (root / "requirements.lock").write_text("# nothing\n", encoding="utf-8")
    return root


def make_venv(root: Path, python: Path | str = sys.executable) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "tools/venv.py"], cwd=root, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip


def test_made_once_and_again_only_when_the_lock_changes(clone: Path) -> None:
    """Failing means that every `make` waits for pip, or that a changed lock is not installed."""
    first = make_venv(clone)
    assert first.returncode == 0, first.stderr
    assert "Making a virtual environment" in first.stderr
    second = make_venv(clone)
    assert (second.returncode, second.stderr) == (0, "")
    (clone / "requirements.lock").write_text("# other\n", encoding="utf-8")
    third = make_venv(clone)
    assert "Installing the dependencies" in third.stderr
    assert "Making" not in third.stderr


def test_moved_or_broken_environment_is_made_anew(clone: Path) -> None:
    """Failing means that a working copy which was moved, or whose Python was upgraded, stays broken."""
    make_venv(clone)
    moved = clone.rename(clone.with_name("moved"))
    assert "Making a virtual environment" in make_venv(moved).stderr
    pip = (moved / ".venv" / "bin" / "pip").read_text(encoding="utf-8")
    assert str(moved) in pip
    (moved / ".venv" / "bin" / "python").unlink()
    assert "Making a virtual environment" in make_venv(moved).stderr
    assert make_venv(moved, moved / ".venv" / "bin" / "python").returncode == 0


def test_uninstallable_lock_is_a_sentence(clone: Path) -> None:
    """Failing means that the environment counts as ready without its dependencies."""
    (clone / "requirements.lock").write_text(f"./not-there --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    for _ in range(2):
        answer = make_venv(clone)
        assert answer.returncode == 1
        assert "The locked dependencies could not be installed" in answer.stderr
        assert "Traceback" not in answer.stderr


def test_python_without_ensurepip_names_the_package(
    clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing means that a fresh Debian shows venv's own advice with a path, or a traceback."""
    find_spec = importlib.util.find_spec

    def without_ensurepip(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name == "ensurepip" else find_spec(name, package)

    monkeypatch.setattr(venv, "ROOT", clone)
    monkeypatch.setattr(importlib.util, "find_spec", without_ensurepip)
    assert venv.main() == 1
    assert "`apt-get install python3-venv`" in capsys.readouterr().err


def test_old_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing means that Python 3.9 gets a syntax error instead of what to install."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert venv.main() == 1
    assert "Python 3.11 or newer is needed" in capsys.readouterr().err
