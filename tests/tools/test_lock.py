"""`python -m tools.lock --check`: what is wrong with requirements.lock, found without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lock import complaints, read_lock, read_requirements

ROOT = Path(__file__).resolve().parents[2]
HASH = f"    --hash=sha256:{'a' * 64}\n"
LOCK = f"""alpha==1.2 \\
{HASH}    # via it (pyproject.toml)
beta==2.0 ; sys_platform == 'win32' \\
{HASH}    # via
    #   it (pyproject.toml:dev)
    #   alpha
gamma-delta==3.0 \\
{HASH}    # via beta
"""


def test_lock_of_this_project_is_sound() -> None:
    """Failing means that someone changed pyproject.toml without `make lock`."""
    answer = subprocess.run(
        [sys.executable, "-m", "tools.lock", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def found(requirements: str, lock: str) -> list[str]:
    """What is wrong with a lock, for a pyproject.toml that asks for these, one a line: the last in its group `dev`."""
    *dependencies, last = requirements.split()
    document = f"[project]\ndependencies = {dependencies}\n[dependency-groups]\ndev = [{last!r}]\n"
    return complaints(read_requirements(document), lock)


def test_sound_lock_has_no_complaints() -> None:
    """Failing means that lint fails for nothing, or that entries are not read as pip reads them."""
    assert found("Alpha>=1\n\nbeta==2.0\n", LOCK) == []
    assert {name: str(entry.version) for name, entry in read_lock(LOCK).items()} == {
        "alpha": "1.2",
        "beta": "2.0",
        "gamma-delta": "3.0",
    }


@pytest.mark.parametrize(
    ("requirements", "lock", "complaint"),
    [
        ("alpha\nbeta\nepsilon\n", LOCK, "epsilon of pyproject.toml is not in it"),
        ("alpha>=2\nbeta\n", LOCK, "it has alpha 1.2, and pyproject.toml says alpha>=2"),
        ("alpha\nbeta\ngamma_delta\n", LOCK, "gamma-delta has come to pyproject.toml since it was made"),
        ("beta\n", LOCK, "alpha is no longer in pyproject.toml"),
        ("alpha\nbeta\n", LOCK.replace(HASH, "", 1), "alpha has no hash"),
        ("alpha\nbeta\n", LOCK.replace("via beta", "via zeta"), "gamma-delta is there for zeta, which is not in it"),
        (
            "alpha\nbeta\n",
            f"--index-url https://pypi.example.invalid/simple\n{LOCK}",
            "it names a host, `https://pypi.example.invalid`",
        ),
    ],
)
def test_each_fault_is_found(requirements: str, lock: str, complaint: str) -> None:
    """Failing means that a lock which installs something else than pyproject.toml says passes."""
    assert found(requirements, lock) == [complaint]


def test_entry_that_is_no_requirement_is_named() -> None:
    """Failing means that a misspelled requirement ends lint in a traceback."""
    with pytest.raises(ValueError, match=re.escape("pyproject.toml: a requirement is none: Expected")):
        read_requirements('[project]\ndependencies = ["=1"]')


def test_unpinned_line_is_named() -> None:
    """Failing means that a line which is not a pinned package slips through."""
    with pytest.raises(ValueError, match=re.escape("`alpha>=1` is not a pinned package")):
        read_lock("alpha>=1\n")
