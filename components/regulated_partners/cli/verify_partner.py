"""The subcommand `verify partner`."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from regulated_partners.cli.options import StackName, WorkingDirectory
from regulated_partners.cli.verify_options import BaselineFile, Match, RootsFile, UpdateBaseline, judging
from regulated_partners.errors import CannotRunError
from regulated_partners.partners import Pair
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.probing.certificates import load_roots
from regulated_partners.probing.collect import Progress, Stage, Surroundings, collect, questions
from regulated_partners.probing.dns_client import DnsClient
from regulated_partners.probing.mta_sts import web_context
from regulated_partners.probing.names import MatchMode
from regulated_partners.probing.route import ProbeIndex
from regulated_partners.probing.server_report import Demand
from regulated_partners.probing.verdicts import Judgement
from regulated_partners.progress import AGAIN_AFTER
from regulated_partners.verify.baseline import Watch
from regulated_partners.verify.declared import named_partners
from regulated_partners.verify.partner import from_elsewhere, judge_partner, read_probe, write_probe

_HTTPS = 443


@judging
def partner(
    started: datetime,
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="The declared partners.")] = None,
    *,
    everyone: Annotated[bool, typer.Option("--all", help="Every partner of the stack.")] = False,
    stack: StackName,
    cwd: WorkingDirectory = None,
    made_elsewhere: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Judge this probe, made where port 25 is open; nothing is sent."),
    ] = None,
    save_probe: Annotated[
        Path | None, typer.Option("--save-probe", metavar="FILE", help="Also write the probe, for --from.")
    ] = None,
    resolver: Annotated[
        str | None,
        typer.Option(
            "--resolver",
            metavar="ADDRESS[:PORT]",
            help="A resolver that validates DNSSEC and is trusted, instead of the system's.",
        ),
    ] = None,
    roots: RootsFile = None,
    match: Match = MatchMode.EITHER,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, max=600, help="For each step of a dialogue.")
    ] = 10.0,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Where a tunnel ends; connectors always use 25.")
    ] = 25,
    https_port: Annotated[
        int, typer.Option("--https-port", min=1, max=65535, help="The same for the policies of MTA-STS.")
    ] = _HTTPS,
    baseline: BaselineFile = None,
    update_baseline: UpdateBaseline = False,
) -> tuple[Judgement, ...]:
    """Do the partner's servers meet what the outbound connector demands?

    Every MX host (or smart host) and address: EHLO, STARTTLS, EHLO again, QUIT; protocol, chain, names. Then DANE and
    MTA-STS of every domain. No message is sent. One connection at a time to each address.

    Exit codes: 0 they do; 1 they do not, or it is not proven; 2 usage, could not run, or not reachable from here.
    """
    watch = Watch(baseline, accept=update_baseline)
    partners = _chosen(names or (), everyone, cwd, stack)
    trusted = load_roots(roots)
    if made_elsewhere is None:
        at = Surroundings(DnsClient.at(resolver), web_context(trusted), port, https_port, timeout)
        with _progress() as progress:
            probe = collect(questions(partner.outbound.settings for partner in partners), at, started, progress)
        probe = probe.model_copy(update={"seen_from": socket.gethostname()[:255]})
    else:
        probe = read_probe(made_elsewhere)
    if save_probe is not None:
        write_probe(save_probe, probe)
    demands = [(partner, Demand(partner.outbound.settings, trusted, started, match)) for partner in partners]
    index = ProbeIndex(probe)
    observed = [seen for partner, demand in demands for seen in judge_partner(partner, demand, index)]
    if made_elsewhere is not None:
        observed = [from_elsewhere(item, probe) for item in observed]
    return watch.compared(observed, started)


def _chosen(names: Sequence[str], everyone: bool, cwd: Path | None, stack: str) -> tuple[Pair, ...]:
    if bool(names) == everyone:
        raise typer.BadParameter("name the partners to verify, or write --all")
    found = named_partners(read_stack_file(cwd, stack), () if everyone else names)
    if not found:
        raise CannotRunError(f"The stack {stack} declares no partner, so there is nothing to verify.")
    return found


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """How far a probe is, on stderr: bars on a terminal; in a log a line for each stage, and another now and then."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[Stage, TaskID] = {}
    said = time.monotonic()
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:

        def told(stage: Stage, done: int, total: int) -> None:
            nonlocal said
            begins = stage not in tasks
            if begins:
                tasks[stage] = bars.add_task(f"Probing {stage.value}", total=total)
            if total and not console.is_terminal and (begins or time.monotonic() > said + AGAIN_AFTER):
                said = time.monotonic()
                console.print(f"Probing {stage.value}: {total if begins else f'{done} of {total}'} ...")
            bars.update(tasks[stage], completed=done)

        yield told
