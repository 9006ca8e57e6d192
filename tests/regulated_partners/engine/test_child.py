"""The subcommands that run the Pulumi CLI, ended by signals or by a closed pipe: the CLI ends with them, in order."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.regulated_partners.engine.hosting import eventually
from tests.regulated_partners.engine.test_stack_engine import Project
from tests.support.processes import started_with

pytestmark = pytest.mark.engine

_UP = ("up", "--stack", "dev")
_REVIEW = ("review", "--stack", "dev")

#: What becomes of a run that nobody waits for: the language host looks twice, and the CLI writes its state.
_WITHIN = 15.0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def _living(project: Project) -> dict[int, str]:
    return started_with(f"PULUMI_HOME={project.directory / 'home'}")


def _waiting(project: Project, arguments: tuple[str, ...]) -> subprocess.Popen[str]:
    """A command whose program takes its time."""
    process = project.start(*arguments, BEHAVIOUR="slow")
    running = project.directory / "running"
    assert eventually(lambda: running.exists() and running.read_text() != "", seconds=90)
    return process


def _ended(project: Project, process: subprocess.Popen[str]) -> str:
    """What the command wrote, once nothing of it lives."""
    output, _ = process.communicate(timeout=60)
    assert eventually(lambda: not _living(project), seconds=_WITHIN), _living(project)
    assert "Traceback" not in output
    return output


def _locked(project: Project) -> bool:
    return any((project.directory / ".state" / ".pulumi" / "locks").rglob("*.json"))


@pytest.mark.parametrize(
    ("end", "number"),
    [
        pytest.param(os.kill, signal.SIGINT, id="SIGINT to the command alone"),
        pytest.param(os.kill, signal.SIGTERM, id="SIGTERM to the command alone"),
        pytest.param(os.killpg, signal.SIGTERM, id="SIGTERM to all"),
        pytest.param(os.kill, signal.SIGHUP, id="SIGHUP"),
    ],
)
def test_up_that_is_told_to_end(project: Project, end: Callable[[int, int], None], number: signal.Signals) -> None:
    """Failing: a pipeline that is cancelled leaves a CLI that runs on, or a stack that is locked."""
    process = _waiting(project, _UP)
    assert _locked(project)

    end(process.pid, number)
    output = _ended(project, process)

    assert process.returncode not in (0, 2), output
    assert re.search(r"(\^C|SIGTERM) received; cancelling", output), output
    # Once: a second one makes the CLI leave at once.
    assert "terminating" not in output.replace("terminating immediately", "")
    assert not _locked(project)


@pytest.mark.parametrize("arguments", [_UP, _REVIEW], ids=["up", "review"])
def test_a_command_that_is_killed(project: Project, arguments: tuple[str, ...]) -> None:
    """Failing: the CLI runs on where nobody sees it, and changes the tenant."""
    process = _waiting(project, arguments)
    process.kill()
    _ended(project, process)


def test_make_that_is_killed(project: Project) -> None:
    """Failing: a job that ends `make up` without mercy leaves the command behind, and with it the CLI."""
    makefile = project.directory / "Makefile"
    python = shlex.quote(sys.executable)
    makefile.write_text(f"up:\n\t@{python} -m regulated_partners up --cwd {project.directory} --stack dev\n")
    variables = {**os.environ, "PULUMI_HOME": str(project.directory / "home"), "BEHAVIOUR": "slow"}
    with subprocess.Popen(["make", "-f", makefile, "up"], env=variables, stdout=subprocess.DEVNULL) as make:
        assert eventually((project.directory / "running").exists, seconds=90)
        make.kill()
    assert eventually(lambda: not _living(project), seconds=_WITHIN), _living(project)
    assert not _locked(project)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_review_that_is_told_to_end(project: Project, number: signal.Signals) -> None:
    """Failing: a cancelled pipeline reads "findings", or leaves a preview that runs on."""
    process = _waiting(project, _REVIEW)
    os.kill(process.pid, number)
    _ended(project, process)
    assert process.returncode == 128 + number


def test_up_whose_output_nobody_reads(project: Project) -> None:
    """Failing: `regulated-partners up | head` kills the CLI in the middle of a write, and leaves the stack locked."""
    process = _waiting(project, _UP)
    assert process.stdout is not None
    process.stdout.close()
    assert eventually(lambda: process.poll() is not None, seconds=30)
    assert process.returncode == 141
    assert eventually(lambda: not _living(project), seconds=_WITHIN), _living(project)
    assert not _locked(project)


@pytest.mark.parametrize("command", ["regulated_partners emulator rules", "exchange_online_emulator rules"])
def test_a_report_of_which_only_the_beginning_is_read(command: str) -> None:
    """Failing: a traceback of BrokenPipeError, or the exit code of findings."""
    module, *arguments = command.split()
    process = subprocess.Popen(
        ["/bin/sh", "-c", f'python -m {module} {" ".join(arguments)} ; echo "exit code $?" >&2'],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, stderr = process.communicate(timeout=60)
    assert stderr == "exit code 141\n"
