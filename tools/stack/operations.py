"""The operations: which commands of the Pulumi CLI they are."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from .project import StackFile


class Operation(StrEnum):
    """What can be done to a stack."""

    UP = "up"
    PREVIEW = "preview"
    DRIFT = "drift"
    DESTROY = "destroy"


_COMMANDS: dict[Operation, tuple[str, ...]] = {
    Operation.UP: ("up", "--yes"),
    Operation.PREVIEW: ("preview", "--diff"),
    # Reads every resource, changes nothing, exits with 7 when something differs; the program runs for its credentials.
    Operation.DRIFT: ("refresh", "--preview-only", "--diff", "--expect-no-changes", "--run-program"),
    Operation.DESTROY: ("destroy", "--yes", "--run-program"),
}

EXIT_CHANGES_FOUND = 7
"""Exit code of `--expect-no-changes` when there are some (Source: pulumi/pulumi pull request 22176)."""


def commands(operation: Operation, stack: StackFile, extra: Sequence[str]) -> list[list[str]]:
    """The command lines of an operation, in order. The first makes sure that the stack exists and selects it.

    extra: further arguments for the operation's own command.
    """
    select = ["pulumi", "stack", "select", "--stack", stack.stack, "--non-interactive"]
    if operation in (Operation.UP, Operation.PREVIEW):
        select.append("--create")
        # Without the flag a new stack is given a passphrase, whatever its settings file says (measured, 3.259).
        if stack.secrets_provider is not None:
            select += ["--secrets-provider", stack.secrets_provider]
    return [select, ["pulumi", *_COMMANDS[operation], "--stack", stack.stack, *extra]]
