"""The Pulumi CLI on one stack: the only place that runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from regulated_partners.engine.child import run_before_eyes, run_captured, run_quietly
from regulated_partners.engine.environment import SKIP_CHECKPOINTS, stack_variables
from regulated_partners.engine.install.ensure import pulumi_directory
from regulated_partners.engine.virtualenv import FOLDER, ensure_virtualenv
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.stack_file import StackFile, named

#: Seconds that a command which only reads the state may take.
_TIMEOUT = 300

#: Exit code of `--expect-no-changes` when there are some (Source: pulumi/pulumi pull request 22176).
EXIT_CHANGES_FOUND = 7

_QUIETLY = ("--non-interactive", "--color", "never")

#: Stacks that are previewed side by side share the emulator.
_STARTING = threading.Lock()


class Operation(StrEnum):
    """What can be done to a stack."""

    UP = "up"
    PREVIEW = "preview"
    DRIFT = "drift"
    DESTROY = "destroy"


_COMMANDS: dict[Operation, tuple[str, ...]] = {
    Operation.UP: ("up", "--yes"),
    Operation.PREVIEW: ("preview", "--diff"),
    # Reads every resource, changes nothing, exits with 7 when something differs. Without --run-program: with it the
    # engine panics while a renamed partner waits for its `up` (measured, 3.259; a canary test watches it).
    Operation.DRIFT: ("refresh", "--preview-only", "--diff", "--expect-no-changes"),
    Operation.DESTROY: ("destroy", "--yes", "--run-program"),
}


def commands(operation: Operation, stack: StackFile, extra: Sequence[str]) -> list[list[str]]:
    """The arguments of the CLI: what makes sure that the stack exists and selects it, then the operation's own."""
    select = ["stack", "select", "--stack", stack.name, "--non-interactive"]
    if operation in (Operation.UP, Operation.PREVIEW):
        select.append("--create")
        # Without the flag a new stack is given a passphrase, whatever its settings file says (measured, 3.259).
        if stack.secrets_provider is not None:
            select += ["--secrets-provider", stack.secrets_provider]
    return [select, [*_COMMANDS[operation], "--stack", stack.name, *extra]]


