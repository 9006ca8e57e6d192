"""`python3 tools/venv.py`: the virtual environment of a fresh clone, here with an empty lock and one module."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from tools import environment, venv

ROOT = Path(__file__).resolve().parents[2]

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
#: Builds an editable wheel as hatchling does, without being installed: a path file, and the metadata that pip asks for.
BACKEND = """
import pathlib, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "one-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("one.pth", str(pathlib.Path(__file__).parent / "packages"))
        wheel.writestr("one-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: one\\nVersion: 1\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr("one-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\n" + tags)
        wheel.writestr("one-1.dist-info/RECORD", "")
    return name
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    root = tmp_path / "clone"
    (root / "tools").mkdir(parents=True)
    for file in ("venv.py", "environment.py"):
        shutil.copy(ROOT / "tools" / file, root / "tools")
    (root / "packages").mkdir()
    (root / "packages" / "one.py").write_text("", encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "backend.py").write_text(BACKEND, encoding="utf-8")
    (root / "requirements.lock").write_text("# nothing\n", encoding="utf-8")
    return root


def make_venv(root: Path, python: Path | str = sys.executable) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, "tools/venv.py"], cwd=root, capture_output=True, text=True, timeout=120, check=False
    )  # fmt: skip


def test_made_once_and_again_only_when_the_lock_changes(clone: Path, tmp_path: Path) -> None:
    """Failing means that every `make` waits for pip, that a changed lock is not installed, or that the working copy's
    own code is found only by those who run it in its root.
    """
    first = make_venv(clone)
    assert first.returncode == 0, first.stderr
    assert "Making a virtual environment" in first.stderr
    second = make_venv(clone)
    assert (second.returncode, second.stderr) == (0, "")
    (clone / "requirements.lock").write_text("# other\n", encoding="utf-8")
    third = make_venv(clone)
    assert "Installing the dependencies" in third.stderr
    assert "Making" not in third.stderr
    where = subprocess.run(
        [clone / ".venv" / "bin" / "python", "-c", "import one; print(one.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert where.strip() == str(clone / "packages" / "one.py")


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

    monkeypatch.setattr(environment, "ROOT", clone)
    monkeypatch.setattr(importlib.util, "find_spec", without_ensurepip)
    assert venv.main() == 1
    assert "`apt-get install python3-venv`" in capsys.readouterr().err


def test_old_python_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing means that Python 3.9 gets a syntax error instead of what to install."""
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert venv.main() == 1
    assert "Python 3.11 or newer is needed" in capsys.readouterr().err


#: What Python 2.7 reads as 3.11 does. Whatever is not here may be newer.
READ_BY_ALL = (
    *(
        ast.Module,
        ast.Expr,
        ast.Constant,
        ast.Import,
        ast.alias,
        ast.Assign,
        ast.Name,
        ast.Attribute,
        ast.Load,
        ast.Store,
    ),
    *(ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.If, ast.Compare, ast.Lt, ast.Eq, ast.Tuple, ast.Call),
    *(ast.BinOp, ast.Add, ast.ImportFrom, ast.Store),
)


@pytest.mark.parametrize("version", [(3, 6), (3, 11)])
def test_old_python_can_read_the_file_that_refuses_it(version: tuple[int, int]) -> None:
    """Failing: Python 3.6 (RHEL 8) or 2.7 answers `make` with a SyntaxError instead of what to install."""
    tree = ast.parse((ROOT / "tools" / "venv.py").read_text(encoding="ascii"), feature_version=version)
    for node in ast.walk(tree):
        assert isinstance(node, READ_BY_ALL), f"line {getattr(node, 'lineno', '?')}: {type(node).__name__}"
        if isinstance(node, ast.FunctionDef):
            assert not any([node.returns, node.args.kwonlyargs, node.args.posonlyargs, node.decorator_list])
        if isinstance(node, ast.arg):
            assert node.annotation is None
        if isinstance(node, ast.ImportFrom):
            assert node.module == "tools.environment", "it is imported before the version is looked at"
