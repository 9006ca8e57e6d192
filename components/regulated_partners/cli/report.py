"""The subcommand `report`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from regulated_partners.cli.options import Json, WorkingDirectory
from regulated_partners.errors import CannotRunError
from regulated_partners.evidence import (
    Asked,
    Report,
    Standing,
    as_html,
    clean,
    compared,
    has_partners,
    make_report,
    partners_named,
    read_earlier,
    read_inputs,
)
from regulated_partners.evidence.report import PartnerReport
from regulated_partners.exit_codes import ExitCode
from regulated_partners.partners import StackFile
from regulated_partners.partners.stack_file import read_stack_file, stack_names
from regulated_partners.progress import Progress
from regulated_partners.run_record import now, whoever
from regulated_partners.table import Column, table
from regulated_partners.text import printable

_COLUMNS = (
    *(Column("partner"), Column("stack"), Column("verdict"), Column("oldest proof"), Column("next expiry")),
    Column("why", wide=True),
)
_FORMS = (".html", ".pdf", ".json")
_DEFAULT = Path("report.html")


def report(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...", help="JSON of verify, drift, inventory and review (or folders of them).", exists=False
        ),
    ] = None,
    *,
    stack: Annotated[
        list[str] | None,
        typer.Option("--stack", "-s", envvar="PULUMI_STACK", help="The stack; repeatable.", metavar="NAME"),
    ] = None,
    all_stacks: Annotated[bool, typer.Option("--all-stacks", help="Every stack of the project.")] = False,
    cwd: WorkingDirectory = None,
    partner: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="NAME", help="Only this declared partner; repeatable. All unless given."),
    ] = None,
    collect: Annotated[
        Path | None,
        typer.Option(
            "--collect",
            metavar="DIRECTORY",
            file_okay=False,
            help="First run inventory, drift and verify partner --all, and read the engine's history; reads only. "
            "Their JSON is kept here.",
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            dir_okay=False,
            help="Write the report: HTML (.html), PDF (.pdf) or JSON (.json). Repeatable. Default: report.html.",
        ),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", metavar="FILE", help="Say what changed since this earlier report (JSON)."),
    ] = None,
    to_json: Json = False,
) -> None:
    """Write the evidence that mail with the partners travels over TLS, for people who will never run a command.

    One HTML file that needs no network and runs no script, or a PDF. It rests on the records that are given, and says
    as plainly what is not proven. Read it before you hand it on: it names servers, addresses and people.

    Exit codes: 0 everything is proven; 1 something is not; 2 usage, or a stack or an input could not be read.
    """
    files = tuple(output or (() if to_json else (_DEFAULT,)))
    for path in files:
        if path.suffix.lower() not in _FORMS:
            raise typer.BadParameter(f"{path} ends in none of {', '.join(_FORMS)}, so its form is not known")
    started = now()
    earlier = read_earlier(compare) if compare is not None else None
    with Progress() as progress:
        progress.step("Reading the stacks' settings")
        stacks, unread = _stacks(stack or (), cwd, every=all_stacks)
        only, missing = partners_named(stacks, partner or ())
        if missing:
            raise CannotRunError(f"No partner is declared as {' or '.join(map(repr, missing))}; see --stack.")
        if not has_partners(stacks) and not unread:
            raise CannotRunError("The stack declares no partner, so there is nothing to report.")
        problems: list[str] = []
        kept = _collected(stacks, collect, progress, problems) if collect else ()
        progress.step("Reading the inputs")
        # What is made here counts as of now: it was asked for first.
        started = now() if collect else started
        sources = read_inputs(tuple(inputs or ()), started, kept)
        progress.step("Writing the report")
        made = make_report(Asked(stacks, unread, only, whoever(os.environ), started), sources)
        made = made.model_copy(update={"remarks": (*problems, *made.remarks)})
        if earlier is not None and compare is not None:
            made = made.model_copy(update={"compared": compared(earlier[0], made, clean(str(compare)), earlier[1])})
        _write(made, files)
    sys.stdout.write(made.model_dump_json(by_alias=True, indent=2) + "\n" if to_json else _text(made))
    for path in files:
        sys.stderr.write(f"{path} was written.\n")
    raise typer.Exit(_ended(made, problems))


def _stacks(
    names: Sequence[str], cwd: Path | None, *, every: bool
) -> tuple[tuple[StackFile, ...], tuple[tuple[str, str], ...]]:
    """The stacks, and of those that cannot be read the name and why; of a single one that ends the command."""
    if bool(names) == every:
        raise typer.BadParameter("name the stacks with --stack, or write --all-stacks")
    found = stack_names(cwd) if every else tuple(dict.fromkeys(names))
    if not found:
        raise CannotRunError("There is no project with a stack here: name its directory with --cwd.")
    stacks: list[StackFile] = []
    unread: list[tuple[str, str]] = []
    for name in found:
        try:
            stacks.append(read_stack_file(cwd, name))
        except CannotRunError as error:
            if len(found) == 1:
                raise
            unread.append((name, str(error)))
    return tuple(stacks), tuple(unread)


def _collected(stacks: Sequence[StackFile], folder: Path, progress: Progress, problems: list[str]) -> tuple[Path, ...]:
    from regulated_partners.evidence.collection import collect

    kept: list[Path] = []
    for stack in stacks:
        for path, problem in collect(stack, folder, whoever(os.environ), now(), progress):
            if path is not None:
                kept.append(path)
            else:
                problems.append(problem)
                progress.say(printable(problem))
    return tuple(kept)


def _write(made: Report, files: Sequence[Path]) -> None:
    for path in files:
        form = path.suffix.lower()
        if form == ".pdf":
            from regulated_partners.evidence.pdf import as_pdf

            data = as_pdf(as_html(made, paper=True))
        else:
            text = as_html(made) if form == ".html" else made.model_dump_json(by_alias=True, indent=2) + "\n"
            data = text.encode("utf-8", "backslashreplace")
        try:
            path.write_bytes(data)
        except OSError as error:
            raise CannotRunError(
                f"{path} cannot be written: {error.strerror}. Name a file in a directory that exists."
            ) from None


def _text(made: Report) -> str:
    rows = [
        (
            printable(one.name),
            printable(one.stack),
            one.standing.value,
            str(one.oldest or "none"),
            str(one.expiry.day) if one.expiry else "none known",
            _why(one),
        )
        for one in made.partners
    ]
    counts = [f"{count} {standing}" for standing in Standing if (count := made.count(standing))]
    said = [f"{made.compared.name}: {len(made.compared.changes)} changes since.\n"] if made.compared else []
    return "".join([table(_COLUMNS, rows), *said, f"{', '.join(counts) or 'no partner'}\n"])


def _why(partner: PartnerReport) -> str:
    """The first of the claims that make the verdict."""
    if partner.standing is Standing.PROVEN:
        return "every claim is proven"
    claim = next(claim for claim in partner.claims if claim.standing is partner.standing)
    return printable(f"{claim.direction}: {claim.text}")


def _ended(made: Report, problems: Sequence[str]) -> ExitCode:
    """2 where something that was to count could not be read: the report says which, and is right all the same."""
    unread = [one for one in made.inputs if one.problem and one.meant]
    for one in unread:
        sys.stderr.write(f"{printable(one.name)} does not count. {printable(one.problem)}\n")
    for stack in made.stacks:
        if stack.problem:
            sys.stderr.write(f"stack {printable(stack.name)}: {printable(stack.problem)}\n")
    if unread or problems or any(one.problem for one in made.stacks):
        return ExitCode.COULD_NOT_RUN
    return ExitCode.FINE if made.standing is Standing.PROVEN else ExitCode.FINDINGS
