"""The subcommand `conformance`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from regulated_partners.cli.options import Json, StackName, WorkingDirectory
from regulated_partners.exit_codes import ExitCode

if TYPE_CHECKING:
    from exchange_online.admin_api import AdminApi, Connection
    from regulated_partners.conformance.report import Report, Untouched


def conformance(
    stack: StackName,
    *,
    cwd: WorkingDirectory = None,
    writes_to: Annotated[
        str | None,
        typer.Option(
            "--writes-to",
            metavar="TENANT",
            help="The stack's tenant once more, as the stack names it: the consent, without which nothing is sent.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="RULE", help="Try only this rule, such as V8; repeatable.")
    ] = None,
    remove_leftovers: Annotated[
        bool, typer.Option("--remove-leftovers", help="First remove what an earlier run was cut off before removing.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", dir_okay=False, help="Also write the report as JSON, redacted."),
    ] = None,
    json: Json = False,
) -> None:
    """Try on the stack's tenant which of the emulator's rules hold there, and report it.

    For a tenant that is there for tests. Makes, changes and removes connectors and transport rules of its own: all of
    them disabled, called regulated-partners-conformance-..., for a domain that nobody can have. Touches no other, and
    proves it. What it made goes away again, also after a failure or Ctrl-C; sends no mail; takes some minutes.

    The report names no tenant, domain, mailbox or id. docs/conformance.md says what becomes of it.

    Exit codes: 0 all as the emulator does by default; 1 something otherwise; 2 usage, or could not run.
    """
    # Imported late: `--help` needs none of it.
    from exchange_online.admin_api import AdminApi, Shared, pace
    from regulated_partners.conformance.run import Run, chosen, leftovers, refuse_leftovers, remove_objects, take_stock
    from regulated_partners.engine.connection import stack_connection
    from regulated_partners.engine.pulumi_cli import PulumiCli
    from regulated_partners.partners.stack_file import read_stack_file
    from regulated_partners.progress import Progress
    from regulated_partners.run_record import now

    experiments = chosen(only or ())
    settings, started = read_stack_file(cwd, stack), now()

    def secret(key: str) -> str:
        # Nothing else needs the Pulumi CLI, or the stack's state.
        return PulumiCli(settings, os.environ).config_secret(key)

    connection = stack_connection(settings, secret, os.environ)
    _refuse_without_consent(connection, writes_to)
    pause = pace(connection.cloud, os.environ)
    with Progress() as progress, AdminApi(connection, sleep=pause, shared=Shared(), calls=1) as api:
        progress.step(f"Listing the connectors of the tenant {connection.tenant}")
        stock = take_stock(api)
        left = leftovers(stock)
        if remove_leftovers and left:
            progress.step(f"Removing what an earlier run has left ({len(left)})")
            remove_objects(api, left)
            stock = take_stock(api)
        refuse_leftovers(leftovers(stock))
        names = _names(api, connection)
        if output is not None:
            # A place that cannot be written is better known before some minutes of trying.
            output.touch()
        run = Run(api, connection.cloud.name, started, stock, pause, progress, experiments)
        try:
            run.go()
        finally:
            report = run.report(names)
            if output is not None:
                output.write_text(report.as_json(), encoding="utf-8")
    sys.stdout.write(report.as_json() if json else _table(report))
    found = bool(report.otherwise) or report.untouched.same is False
    raise typer.Exit(ExitCode.FINDINGS if found else ExitCode.FINE)


def _refuse_without_consent(connection: Connection, writes_to: str | None) -> None:
    from regulated_partners.errors import CannotRunError

    if connection.cloud.is_local or (writes_to or "").strip().lower() == connection.tenant.strip().lower():
        return
    given = f"--writes-to names {writes_to}, and the stack's tenant is {connection.tenant}" if writes_to else ""
    raise CannotRunError(
        f"{given or f'This makes and removes connectors in the tenant {connection.tenant}'}; nothing was sent. If that "
        f"tenant is there for tests, say so with --writes-to {connection.tenant}"
    )


def _names(api: AdminApi, connection: Connection) -> Sequence[str]:
    """What the tenant is called, for the report not to say it."""
    from exchange_online.admin_api import AdminApiError, Effect

    names = [connection.tenant, api.tenant().guid]
    for cmdlet in ("Get-AcceptedDomain", "Get-OrganizationConfig"):
        try:
            rows = api.invoke(cmdlet, {}, effect=Effect.READ).rows
        except AdminApiError:
            continue
        names += [str(row.get(key) or "") for row in rows for key in ("DomainName", "Name", "Identity", "DisplayName")]
    return names


def _table(report: Report) -> str:
    from regulated_partners.conformance.experiment import Outcome
    from regulated_partners.conformance.report import counted
    from regulated_partners.table import Column, table
    from regulated_partners.text import printable

    order = (Outcome.OTHERWISE, Outcome.UNDECIDED, Outcome.HELD, Outcome.NOT_TRIED)
    rows = [
        (result.rule, result.outcome.value, printable(result.said), ", ".join(map(_fit, result.fits.items())))
        for outcome in order
        for result in report.results
        if result.outcome is outcome
    ]
    heads = (Column("rule"), Column("outcome"), Column("what was seen", wide=True), Column("fits"))
    return f"{table(heads, rows)}{_kept(report.untouched)}\n{counted(report.results)}\n"


def _kept(untouched: Untouched) -> str:
    had = f"Connectors that the tenant had before: {untouched.connectors}"
    if not untouched.same:
        return f"{had}; somebody else has added or removed connectors or transport rules meanwhile."
    changed = (
        f"; somebody else has changed {untouched.changed_meanwhile} meanwhile" if untouched.changed_meanwhile else ""
    )
    return f"{had}, and the same afterwards{changed}."


def _fit(item: tuple[str, object]) -> str:
    from json import dumps

    name, value = item
    return f"{name}={value if isinstance(value, str) else dumps(value)}"
