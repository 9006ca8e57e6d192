"""`python -m tools.pipelines`, which `make lint` runs: what it must find, and that ours have nothing of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.pipelines.scripts import PIPELINES
from tests.support.engine import ROOT


def lint(directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.pipelines", str(directory)],
        cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of pipelines/ to spoil."""
    return Path(shutil.copytree(PIPELINES, tmp_path / "pipelines"))


def test_ours_are_clean() -> None:
    """A failure means that users copy pipelines which do not run, or are not safe."""
    done = lint(PIPELINES)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        ("github/preview.yml", r"@[0-9a-f]{40} # v5.0.0", "@v5", "unpinned-uses"),
        ("github/preview.yml", "permissions: {}\n", "permissions: write-all\n", "excessive-permissions"),
        ("github/preview.yml", "persist-credentials: false", "fetch-depth: 1", "artipacked"),
        ("github/preview.yml", "make review ARGS=--publish", "make ${{ github.head_ref }}", "template-injection"),
        (
            "github/apply-stack.yml",
            "inputs.stack }}-preview",
            "inputs.stak }}-preview",
            'property "stak" is not defined',
        ),
        ("github/apply.yml", "stack: staging", "stak: staging", 'input "stak" is not defined'),
        ("github/drift.yml", "17 3", "77 3", "invalid CRON"),
        ("gitlab/.gitlab-ci.yml", "resource_group: ", "resourcegroup: ", ".gitlab-ci.yml: "),
        ("azure-devops/apply.yml", "lockBehavior: sequential", "lockBehaviour: sequential", "apply.yml: "),
        ("azure-devops/make.yml", "addSpnToEnvironment", "addSpnToEnviroment", "make.yml: "),
        ("kubernetes/stacks/staging.yaml", "refresh: true", "refreshed: true", "staging.yaml: "),
        ("kubernetes/argo-cd/application.yaml", "selfHeal: false", "selfHeal: never", "application.yaml: "),
    ],
)
def test_a_mistake_is_found(copy: Path, file: str, before: str, after: str, expected: str) -> None:
    """A failure means that the check is green whatever stands in a pipeline."""
    path = copy / file
    text = path.read_text(encoding="utf-8")
    spoilt = re.sub(before if "[" in before else re.escape(before), after, text, count=1)
    assert spoilt != text
    path.write_text(spoilt, encoding="utf-8")
    done = lint(copy)
    assert done.returncode == 1, done.stderr
    assert expected in done.stdout


def test_a_folder_that_is_gone_is_found(copy: Path) -> None:
    """A failure means that a renamed folder is checked never again."""
    shutil.rmtree(copy / "gitlab")
    (copy / "github").rename(copy / "workflows")
    done = lint(copy)
    assert done.returncode == 1
    assert "there is no workflow" in done.stdout
    assert ".gitlab-ci.yml" in done.stdout


def test_without_go_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    """A failure means that `make lint` passes unchecked, or ends in a traceback, where actionlint cannot be had."""
    done = lint(PIPELINES, PATH="/nonexistent", XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "actionlint 1." in done.stderr
    assert "there is no go on PATH: install Go" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_pipeline_uses_what_make_has() -> None:
    """A failure means that a pipeline calls a target that is not there any longer."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    used: set[str] = set()
    for file in (*PIPELINES.rglob("*.yml"), *PIPELINES.rglob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        used |= set(re.findall(r"(?:- |run: )make ([a-z]+)", text)) | set(re.findall(r"targets: ([a-z]+)", text))
    assert used == {"review", "up", "drift"}
    assert used <= targets


def test_no_job_of_a_workflow_may_more_than_it_needs() -> None:
    """A failure means that a step which is taken over can write to the repository."""
    allowed = {"contents": "read", "id-token": "write", "pull-requests": "write", "issues": "write"}
    for file in sorted((PIPELINES / "github").glob("*.yml")):
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {}, file.name
        for job in workflow["jobs"].values():
            assert job["permissions"].items() <= allowed.items(), file.name
        assert "secrets." not in file.read_text(encoding="utf-8"), file.name
