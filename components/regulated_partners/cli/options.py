"""Options that every subcommand has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StackName = Annotated[
    str,
    typer.Option(
        "--stack", "-s", envvar="PULUMI_STACK", help="The stack, as `pulumi --stack` takes it.", metavar="NAME"
    ),
]
WorkingDirectory = Annotated[
    Path | None,
    typer.Option(
        "--cwd", "-C", help="Run as if started in this directory.", file_okay=False, exists=True, metavar="DIRECTORY"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout instead of a table.")]
