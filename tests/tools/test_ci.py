"""What `.ci/run` adds to the tests: proof that those on the real engine ran."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools.ci import complaint

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import pytest

@pytest.mark.engine
def test_one(): pass

@pytest.mark.engine
@pytest.mark.parametrize("n", [1, 2])
def test_more(n): pass

def test_other(): pass
"""


def report(directory: Path, tests: str) -> Path:
    """The JUnit report of a real run, spread over two processes as `make test` does."""
    (directory / "test_it.py").write_text(tests, encoding="utf-8")
    (directory / "pytest.ini").write_text("[pytest]\nmarkers =\n    engine: on the engine\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tools.ci", "-n", "2", "--junitxml=report.xml"],
        cwd=directory, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True, timeout=120,
    )  # fmt: skip
    return directory / "report.xml"


def test_engine_tests_that_ran_satisfy(tmp_path: Path) -> None:
    """Failing means that CI fails although everything ran."""
    assert complaint(report(tmp_path, TESTS), mark="engine", at_least=3) is None


def test_too_few_engine_tests_do_not(tmp_path: Path) -> None:
    """Failing means that CI is green when the tests on the engine were lost, deselected or not collected."""
    found = complaint(report(tmp_path, TESTS), mark="engine", at_least=4)
    assert found is not None
    assert "3 tests marked engine ran, and at least 4 must" in found


def test_skipped_engine_tests_do_not(tmp_path: Path) -> None:
    """Failing means that CI is green when the CLI is missing and the tests skip themselves."""
    skipping = TESTS.replace("def test_one(): pass", "def test_one(): pytest.skip('no pulumi')")
    found = complaint(report(tmp_path, skipping), mark="engine", at_least=1)
    assert found is not None
    assert "1 tests marked engine were skipped: test_it::test_one" in found


@pytest.mark.parametrize("content", [None, "<testsuites", ""])
def test_report_that_is_not_there_does_not(tmp_path: Path, content: str | None) -> None:
    """Failing means that CI is green when the tests did not run at all."""
    path = tmp_path / "report.xml"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    found = complaint(path, mark="engine", at_least=1)
    assert found is not None
    assert "cannot be read" in found


def test_frozen_targets_are_listed() -> None:
    """Failing means that a documented `make` target is gone, or that `make help` hides it."""
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = {line.split()[1] for line in listed.splitlines() if line.startswith("  make ")}
    assert targets >= {"up", "test", "preview", "drift", "destroy", "emulator", "lint", "bench", "docs"}


def test_no_file_of_the_set_up_names_a_registry_or_this_machine() -> None:
    """Failing means that a clone elsewhere looks for paths or hosts that only exist here."""
    files = [ROOT / "Makefile", ROOT / ".ci" / "run", ROOT / "requirements.lock", *(ROOT / "tools").rglob("*.py")]
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\b(pypi|proxy|sum|registry|deb)[.](org|golang|npmjs|debian)\b", text), file
        for path in (f"{Path.home()}/", str(ROOT)):
            assert path not in text, f"{file} names {path}"


def test_hooks_before_a_commit_are_part_of_lint() -> None:
    """Failing: what a contributor's commit is stopped by differs from what CI says."""
    dry = ["make", "--dry-run", "-o", "venv", "lint"]
    lint = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    entries = [hook["entry"].removeprefix(".venv/bin/").removeprefix("python ") for hook in hooks]
    assert len(entries) == 5
    for entry in entries:
        assert entry in lint


def test_rooms_that_contributors_are_sent_to_exist() -> None:
    """Failing: CONTRIBUTING.md sends people to a file that has moved."""
    document = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+(?:/[A-Za-z_{},.]+)+)`", document))
    paths = {
        path.replace(group, name)
        for path in named
        if "NAME" not in path
        for group, names in [brace(path)]
        for name in names
    }
    assert len(paths) > 15
    for path in paths:
        assert any((ROOT / root / path).exists() for root in ("", "providers", "components")), path


def brace(path: str) -> tuple[str, list[str]]:
    """`a/{b,c}.py`: the part in braces, and what it stands for."""
    found = re.search(r"\{(.+)\}", path)
    return (found[0], found[1].split(",")) if found else (path, [path])
