"""The operations: which commands of the Pulumi CLI they are."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from regulated_partners.partners.stack_file import StackFile


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

#: Exit code of `--expect-no-changes` when there are some (Source: pulumi/pulumi pull request 22176).
EXIT_CHANGES_FOUND = 7


EXIT_DRIFT = 1
EXIT_COULD_NOT_RUN = 2


def drift_exit_code(exit_code: int) -> int:
    """What pipelines are told: 0 none, 1 drift, 2 when it could not be found out. exit_code: of the Pulumi CLI."""
    return {0: 0, EXIT_CHANGES_FOUND: EXIT_DRIFT}.get(exit_code, EXIT_COULD_NOT_RUN)


def plan_arguments(plan: Path | None) -> list[str]:
    """The arguments of `up` that apply a saved plan: no preview, because it was the preview. None: no arguments."""
    return [] if plan is None else ["--plan", str(plan.resolve()), "--skip-preview"]


def commands(operation: Operation, stack: StackFile, extra: Sequence[str]) -> list[list[str]]:
    """The command lines of an operation, in order. The first makes sure that the stack exists and selects it.

    extra: further arguments for the operation's own command.
    """
    select = ["pulumi", "stack", "select", "--stack", stack.name, "--non-interactive"]
    if operation in (Operation.UP, Operation.PREVIEW):
        select.append("--create")
        # Without the flag a new stack is given a passphrase, whatever its settings file says (measured, 3.259).
        if stack.secrets_provider is not None:
            select += ["--secrets-provider", stack.secrets_provider]
    return [select, ["pulumi", *_COMMANDS[operation], "--stack", stack.name, *extra]]
