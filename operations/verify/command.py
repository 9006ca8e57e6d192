"""The subcommand `verify` and what it can do."""

from __future__ import annotations

import typer

from operations.verify.certificate_command import certificate
from operations.verify.listen_command import listen
from operations.verify.message_command import message
from operations.verify.partner_command import partner
from operations.verify.service_command import service

verify = typer.Typer(help="Prove that forced TLS with a partner really works.", no_args_is_help=True)
verify.command("partner")(partner)
verify.command("listen")(listen)
verify.command("message")(message)
verify.command("certificate")(certificate)
verify.command("service")(service)


@verify.callback()
def _verify() -> None:
    """Prove that forced TLS with a partner really works.

    Exit codes: 0 fine; 1 findings, or not proven; 2 usage, could not run, or not reachable from here.
    """
