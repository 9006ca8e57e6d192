"""The Pulumi CLI on one stack: what has to be there before it runs, and the run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from regulated_partners.engine.stack_errors import Refusal
from regulated_partners.engine.stack_operations import Operation, commands
from regulated_partners.engine.surroundings import stack_variables
from regulated_partners.partners.stack_file import StackFile, read_stack_file


@dataclass(frozen=True)
class Finished:
    """A run of the CLI whose output was kept: its exit code, and what it wrote."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Engine:
    """The Pulumi CLI on one stack.

    stack: what its settings file says. root: the project's directory, where commands run.
    environment: of those commands, with the stack's variables.
    """

    stack: StackFile
    root: Path
    environment: Mapping[str, str]

    @classmethod
    def of(cls, root: Path, stack: str, environ: Mapping[str, str]) -> Engine:
        """For a stack of the project in `root`. Raises Refusal when what the stack needs is not known."""
        file = read_stack_file(root, stack)
        return cls(file, root, {**environ, **stack_variables(file, root, environ)})

    def start_emulator(self, *, quiet: bool = False) -> None:
        """Makes sure that the emulator of a local stack runs. quiet: its line with the address is not shown.

        Raises Refusal when it does not start; its own message is on stderr.
        """
        if not self.stack.local:
            return
        command = [sys.executable, "-m", "exchange_online_emulator", "start", "--state", ".emulator/state.db"]
        if self._call(command, stdout=subprocess.DEVNULL if quiet else None).returncode != 0:
            raise Refusal("The emulator did not start: see above.")

    def select(self, operation: Operation) -> None:
        """Makes sure that the stack is in the backend, as far as the operation may make one. Raises Refusal."""
        select, _ = commands(operation, self.stack, [])
        done = self._call(select, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode == 0:
            return
        name = self.stack.name
        hint = "" if "--create" in select else f" If it was never applied, run `make up STACK={name}` first."
        said = " ".join((done.stderr or done.stdout or "nothing").split()).removeprefix("error: ")
        raise Refusal(f"The stack {name} could not be selected. Pulumi said: {said.rstrip('.')}.{hint}")

    def run(self, operation: Operation, extra: Sequence[str]) -> int:
        """Runs an operation before the user's eyes. Returns the CLI's exit code."""
        return self._call(commands(operation, self.stack, extra)[1]).returncode

    def capture(self, operation: Operation, extra: Sequence[str]) -> Finished:
        """Runs an operation without colours or questions, and keeps what it writes."""
        command = [*commands(operation, self.stack, extra)[1], "--non-interactive", "--color", "never"]
        done = self._call(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return Finished(done.returncode, done.stdout, done.stderr)

    def _call(
        self, command: Sequence[str], *, stdout: int | None = None, stderr: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        try:
            done = subprocess.run(
                command,
                cwd=self.root,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL if stderr is not None else None,
                stdout=stdout,
                stderr=stderr,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            raise Refusal(f"{os.fspath(command[0])} is not installed: run `make cli`.") from None
        if done.returncode < 0:
            done.returncode = 128 - done.returncode
        return done
