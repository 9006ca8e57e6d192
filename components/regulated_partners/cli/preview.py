"""The subcommand `preview`."""

from __future__ import annotations

import typer

from regulated_partners.cli.options import DEFAULT_STACK, FurtherArguments, StackName, WorkingDirectory
from regulated_partners.cli.up import operate
from regulated_partners.engine.pulumi_cli import Operation


def preview(
    further: FurtherArguments = None, *, stack: StackName = DEFAULT_STACK, cwd: WorkingDirectory = None
) -> None:
    """Show what `up` would change, as the Pulumi CLI shows it; `review --stack` says what it does to mail.

    Reads only. Exit codes: those of the Pulumi CLI; 2 when it was not started.
    """
    raise typer.Exit(operate(Operation.PREVIEW, stack, cwd, further or ()))