class PulumiCli:
    """Runs the CLI on a stack, in the directory of its project.

    Raises:
        CannotRunError: where backend or secrets provider of a stack that is not local are not known.
    """

    def __init__(self, stack: StackFile, environ: Mapping[str, str]) -> None:
        self.stack = stack
        self._variables = {**environ, **stack_variables(stack, environ)}

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The environment of its commands. The first time this gets the CLI, where it is not there yet.

        Raises:
            InstallError: where it cannot be had.
        """
        if self.stack.virtualenv == FOLDER:
            ensure_virtualenv(self.stack.root)
        path = self._variables["PATH"]
        directory = str(pulumi_directory(path))
        if directory not in path.split(os.pathsep):
            path = os.pathsep.join([directory, path])
        return {**self._variables, "PATH": path}

    def with_variables(self, variables: Mapping[str, str]) -> PulumiCli:
        """The same with further variables in the environment of its commands."""
        return PulumiCli(self.stack, {**self.environment, **variables}) if variables else self

    def start_emulator(self, *, quiet: bool = False) -> None:
        """Makes sure that the emulator of a local stack runs; `quiet` leaves out its line with the address.

        Raises:
            CannotRunError: when it does not start; its own message is on stderr.
        """
        if not self.stack.settings.local:
            return
        command = [sys.executable, "-m", "exchange_online_emulator", "start", "--state", ".emulator/state.db"]
        with _STARTING:
            code = run_quietly(command, self.stack.root, self._variables, subprocess.DEVNULL if quiet else None)
        if code != 0:
            raise CannotRunError("The emulator did not start: see above.")

    def select(self, operation: Operation) -> None:
        """Makes sure that the stack is in the backend, as far as the operation may make one.

        Raises:
            CannotRunError: where it is not, or where its program could not be started.
        """
        if operation is not Operation.DRIFT:
            self._refuse_too_long_a_configuration()
        select, _ = commands(operation, self.stack, [])
        done = self._captured(select)
        if done.returncode == 0:
            return
        said = f"The stack {self.stack.name} could not be selected. Pulumi said: {_said(done).rstrip('.')}."
        if "--create" not in select:
            said += f" If it was never applied, run `regulated-partners up --stack {self.stack.name}` first."
        raise CannotRunError(said)

    def _refuse_too_long_a_configuration(self) -> None:
        """A Python program gets it in one variable, and the official host says no more than "argument list too long".

        Source: execve(2), MAX_ARG_STRLEN: 32 pages, with the variable's name and the zero behind it.
        """
        most = 32 * os.sysconf("SC_PAGE_SIZE") - len("PULUMI_CONFIG=") - 1
        size = self.stack.config_bytes
        if sys.platform == "linux" and size > most and self.stack.program.is_file():
            raise CannotRunError(
                f"{named(self.stack.path, self.stack.root)}: these settings are too long. Linux hands a program at "
                f"most {most:,} bytes of settings, and these are {size:,} as JSON. Keep the partners in a file that "
                "the setting partnersFile names. Nothing was sent."
            )

    def run(self, operation: Operation, extra: Sequence[str]) -> int:
        """Runs an operation before the user's eyes. Returns the CLI's exit code."""
        command = ["pulumi", *commands(operation, self.stack, extra)[1]]
        return run_before_eyes(command, self.stack.root, self.environment)

    def read_json(self, operation: Operation, extra: Sequence[str], *, fine: Sequence[int]) -> dict[str, Any]:
        """What an operation writes with `--json`, without colours or questions.

        With exit codes other than `fine` it has not done its work, and its JSON still tells what went wrong.

        Raises:
            CannotRunError: when it wrote no JSON, with what it said instead.
        """
        done = self._captured([*commands(operation, self.stack, ["--json", *extra])[1], *_QUIETLY])
        document = _object(done.stdout)
        if document is None or (done.returncode not in fine and not document.get("diagnostics")):
            raise CannotRunError(
                f"`pulumi {operation}` failed on the stack {self.stack.name} (exit code {done.returncode}). Pulumi "
                f"said: {_said(done)}"
            )
        return document

    def stacks(self) -> tuple[str, ...]:
        """The names of the project's stacks in the backend."""
        return tuple(str(stack["name"]) for stack in json.loads(self._read("stack", "ls", "--json")))

    def has_state(self) -> bool:
        """Whether the stack is in the backend."""
        # Backends that know organizations list `organization/stack`.
        own = self.stack.name.rpartition("/")[2]
        return any(name.rpartition("/")[2] == own for name in self.stacks())

    def export(self, stack: str) -> Mapping[str, Any]:
        """The deployment of a stack; secrets stay encrypted."""
        exported: dict[str, Any] = json.loads(self._read("stack", "export", "--stack", stack))
        return exported

    def history(self) -> Sequence[Mapping[str, Any]]:
        """The updates of the stack, the newest first, as the engine recorded them."""
        written = json.loads(self._read("stack", "history", "--json", "--full-dates", "--stack", self.stack.name))
        return [update for update in written if isinstance(update, dict)] if isinstance(written, list) else []

    def config_secret(self, key: str) -> str:
        """The plain text of a secret setting, by its name with namespace."""
        return self._read("config", "get", key, "--stack", self.stack.name).rstrip("\r\n")

    def create_stack(self) -> None:
        """Makes sure that the stack is in the backend, as `up` does."""
        self._read(*commands(Operation.PREVIEW, self.stack, [])[0])

    def import_resources(self, file: Path, *, protect: bool) -> None:
        """Enters resources into the state; the CLI's own progress goes to stderr.

        The resources of the import file have inputs and outputs, so that nothing is read.
        """
        arguments = [
            *("pulumi", "import", "--file", str(file), "--generate-code=false", f"--protect={str(protect).lower()}"),
            *("--yes", "--skip-preview", "--suppress-outputs", "--stack", self.stack.name, *_QUIETLY),
        ]
        # One write of the state at the end instead of one per resource: an interrupted import is simply done again.
        environment = {**self.environment, SKIP_CHECKPOINTS: "true"}
        if run_quietly(arguments, self.stack.root, environment, sys.stderr.fileno()) != 0:
            raise CannotRunError(
                f"`pulumi import` failed on the stack {self.stack.name}: see above. Nothing was sent to the tenant, "
                f"and the declarations are in {self.stack.path}. Run the same command again; if the stack is locked "
                "by a run that is gone, run `pulumi cancel` first."
            )

    def _read(self, *arguments: str) -> str:
        name = " ".join(arguments[:2])
        try:
            done = self._captured([*arguments, *_QUIETLY], _TIMEOUT)
        except subprocess.TimeoutExpired:
            raise CannotRunError(
                f"`pulumi {name}` did not answer in {_TIMEOUT} s: check that the backend of the stack "
                f"{self.stack.name} can be reached."
            ) from None
        if done.returncode != 0:
            raise CannotRunError(
                f"`pulumi {name}` failed on the stack {self.stack.name} (exit code {done.returncode}). Pulumi said: "
                f"{_said(done)}"
            )
        return done.stdout

    def _captured(self, arguments: Sequence[str], timeout: float | None = None) -> subprocess.CompletedProcess[str]:
        return run_captured(["pulumi", *arguments], self.stack.root, self.environment, timeout)


def _object(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """What the CLI said instead, in one line and without what must not be in a log."""
    # Loads the client of the service, which most runs do not need.
    from exchange_online.admin_api import clean

    text = clean((done.stderr or "").strip() or (done.stdout or "").strip())
    return " ".join(text.split()).removeprefix("error: ") or "nothing"
