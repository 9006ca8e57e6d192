"""Checks GitHub workflows as they will lie in a repository: actionlint for what runs, zizmor for what is safe."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from regulated_partners.errors import InstallError
from tools.actionlint.install import ensure

#: What each says when it has findings. Source: actionlint's and zizmor's documentation, exit codes.
_ACTIONLINT_FOUND = (1,)
_ZIZMOR_FOUND = (11, 12, 13, 14)


def check_workflows(directory: Path) -> list[str]:
    """What is wrong with the workflows in a directory, as the tools print it.

    Raises InstallError when a tool cannot be had or does not run.
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
        actionlint = [str(ensure()), "-no-color", "-shellcheck=", "-pyflakes="]
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
