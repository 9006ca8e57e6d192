"""Checks GitHub workflows as they will lie in a repository: actionlint for what runs, zizmor for what is safe.

actionlint, of the version that go.mod pins, is one on PATH, or a build from its Go module, kept in the user's cache.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from regulated_partners.engine.install.cache import Layout, Version, complete, locked, staged
from regulated_partners.engine.install.go_build import go
from regulated_partners.engine.install.pinned import pinned_version
from regulated_partners.errors import InstallError, RouteError

HERE = Path(__file__).resolve().parent
GO_MODULE = "github.com/rhysd/actionlint"
NAME = "actionlint"
#: What each says when it has findings. Source: actionlint's and zizmor's documentation, exit codes.
_ACTIONLINT_FOUND = (1,)
_ZIZMOR_FOUND = (11, 12, 13, 14)


def check_workflows(directory: Path) -> list[str]:
    """What is wrong with the workflows in a directory, as the tools print it.

    Raises:
        InstallError: when a tool cannot be had or does not run.
    """
    files = sorted(directory.glob("*.yml"))
    if not files:
        return [f"{directory}: there is no workflow."]
    with tempfile.TemporaryDirectory() as temporary:
        # Workflows call each other by their place in the repository.
        workflows = Path(temporary) / ".github" / "workflows"
        workflows.mkdir(parents=True)
        (Path(temporary) / ".git").mkdir()
        for file in files:
            shutil.copy(file, workflows)
        # shellcheck and pyflakes are not locked: what they say would depend on the machine.
        actionlint = [str(ensure_actionlint()), "-no-color", "-shellcheck=", "-pyflakes="]
        zizmor = [str(Path(sys.prefix) / "bin" / "zizmor"), "--offline", "--no-progress", "--persona", "pedantic"]
        return [
            *_run(actionlint, Path(temporary), _ACTIONLINT_FOUND),
            *_run([*zizmor, "--format", "plain", "."], Path(temporary), _ZIZMOR_FOUND),
        ]


def _run(command: Sequence[str], directory: Path, found: Sequence[int]) -> list[str]:
    try:
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=120)
    except OSError as error:
        raise InstallError(f"{command[0]} does not run ({error.strerror}): run `make venv`.") from None
    if done.returncode == 0:
        return []
    if done.returncode in found:
        return [done.stdout.strip()]
    raise InstallError(f"{Path(command[0]).name} could not check the workflows: {done.stderr.strip()}")


def ensure_actionlint() -> Path:
    """The executable, built first if need be: 10 seconds on two cores where its modules must be downloaded (measured).

    Raises:
        InstallError: one sentence, when it cannot be had.
    """
    version = pinned_version(HERE / "go.mod", GO_MODULE)
    found = shutil.which(NAME)
    if found is not None and _answers(Path(found), version):
        return Path(found)
    cache = Layout.for_user(version).root.with_name(NAME)
    final = cache / str(version)
    if not complete(final, (NAME,)):
        with locked(cache):
            if not complete(final, (NAME,)):
                _build(version, final)
    return final / NAME


def _build(version: Version, final: Path) -> None:
    announce = f"Building actionlint {version} from its Go module"
    arguments = ["build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"]
    try:
        with staged(final) as directory:
            go([*arguments, "-o", str(directory / NAME), f"{GO_MODULE}/cmd/{NAME}"], HERE, announce)
    except RouteError as error:
        raise InstallError(
            f"actionlint {version} is needed to check pipelines/github, and none of that version is on PATH; {error}"
        ) from None


def _answers(executable: Path, version: Version) -> bool:
    try:
        answer = subprocess.run([executable, "-version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return False
    return Version.parse(answer.stdout.partition("\n")[0]) == version
