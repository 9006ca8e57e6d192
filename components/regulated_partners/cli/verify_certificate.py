"""The subcommand `verify certificate`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from regulated_partners.cli.options import StackName, WorkingDirectory
from regulated_partners.cli.verify_options import BaselineFile, DirectionName, Match, RootsFile, UpdateBaseline, judging
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.probing.certificates import certificate_facts, judge_chain, load_roots
from regulated_partners.probing.names import MatchMode
from regulated_partners.probing.verdicts import Judgement
from regulated_partners.verify.baseline import Observation, Observed, Watch
from regulated_partners.verify.certificate import CertificateCheck, judge_certificate, read_certificate_file
from regulated_partners.verify.declared import declared_partner


@judging
def certificate(
    started: datetime,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="PEM, DER or PKCS #7, with the intermediates.")],
    *,
    partner: Annotated[str, typer.Option("--for", metavar="NAME", help="The declared partner that it is for.")],
    direction: Annotated[
        DirectionName,
        typer.Option(
            "--direction", help="inbound: the partner's sending server shows it; outbound: the receiving one."
        ),
    ],
    stack: StackName,
    cwd: WorkingDirectory = None,
    match: Match = MatchMode.EITHER,
    roots: RootsFile = None,
    place: Annotated[
        str, typer.Option("--place", metavar="HOST", help="With --baseline: the server that has the certificate.")
    ] = "file",
    baseline: BaselineFile = None,
    update_baseline: UpdateBaseline = False,
) -> tuple[Judgement, ...]:
    """Would the connector take this certificate?

    Names (CN and SAN apart, with the reason for each), dates, chain, key usage, revocation hosts, against what the
    partner's connector demands. Nothing is sent anywhere.

    Exit codes: 0 it would, as far as is documented; 1 it would not; 2 usage, or could not run.
    """
    watch = Watch(baseline, accept=update_baseline)
    declared = declared_partner(read_stack_file(cwd, stack), partner)
    check = CertificateCheck(declared, direction.direction, started, match)
    content = read_certificate_file(file)
    facts = certificate_facts(content.leaf)
    chain = judge_chain(content.chain, load_roots(roots), started)
    judgement = judge_certificate(str(file), content, facts, chain, check)
    seen = Observation(declared.name, check.direction, place, facts)
    return watch.compared([Observed(judgement, (seen,))], started)
