"""The command: its subcommands, and how each error ends it."""

from __future__ import annotations

import codecs
import contextlib
import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from regulated_partners.engine.child import NOBODY_READS, ended_by, ending_together
from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode

PROGRAM = "regulated-partners"


@dataclass(frozen=True)
class _Subcommand:
    """Where a subcommand is, and its line in `--help`: importing them all takes longer than most of them run."""

    module: str
    help: str
    hidden: bool = False


_SUBCOMMANDS = {
    "new": _Subcommand("new", "Make a project of one's own."),
    "up": _Subcommand("up", "Apply a stack; the stack dev runs on the emulator."),
    "preview": _Subcommand("preview", "Show what `up` would change, as the Pulumi CLI shows it."),
    "review": _Subcommand("review", "Say what stacks, or a plan, would do to mail, for a pull request."),
    "drift": _Subcommand("drift", "Show what somebody changed in the tenant outside of the stack."),
    "verify": _Subcommand("verify", "Prove that forced TLS with a partner really works."),
    "adopt": _Subcommand("adopt", "Bring existing connectors under management."),
    "inventory": _Subcommand("inventory", "List every connector of the stack's tenant."),
    "report": _Subcommand("report", "Write the evidence for an auditor: one page, or a PDF."),
    "conformance": _Subcommand("conformance", "Try which of the emulator's rules a tenant for tests keeps."),
    "emulator": _Subcommand("emulator", "Exchange Online on this machine."),
    "destroy": _Subcommand("up", "Remove everything that a stack has made.", hidden=True),
    "env": _Subcommand("up", "Print the variables of a stack for a shell.", hidden=True),
}


class _Subcommands(TyperGroup):
    """Imports a subcommand when it is run, and not to list it."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        return list(_SUBCOMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:  # noqa: ARG002 - typer's signature
        listed = _SUBCOMMANDS.get(cmd_name)
        return TyperCommand(cmd_name, help=listed.help, hidden=listed.hidden) if listed else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, _imported(listed.name) if listed and listed.name else None, rest


def _imported(name: str) -> Any:
    found = getattr(importlib.import_module(f"regulated_partners.cli.{_SUBCOMMANDS[name].module}"), name)
    if not isinstance(found, typer.Typer):
        single = typer.Typer(add_completion=False)
        single.command(name)(found)
        found = single
    # Plain lines, which a log keeps whole: rich's boxes break sentences, and their Markdown takes as long as the rest.
    found.rich_markup_mode = None
    command = typer.main.get_command(found)
    command.name = name
    return command


app = typer.Typer(name=PROGRAM, cls=_Subcommands, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def _command() -> None:
    """What an operator runs around `pulumi up`. Exit codes: 0 fine, 1 findings, 2 usage or could not run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command, with the process's arguments unless others are given. Returns its exit code.

    That is 128 and the signal's number where a signal ended it, and where nobody reads its output any more (141).
    """
    _write_anywhere()
    with ending_together():
        streams = sys.stdout, sys.stderr
        try:
            code = _run(list(sys.argv[1:] if arguments is None else arguments))
            # Typer puts others in their place where it met a closed one, and says 1, which is "findings" here.
            read = streams == (sys.stdout, sys.stderr)
            for stream in streams:
                stream.flush()
        except BrokenPipeError:
            read = False
        if read:
            return code
    # Whatever is still buffered must not end in a traceback when Python does.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with contextlib.suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    return NOBODY_READS


def _run(arguments: list[str]) -> int:
    try:
        app(args=arguments, prog_name=PROGRAM)
    except SystemExit as end:
        # Typer says "Aborted!", and 1.
        aborted = isinstance(end.__context__, typer.Abort | KeyboardInterrupt) and ended_by()
        return aborted or (end.code if isinstance(end.code, int) else ExitCode.FINE)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it ends in a sentence
        sys.stderr.write(f"{PROGRAM}: {_sentence(error)}\n")
    return ExitCode.COULD_NOT_RUN


def _write_anywhere() -> None:
    """A terminal or a pipe that is not UTF-8 gets \\u escapes, which are right in JSON too, and no exception."""
    codecs.register_error("regulated-partners", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="regulated-partners")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)), error.end


def _sentence(error: Exception) -> str:
    # A subcommand that has met one of the service's has loaded its class; the others need not.
    service = sys.modules.get("exchange_online.admin_api.errors")
    if isinstance(error, CannotRunError) or (service is not None and isinstance(error, service.AdminApiError)):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        why = error.strerror or type(error).__name__
        place = os.fsdecode(error.filename)
        return f"{place} cannot be read or written ({why}): name another place, or give the right to."
    # What a programming error says may hold anything: only its type is shown.
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return (
        f"an unexpected {type(error).__name__} in {frame.f_globals.get('__name__', '?')} line {line}. This is a defect "
        "of the command: please report it with this line."
    )
