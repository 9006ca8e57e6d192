"""The subcommands that run the Pulumi CLI before the user's eyes: `up`, and hidden `destroy` and `env`.

Exit codes: those of the Pulumi CLI; 2 when it was not started.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from exchange_online.lifecycle import HandedOn, handing_on
from regulated_partners.cli.options import DEFAULT_STACK, FurtherArguments, StackName, WorkingDirectory
from regulated_partners.engine.checkpoints import Changes, changes, checkpoints
from regulated_partners.engine.pulumi_cli import Operation, PulumiCli
from regulated_partners.holdings import held, left_behind, room
from regulated_partners.other_ways import Look, looked_at
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.progress import SILENCE, Progress
from regulated_partners.run_record import PLAN_MESSAGE, file_digest


def up(
    further: FurtherArguments = None,
    *,
    stack: StackName = DEFAULT_STACK,
    cwd: WorkingDirectory = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            help="Apply this plan, which `review --stack` saved, and nothing else.",
            metavar="FILE",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Apply a stack; the stack dev runs on the emulator. The Pulumi CLI is got first, where it is not there yet.

    Exit codes: those of the Pulumi CLI; 2 when it was not started.
    """
    exit_code = operate(Operation.UP, stack, cwd, further or (), plan)
    if plan is not None and exit_code != 0:
        sys.stderr.write(
            f"The plan {plan} was not applied to its end: see above. If it does not fit any longer, because the "
            f"declaration or the tenant has changed since, make and review a new one: "
            f"`regulated-partners review --stack {stack}`.\n"
        )
    raise typer.Exit(exit_code)


def _message(plan: Path, further: Sequence[str]) -> Sequence[str]:
    """What the history says of the run, unless the user says something: `report` finds the review of this plan by it.

    Source: `pulumi up --message`; the engine records whether a plan was applied, and not which.
    """
    if any(given.startswith("-m") or given.partition("=")[0] == "--message" for given in further):
        return ()
    return ("--message", f"{PLAN_MESSAGE}{file_digest(plan)}")


def destroy(further: FurtherArguments = None, *, stack: StackName, cwd: WorkingDirectory = None) -> None:
    """Remove everything that a stack has made. Exit codes: those of the Pulumi CLI; 2 when it was not started."""
    raise typer.Exit(operate(Operation.DESTROY, stack, cwd, further or ()))


def env(stack: StackName = DEFAULT_STACK, *, cwd: WorkingDirectory = None) -> None:
    """Print the variables of a stack for a shell: eval "$(regulated-partners env)"."""
    for name, value in PulumiCli(read_stack_file(cwd, stack), os.environ).environment.items():
        if os.environ.get(name) != value:
            sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


def operate(
    operation: Operation, stack: str, cwd: Path | None, further: Sequence[str], plan: Path | None = None
) -> int:
    """Runs an operation of the Pulumi CLI that changes a stack, as a user would. Returns its exit code.

    Args:
        operation: `up` or `destroy`.
        stack: the stack's name.
        cwd: the directory to run in; the current one unless given.
        further: options of the CLI.
        plan: the saved plan to apply.
    """
    with handing_on() as handed_on:
        with Progress(SILENCE) as progress:
            pulumi = _ready(operation, stack, cwd, progress).with_variables(handed_on.variables)
            progress.step(f"Reading the state of the stack {stack}")
            planned = changes(operation, pulumi, further, plan)
            before, after = _about_the_tenant(operation, pulumi, planned, handed_on, progress)
        decided = checkpoints(planned, pulumi.stack, pulumi.environment)
        _say(decided.line, *before)
        # No preview where a plan is applied, because it was the preview.
        applied = [] if plan is None else [*_message(plan, further), "--plan", str(plan.resolve()), "--skip-preview"]
        exit_code = _run(pulumi.with_variables(decided.variables), operation, [*applied, *further])
    _say(decided.after(exit_code, stack), *(after if exit_code == 0 else ()))
    return exit_code


def _about_the_tenant(
    operation: Operation, pulumi: PulumiCli, planned: Changes | None, handed_on: HandedOn, progress: Progress
) -> tuple[Sequence[str], Sequence[str]]:
    """What to say before and after a run; nothing is asked for a run that creates a few."""
    destroyed = operation is Operation.DESTROY
    if planned is None or not (destroyed or planned.creates_many):
        return (), ()
    progress.step("Listing the connectors of the tenant")
    snapshot = held(pulumi, handed_on)
    if isinstance(snapshot, str):
        # A run that creates will meet the same, and say it better.
        return (), [f"warning: {snapshot}"] if destroyed else ()
    left = left_behind(snapshot, pulumi.stack, planned, destroyed=destroyed)
    return ((), [left]) if destroyed else ([*room(snapshot, planned), left], ())


def _say(*sentences: str) -> None:
    for sentence in filter(None, sentences):
        sys.stderr.write(f"{sentence}\n")


def look_and_operate(operation: Operation, stack: str, cwd: Path | None, further: Sequence[str]) -> tuple[int, Look]:
    """Runs an operation that only reads, and says below it which other ways the partners' mail has.

    Returns:
        The exit code of the CLI, and what was found.
    """
    with Progress(SILENCE) as progress:
        pulumi = _ready(operation, stack, cwd, progress)
        progress.step("Looking through the connectors and transport rules of the tenant")
        with looked_at(pulumi.stack, pulumi, os.environ) as (found, variables):
            about = _about_a_preview(pulumi, found, further, progress) if operation is Operation.PREVIEW else ()
            progress.pause()
            exit_code = _run(pulumi.with_variables(variables), operation, further)
    _say(*about, *found.lines())
    return exit_code, found


def _about_a_preview(pulumi: PulumiCli, found: Look, further: Sequence[str], progress: Progress) -> Sequence[str]:
    if found.snapshot is None:
        return ()
    progress.step(f"Reading the state of the stack {pulumi.stack.name}")
    planned = changes(Operation.UP, pulumi, further)
    if planned is None:
        return ()
    return [*room(found.snapshot, planned), left_behind(found.snapshot, pulumi.stack, planned)]


def _ready(operation: Operation, stack: str, cwd: Path | None, progress: Progress) -> PulumiCli:
    pulumi = PulumiCli(read_stack_file(cwd, stack), os.environ)
    pulumi.start_emulator()
    # What has to be got first says so itself.
    _ = pulumi.environment
    progress.step(f"Selecting the stack {stack}")
    pulumi.select(operation)
    return pulumi


def _run(pulumi: PulumiCli, operation: Operation, further: Sequence[str]) -> int:
    exit_code = pulumi.run(operation, further)
    if exit_code != 0 and "--target-dependents" in further:
        # Source: pulumi/pulumi issue 16033; met because of `refresh: always` in Pulumi.yaml.
        sys.stderr.write(
            "If the engine said `unknown provider`: with --target-dependents it forgets the provider of what it "
            "refreshes. Add --refresh=false, or target the connectors themselves: --target '**NAME OF THE PARTNER**'.\n"
        )
    return exit_code
