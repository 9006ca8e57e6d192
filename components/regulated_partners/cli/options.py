"""Options that subcommands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_STACK = typer.Option(
    "--stack", "-s", envvar="PULUMI_STACK", help="The stack, as `pulumi --stack` takes it.", metavar="NAME"
)

StackName = Annotated[str, _STACK]
WorkingDirectory = Annotated[
    Path | None,
    typer.Option(
        "--cwd", "-C", help="Run as if started in this directory.", file_okay=False, exists=True, metavar="DIRECTORY"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout instead of a table.")]

#: The stack of the example partners, on the emulator.
DEFAULT_STACK = "dev"


def _further(arguments: list[str] | None) -> list[str] | None:
    if arguments and not arguments[0].startswith("-"):
        raise typer.BadParameter(
            f"{arguments[0]!r} is nothing that this command knows. Options of the Pulumi CLI stand after --, such as "
            "-- --target URN."
        )
    return arguments


FurtherArguments = Annotated[
    list[str] | None, typer.Argument(metavar="-- OPTIONS", help="Options that go to the Pulumi CLI.", callback=_further)
]
