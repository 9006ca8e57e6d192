"""The subcommand `emulator`: the emulator's own command."""

from __future__ import annotations

import typer

from regulated_partners.engine.environment import require_emulator

emulator = typer.Typer(add_completion=False)


@emulator.command(
    "emulator",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
)
def _emulator(ctx: typer.Context) -> None:
    """Exchange Online on this machine: start, stop, status, reset, rules."""
    require_emulator()
    # Only where the extra is installed.
    from exchange_online_emulator.cli import main

    raise typer.Exit(main(ctx.args))
