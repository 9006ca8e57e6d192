"""The command: its subcommands, and how each error ends it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from exchange_online.admin_api.errors import AdminApiError
from regulated_partners.cli.adopt import adopt
from regulated_partners.cli.drift import drift
from regulated_partners.cli.inventory import inventory
from regulated_partners.cli.new import new
from regulated_partners.cli.preview import preview
from regulated_partners.cli.review import review
from regulated_partners.cli.verify import verify
from regulated_partners.engine.stack_errors import Refusal
from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode

PROGRAM = "regulated-partners"

app = typer.Typer(
    name=PROGRAM,
    help="What an operator runs around `pulumi up`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("adopt")(adopt)
app.command("drift")(drift)
app.command("inventory")(inventory)
app.command("new")(new)
app.command("preview")(preview)
app.command("review")(review)
app.add_typer(verify, name="verify")


@app.callback()
def _command() -> None:
    """What an operator runs around `pulumi up`. Exit codes: 0 fine, 1 findings, 2 usage or could not run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command. Returns its exit code.

    Args:
        arguments: without the program's name; those of the process unless given.
    """
    try:
        app(args=list(sys.argv[1:] if arguments is None else arguments), prog_name=PROGRAM)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.FINE
    except (CannotRunError, Refusal, AdminApiError) as error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
    except Exception as error:  # noqa: BLE001 - what a programming error says may hold anything: only its type is shown
        sys.stderr.write(
            f"{PROGRAM}: an unexpected {type(error).__name__}{_place(error)}. This is a defect of the command: please "
            "report it with this line.\n"
        )
    return ExitCode.COULD_NOT_RUN


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f" in {trace.tb_frame.f_globals.get('__name__', '?')} line {trace.tb_lineno}"
