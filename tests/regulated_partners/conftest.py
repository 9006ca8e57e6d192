"""The command as a user starts it, on a working copy of the project with an emulator of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.engine import ROOT, STACK, Project

#: Seconds that one run may take.
_TIMEOUT = 150


@dataclass(frozen=True)
class Ended:
    """One run of the command."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """What `--json` wrote: stdout must hold nothing else."""
        return json.loads(self.stdout)

    def succeeded(self) -> Ended:
        """Asserts exit code 0."""
        assert self.exit_code == 0, f"exit code {self.exit_code}\n{self.stdout}\n{self.stderr}"
        return self

    def could_not_run(self, *words: str) -> Ended:
        """Asserts exit code 2, one sentence with these words, nothing on stdout and nothing of Python's."""
        assert self.exit_code == 2, f"exit code {self.exit_code}\n{self.stdout}\n{self.stderr}"
        assert self.stdout == ""
        for expected in words:
            assert expected in self.stderr, self.stderr
        for unwanted in ("Traceback", 'File "', "This is a defect"):
            assert unwanted not in self.stderr, self.stderr
        return self


class Command:
    """`python -m regulated_partners` on a project."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def __call__(self, *arguments: str, stack: str = STACK) -> Ended:
        """Runs a subcommand to its end."""
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "regulated_partners",
                *arguments,
                "--stack",
                stack,
                "--cwd",
                str(self.project.directory),
            ],
            cwd=ROOT,
            env=self.project.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts a subcommand in a process group of its own, so that a test can kill it with all it has started."""
        command = [
            sys.executable,
            "-m",
            "regulated_partners",
            *arguments,
            "--stack",
            STACK,
            "--cwd",
            str(self.project.directory),
        ]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **self.project.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )


@pytest.fixture
def command(project: Project) -> Command:
    """The command, for a project whose stack declares nothing yet."""
    project.configure()
    return Command(project)
