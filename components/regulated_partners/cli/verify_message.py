"""The subcommand `verify message`."""

from __future__ import annotations

import itertools
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from exchange_online.connectors import Direction
from regulated_partners.cli.options import WorkingDirectory
from regulated_partners.cli.verify_options import DirectionName, judging
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.probing.route import ProbeIndex
from regulated_partners.probing.verdicts import Check, Finding, Judgement, Level, Verdict
from regulated_partners.progress import SILENCE, Progress
from regulated_partners.text import printable
from regulated_partners.verify.declared import declared_partner
from regulated_partners.verify.mail_folders import MOST_FILES, files_in
from regulated_partners.verify.message import MessageCheck, judge_file
from regulated_partners.verify.ownership import MailHosts
from regulated_partners.verify.partner import read_probe

_STDIN = "-"
#: Characters of the names that a line about them shows.
_LONGEST = 200


@judging
def message(
    started: datetime,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="An .eml, an Outlook .msg, an mbox, pasted headers, a folder or a maildir; - is standard input.",
        ),
    ],
    *,
    partner: Annotated[
        str | None,
        typer.Option("--for", metavar="NAME", help="The declared partner whose connectors must be satisfied."),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack", "-s", envvar="PULUMI_STACK", help="The stack that declares the partner of --for.", metavar="NAME"
        ),
    ] = None,
    cwd: WorkingDirectory = None,
    probe: Annotated[
        Path | None,
        typer.Option(
            "--probe",
            metavar="FILE",
            help="What `verify partner --save-probe` wrote: where the partner's MX records lead counts, too.",
        ),
    ] = None,
    direction: Annotated[
        DirectionName | None, typer.Option("--direction", help="Look only for this boundary; both unless given.")
    ] = None,
    gateway: Annotated[
        list[str] | None,
        typer.Option(
            "--gateway",
            metavar="DOMAIN|ADDRESS",
            help="The domain of a mail gateway of your own, pphosted.com, or its addresses, 192.0.2.0/24; repeatable.",
        ),
    ] = None,
) -> tuple[Judgement, ...]:
    """Did this message cross between the organizations over TLS?

    Reads the Received headers, finds the hop between the organizations and judges it: encrypted, clear or unknown,
    with version, cipher and what the receiver wrote about the client certificate. Other hops are listed, not counted.
    For mail from the partner take the message from the recipient's mailbox; for mail to the partner, the headers of
    what arrived there.

    Exit codes: 0 encrypted; 1 clear, or not shown; 2 usage, or could not run.
    """
    declared = None
    if partner is not None:
        if stack is None:
            raise typer.BadParameter("--for needs --stack, which declares the partner")
        declared = declared_partner(read_stack_file(cwd, stack), partner)
    elif probe is not None:
        raise typer.BadParameter("--probe needs --for: it tells whose servers they are")
    hosts = MailHosts.of(declared, ProbeIndex(read_probe(probe))) if declared and probe else None
    directions = tuple(Direction) if direction is None else (direction.direction,)
    check = MessageCheck(declared, directions, tuple(gateway or ()), started, hosts)
    with Progress(SILENCE) as progress:
        # Whoever pastes headers into a terminal has it to themselves.
        if _STDIN not in files:
            progress.step(f"Reading {printable(', '.join(files))[:_LONGEST]}")
        return tuple(judgement for name in files for judgement in _judged(name, check))


def _judged(name: str, check: MessageCheck) -> tuple[Judgement, ...]:
    if name == _STDIN:
        return judge_file(sys.stdin.buffer, "standard input", check)
    path = Path(name)
    if path.is_dir():
        return _judged_folder(path, check)
    try:
        with path.open("rb") as file:
            return judge_file(file, name, check)
    except OSError as error:
        raise CannotRunError(f"{name} cannot be read: {error.strerror}. Name files, or - for standard input.") from None


def _judged_folder(folder: Path, check: MessageCheck) -> tuple[Judgement, ...]:
    paths = list(itertools.islice(files_in(folder), MOST_FILES + 1))
    if not paths:
        raise CannotRunError(
            f"{folder} holds no files, so nothing was judged. Name the folder that holds the messages."
        )
    judged = [judgement for path in paths[:MOST_FILES] for judgement in _judged(str(path), check)]
    if len(paths) > MOST_FILES:
        text = (
            f"{folder} holds more than {MOST_FILES} files, and those after them were not looked at: give its folders."
        )
        finding = Finding(Check.HEADERS, Level.WARNING, text)
        judged.append(Judgement("message", str(folder), Verdict.UNKNOWN, findings=(finding,)))
    return tuple(judged)
