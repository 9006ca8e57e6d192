"""A working copy as a runner checks it out: the project's own Makefile and code; stacks and state of the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exchange_online_emulator import Control
from tests.support.engine import ROOT

#: What a program never needs; stacks/ is the test's own.
_LEFT_OUT = {"tests", "docs", "stacks"}
_FOREIGN = (
    # What `make test ARGS=…` hands on to a make below it.
    "MAKE",
    "MFLAGS",
    "ARGS",
    "STACK",
    "PLAN",
    "GATES",
    "AZURE_",
    "PULUMI_",
    "ACTIONS_",
    "EXCHANGE_ONLINE_",
    "GITHUB_",
    "GITLAB_",
    "CI",
    "TF_BUILD",
    "SYSTEM_",
)

#: Seconds that one script may take.
_TIMEOUT = 200


@dataclass(frozen=True)
class Ended:
    """One script that has ended."""

    exit_code: int
    output: str

    def succeeded(self) -> Ended:
        """Asserts exit code 0."""
        assert self.exit_code == 0, self.output
        return self

    def failed(self, *words: str) -> Ended:
        """Asserts a failure in words."""
        assert self.exit_code != 0, self.output
        assert "Traceback" not in self.output, self.output
        for expected in words:
            assert expected in self.output, self.output
        return self


class WorkingCopy:
    """The project in a directory of its own, with the environment that runs the test in the place of the one that
    `make` would set up.

    Args:
        directory: an empty folder.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "clone"
        self.directory.mkdir()
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        for source in ROOT.iterdir():
            if source.name.startswith(".") or source.name in _LEFT_OUT:
                continue
            if source.is_dir():
                shutil.copytree(source, self.directory / source.name, ignore=ignored)
            else:
                shutil.copy(source, self.directory / source.name)
        for file in ("Pulumi.yaml", "policies/PulumiPolicy.yaml"):
            self._adapt(self.directory / file)
        (self.directory / "stacks").mkdir()
        self._home = directory / "home"
        self._binaries = directory / "bin"
        self._make_make()

    def _adapt(self, file: Path) -> None:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        content["runtime"]["options"]["virtualenv"] = sys.prefix
        file.write_text(yaml.safe_dump(content), encoding="utf-8")

    def _make_make(self) -> None:
        """A make that takes set-up for done: another test proves set-up, and a clone of its own would take minutes."""
        make = shutil.which("make")
        assert make is not None, "make is not installed: `apt-get install make`."
        self._binaries.mkdir()
        wrapper = self._binaries / "make"
        # Make takes no path with a space, and this repository's may have one.
        environment = self._binaries / "environment"
        environment.symlink_to(sys.prefix)
        wrapper.write_text(f'#!/bin/sh\nexec {make} --no-print-directory -o cli -o venv VENV={environment} "$@"\n')
        wrapper.chmod(0o755)

    def write(self, name: str, content: Mapping[str, Any]) -> Path:
        """Writes a YAML file into stacks/."""
        path = self.directory / "stacks" / name
        path.write_text(yaml.safe_dump(dict(content), sort_keys=False), encoding="utf-8")
        return path

    def declare(self, stack: str, *partners: Mapping[str, Any], **settings: object) -> None:
        """Writes a stack file on the emulator."""
        values = {"cloud": "local", **({"partners": [dict(each) for each in partners]} if partners else {}), **settings}
        path = self.directory / "stacks" / f"Pulumi.{stack}.yaml"
        # Pulumi's own line for the passphrase stays.
        kept = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.write(path.name, {**kept, "config": {f"regulated-partners:{name}": each for name, each in values.items()}})

    def run(self, script: str, **variables: str) -> Ended:
        """Runs a script as a runner does: bash that stops at the first failure."""
        return self.call(["bash", "-e", "-o", "pipefail", "-c", script], **variables)

    def command(self, *arguments: str, **variables: str) -> Ended:
        """Runs `regulated-partners`."""
        return self.call([sys.executable, "-m", "regulated_partners", *arguments], **variables)

    def call(self, command: Sequence[str], **variables: str) -> Ended:
        """Runs a command in the working copy."""
        done = subprocess.run(
            command,
            cwd=self.directory,
            env={**self._variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_TIMEOUT,
        )
        return Ended(done.returncode, done.stdout)

    @property
    def _variables(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        path = os.pathsep.join([str(self._binaries), str(Path(sys.prefix) / "bin"), kept.get("PATH", "")])
        return {**kept, "PATH": path, "PULUMI_HOME": str(self._home), "EXCHANGE_ONLINE_TIME_SCALE": "0.01"}

    @property
    def control(self) -> Control:
        """The working copy's own emulator, once something has started it."""
        return Control.from_connection(self.directory / ".emulator" / "connection.json")

    def read(self, path: str) -> str:
        """A file of the working copy."""
        return (self.directory / path).read_text(encoding="utf-8")

    def stop(self) -> None:
        """Stops its emulator."""
        self.call([sys.executable, "-m", "exchange_online_emulator", "stop", "--state", ".emulator/state.db"])
