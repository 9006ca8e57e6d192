"""The subcommand `verify listen`."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from exchange_online.connectors import Direction
from regulated_partners.cli.options import StackName, WorkingDirectory
from regulated_partners.cli.verify_options import BaselineFile, Match, RootsFile, UpdateBaseline, judging
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.probing.certificates import load_roots
from regulated_partners.probing.names import MatchMode
from regulated_partners.probing.verdicts import Judgement
from regulated_partners.progress import Progress
from regulated_partners.verify.baseline import Observation, Observed, Watch
from regulated_partners.verify.captured import ListenCheck, judge_captured
from regulated_partners.verify.declared import declared_partner
from regulated_partners.verify.listener import Listener, listener_context


@judging
def listen(
    started: datetime,
    *,
    partner: Annotated[str, typer.Option("--for", metavar="NAME", help="The declared partner who sends the message.")],
    stack: StackName,
    cwd: WorkingDirectory = None,
    at: Annotated[
        str, typer.Option("--listen", metavar="ADDRESS:PORT", help="Where the partner's server reaches this machine.")
    ] = "127.0.0.1:2525",
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.01, max=1440, help="How long to wait for the message.")
    ] = 30.0,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="FILE", help="The listener's chain, PEM; else a self-signed one."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Its key, where it is in a file of its own.")
    ] = None,
    match: Match = MatchMode.EITHER,
    roots: RootsFile = None,
    baseline: BaselineFile = None,
    update_baseline: UpdateBaseline = False,
) -> tuple[Judgement, ...]:
    """Let the partner send one message here: would the inbound connector take it?

    Records TLS and the client certificate of the partner's sending server, which no probe can see. Offers STARTTLS,
    asks for a certificate, takes one message, throws its text away and relays nothing.

    Exit codes: 0 it would; 1 it would not, or it is not proven; 2 usage, could not run, or nothing came.
    """
    watch = Watch(baseline, accept=update_baseline)
    check = ListenCheck(declared_partner(read_stack_file(cwd, stack), partner), load_roots(roots), started, match)
    address, port = _place(at)
    waited = f"{minutes:g} minutes"
    with Listener(address, port, listener_context(certificate, key)) as listener, Progress() as progress:
        progress.step(f"Listening at {at} for a message of {check.partner.name}, for {waited}")
        captured = listener.wait(minutes * 60)
    judgement, facts = judge_captured(captured, check, waited)
    place = captured.helo if captured and captured.helo else "sending server"
    seen = (Observation(check.partner.name, Direction.INBOUND, place, facts),) if facts else ()
    return watch.compared([Observed(judgement, seen)], started)


def _place(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(address)
        number = int(port)
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        raise typer.BadParameter(f"{text!r} is no ADDRESS:PORT, such as 127.0.0.1:2525 or 0.0.0.0:25")
    return address, number
