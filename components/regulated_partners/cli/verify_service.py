"""The subcommand `verify service`."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Annotated

import typer

from exchange_online.admin_api import LONGEST_TRACE, AdminApi
from regulated_partners.cli.options import StackName, WorkingDirectory
from regulated_partners.cli.verify_options import judging
from regulated_partners.engine.connection import stack_connection
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.errors import CannotRunError
from regulated_partners.partners import Pair
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.probing.verdicts import Judgement
from regulated_partners.progress import Progress
from regulated_partners.verify.declared import declared_partner
from regulated_partners.verify.service import ServiceCheck, judge_service


@judging
def service(
    started: datetime,
    partner: Annotated[str, typer.Argument(metavar="NAME", help="The declared partner.")],
    *,
    stack: StackName,
    cwd: WorkingDirectory = None,
    send_validation_message: Annotated[
        bool,
        typer.Option(
            "--send-validation-message",
            help="Run Validate-OutboundConnector, which sends a message to the validation recipients.",
        ),
    ] = False,
    recipient: Annotated[
        list[str] | None,
        typer.Option(
            "--recipient", metavar="ADDRESS", help="Instead of the declared validation recipients; repeatable."
        ),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write the result into the connector (Set-OutboundConnector -IsValidated).")
    ] = False,
    trace: Annotated[
        bool, typer.Option("--trace", help="See in the message trace which connectors the partner's messages used.")
    ] = False,
    message_id: Annotated[
        str | None, typer.Option("--message-id", metavar="ID", help="See it for this message only; implies --trace.")
    ] = None,
    since: Annotated[
        int, typer.Option("--since", metavar="HOURS", min=1, max=240, help="How far back the trace looks.")
    ] = 48,
) -> tuple[Judgement, ...]:
    """What the tenant itself says about a partner's connectors.

    Whether they are there and as declared; with --send-validation-message, whether Exchange Online reaches the partner
    through the outbound one; with --trace, which connectors the partner's messages used. Only --record writes to the
    tenant, and only --send-validation-message sends mail.

    Exit codes: 0 fine; 1 findings, or not shown; 2 usage, or could not run.
    """
    if (record or recipient) and not send_validation_message:
        raise typer.BadParameter("--record and --recipient need --send-validation-message")
    settings = read_stack_file(cwd, stack)
    declared = declared_partner(settings, partner)
    check = ServiceCheck(
        now=started,
        recipients=_recipients(declared, recipient) if send_validation_message else (),
        record=record,
        trace=min(timedelta(hours=since), LONGEST_TRACE) if trace or message_id else None,
        message_id=message_id,
    )
    connection = stack_connection(settings, PulumiCli(settings, os.environ).config_secret, os.environ)
    with Progress() as progress, AdminApi(connection) as api:
        return judge_service(api, settings, declared, check, progress)


def _recipients(declared: Pair, given: list[str] | None) -> tuple[str, ...]:
    found = tuple(given or declared.outbound.settings.validation_recipients)
    if not found:
        raise CannotRunError(
            f"{declared.name} declares no outbound.validationRecipients, and a validation message needs a mailbox "
            "at the partner: declare one, or name it with --recipient."
        )
    return found
