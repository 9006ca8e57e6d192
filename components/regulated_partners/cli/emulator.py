"""The subcommand `emulator`: the emulator's own command."""

from __future__ import annotations

import typer

from exchange_online_emulator.cli import main

emulator = typer.Typer(add_completion=False)


@emulator.command(
    "emulator", context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
)
def _emulator(ctx: typer.Context) -> None:
    """Exchange Online on this machine: start, stop, status, reset, rules."""
    raise typer.Exit(main(ctx.args, ctx.command_path))
