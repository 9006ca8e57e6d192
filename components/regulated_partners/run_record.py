"""What every record of a run begins with: which tool, which command, who ran it, when, on which stack."""

from __future__ import annotations

import getpass
import hashlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

#: Changes when a field of a record changes its meaning; new fields do not change it.
FORMAT = 1

TOOL = "regulated-partners"

#: How the message of an update in the engine's history begins that applied a saved plan; its SHA-256 follows.
PLAN_MESSAGE = "Plan sha256:"

#: Seconds that git may take: it reads a working copy of this machine.
_GIT_SECONDS = 30


def now() -> datetime:
    """UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def whoever(environ: Mapping[str, str]) -> str:
    """Who runs this: a pipeline's own words, or else the account's name.

    Source: GitHub Actions and Azure Pipelines default variables.
    """

    def says(name: str) -> str:
        return environ.get(name) or "?"

    if environ.get("GITHUB_ACTIONS") == "true":
        return f"{says('GITHUB_ACTOR')}, {says('GITHUB_REPOSITORY')}, run {says('GITHUB_RUN_ID')}"
    if environ.get("TF_BUILD") == "True":
        return f"{says('BUILD_REQUESTEDFOR')}, build {says('BUILD_BUILDID')}"
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "an account without a name"


def tool_version() -> str:
    """The version of this project, for the record; not installed as a package it has none."""
    try:
        return metadata.version("regulated-partners")
    except metadata.PackageNotFoundError:
        return "source tree"


def heading(command: str, stack: str | None, who: str, started: datetime) -> dict[str, object]:
    """The first fields of a record as JSON: `report` tells by them what a file is, and how old."""
    return {
        "format": FORMAT,
        "tool": TOOL,
        "version": tool_version(),
        "command": command,
        "stack": stack,
        "who": who,
        "started": started.isoformat(),
    }


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Commit:
    """The commit of a working copy.

    Attributes:
        sha: all of it; empty where there is none, or no git.
        clean: whether the working copy holds what was committed, and nothing else.
    """

    sha: str = ""
    clean: bool = False

    def as_object(self) -> dict[str, object] | None:
        """For JSON."""
        return {"sha": self.sha, "clean": self.clean} if self.sha else None


def commit_of(directory: Path) -> Commit:
    """The commit that the working copy of a directory is at, as git says."""
    sha = git(directory, "rev-parse", "--verify", "HEAD")
    if sha is None:
        return Commit()
    return Commit(sha.strip(), git(directory, "status", "--porcelain", "--untracked-files=no", "--", ".") == "")


def git(directory: Path, *arguments: str) -> str | None:
    """What a command of git that only reads writes; None where there is no git, or it fails."""
    command: Sequence[str] = ("git", "-C", str(directory), "--no-pager", *arguments)
    # Without optional locks nothing is written, also where somebody else works in the same copy.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; arguments are this package's, and paths
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_GIT_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
