"""The Pulumi CLI, as far as the command needs it: what the state holds, a config secret, an import."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from exchange_online.admin_api.redaction import clean
from regulated_partners.engine.stack_operations import Operation, commands
from regulated_partners.engine.surroundings import stack_variables
from regulated_partners.errors import CannotRunError
from regulated_partners.names import PREFIX
from regulated_partners.partners.stack_file import StackFile

#: Seconds that a command which only reads may take.
_TIMEOUT = 300


class PulumiCli:
    """Runs the CLI on the project of a stack.

    Args:
        stack: whose project, backend and passphrase count.
        environ: the process environment.

    Raises:
        Refusal: where backend or secrets provider of a stack that is not local are not known.
    """

    def __init__(self, stack: StackFile, environ: Mapping[str, str]) -> None:
        self._stack = stack
        variables = stack_variables(stack, stack.root, environ)
        # The environment that runs this command is the project's, wherever the project lies.
        variables |= {
            "PATH": os.pathsep.join([str(Path(sys.prefix) / "bin"), variables["PATH"]]),
            "VIRTUAL_ENV": sys.prefix,
        }
        self._environment = {**environ, **variables}

    def stacks(self) -> tuple[str, ...]:
        """The names of the project's stacks in the backend."""
        listed = json.loads(self._read("stack", "ls", "--json"))
        return tuple(str(each["name"]) for each in listed)

    def has_state(self) -> bool:
        """Whether the stack is in the backend."""
        return any(_same_stack(each, self._stack.name) for each in self.stacks())

    def export(self, stack: str) -> Mapping[str, Any]:
        """The deployment of a stack; secrets stay encrypted."""
        exported: dict[str, Any] = json.loads(self._read("stack", "export", "--stack", stack))
        return exported

    def config_secret(self, name: str) -> str:
        """The plain text of a secret setting of the project."""
        return self._read("config", "get", f"{PREFIX}{name}", "--stack", self._stack.name).rstrip("\r\n")

    def create_stack(self) -> None:
        """Makes sure that the stack is in the backend, as `make up` does."""
        select = commands(Operation.PREVIEW, self._stack, [])[0]
        self._read(*select[1:])

    def import_resources(self, file: Path, *, protect: bool) -> None:
        """Enters resources into the state; the CLI's own progress goes to stderr.

        Args:
            file: an import file whose resources have inputs and outputs, so that nothing is read.
            protect: whether Pulumi refuses to delete them.
        """
        arguments = ["import", "--file", str(file), "--generate-code=false", f"--protect={str(protect).lower()}"]
        arguments += ["--yes", "--skip-preview", "--suppress-outputs", "--stack", self._stack.name]
        # One write of the state at the end instead of one per resource: an interrupted import is simply done again.
        environment = {**self._environment, "PULUMI_SKIP_CHECKPOINTS": "true"}
        done = self._call(arguments, environment, stdout=sys.stderr.fileno())
        if done.returncode != 0:
            raise CannotRunError(
                f"`pulumi import` failed on the stack {self._stack.name}: see above. Nothing was sent to the tenant, "
                f"and the declarations are in {self._stack.path}. Run the same command again; if the stack is locked "
                "by a run that is gone, run `pulumi cancel` first."
            )

    def _read(self, *arguments: str) -> str:
        done = self._call(arguments, self._environment, stdout=subprocess.PIPE)
        if done.returncode != 0:
            said = clean(done.stderr or done.stdout or "").removeprefix("error: ")
            raise CannotRunError(
                f"`pulumi {' '.join(arguments[:2])}` failed on the stack {self._stack.name} (exit code "
                f"{done.returncode}). Pulumi said: {said or 'nothing'}"
            )
        return done.stdout

    def _call(
        self, arguments: Sequence[str], environment: Mapping[str, str], stdout: int
    ) -> subprocess.CompletedProcess[str]:
        pulumi = shutil.which("pulumi", path=environment["PATH"])
        if pulumi is None:
            raise CannotRunError("The Pulumi CLI is not installed: run `make cli`.")
        command = [pulumi, *arguments, "--non-interactive", "--color", "never"]
        reads = stdout == subprocess.PIPE
        try:
            return subprocess.run(
                command,
                cwd=self._stack.root,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE if reads else None,
                text=True,
                check=False,
                timeout=_TIMEOUT if reads else None,
            )
        except subprocess.TimeoutExpired:
            raise CannotRunError(
                f"`pulumi {' '.join(arguments[:2])}` did not answer in {_TIMEOUT} s: check that the backend of the "
                f"stack {self._stack.name} can be reached."
            ) from None


def _same_stack(one: str, other: str) -> bool:
    """Backends that know organizations list `organization/stack`."""
    return one.rpartition("/")[2] == other.rpartition("/")[2]
