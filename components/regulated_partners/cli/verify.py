"""The subcommand `verify` and what it can do."""

from __future__ import annotations

import typer

from regulated_partners.cli.verify_certificate import certificate
from regulated_partners.cli.verify_listen import listen
from regulated_partners.cli.verify_message import message
from regulated_partners.cli.verify_partner import partner
from regulated_partners.cli.verify_service import service
from regulated_partners.cli.verify_traffic import traffic

verify = typer.Typer(
    help="Prove that forced TLS with a partner really works.", no_args_is_help=True, add_completion=False
)
for command in (partner, listen, message, traffic, certificate, service):
    verify.command()(command)


@verify.callback()
def _verify() -> None:
    """Prove that forced TLS with a partner really works.

    Exit codes: 0 fine; 1 findings, or not proven; 2 usage, could not run, or not reachable from here.
    """
