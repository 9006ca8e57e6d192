"""The subcommand `preview`."""

from __future__ import annotations

import typer

from regulated_partners.cli.options import DEFAULT_STACK, FurtherArguments, StackName, WorkingDirectory
from regulated_partners.cli.up import look_and_operate
from regulated_partners.engine.pulumi_cli import Operation
from regulated_partners.exit_codes import ExitCode


def preview(
    further: FurtherArguments = None, *, stack: StackName = DEFAULT_STACK, cwd: WorkingDirectory = None
) -> None:
    """Show what `up` would change, as the Pulumi CLI shows it; `review --stack` says what it does to mail.

    Below it stands what else in the tenant can take or refuse the partners' mail. Reads only. Exit codes: those of the
    Pulumi CLI; 1 where it is fine and mail would be refused; 2 when it was not started.
    """
    exit_code, found = look_and_operate(Operation.PREVIEW, stack, cwd, further or ())
    raise typer.Exit(exit_code or (ExitCode.FINDINGS if found.refusing else ExitCode.FINE))
