"""The subcommand `inventory`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from regulated_partners.adopt import inventory_json, inventory_of, rendered
from regulated_partners.cli.options import Json, StackName, WorkingDirectory
from regulated_partners.engine.connection import stack_connection
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.engine.state import read_states
from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode
from regulated_partners.other_ways import look
from regulated_partners.partners.stack_file import read_stack_file
from regulated_partners.progress import Progress
from regulated_partners.run_record import heading, now, whoever
from regulated_partners.text import printable


def inventory(
    stack: StackName,
    *,
    cwd: WorkingDirectory = None,
    fail_on_unmanaged: Annotated[
        bool, typer.Option("--fail-on-unmanaged", help="Exit with 1 when a connector is managed by no stack.")
    ] = False,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write CSV to stdout instead of a table.")] = False,
) -> None:
    """List every connector of the stack's tenant: which stack manages it, and what it is for.

    Who manages a connector is told by its Guid in the states of the project's stacks, and by its mark: the last line
    of its comment, such as [Pulumi: regulated-partners/production]. Where the two differ it is said below the table,
    and so is what can take or refuse the mail of the stack's partners.

    Kinds: partner; vendor (a gateway for all mail, or a service that rules send mail through); on-premises; hybrid
    (made by the Hybrid Configuration Wizard); test-mode. Hybrid and test-mode connectors do not count as unmanaged.

    Exit codes: 0 fine; 1 --fail-on-unmanaged found one; 2 usage, or could not run.
    """
    if json and csv:
        raise typer.BadParameter("choose one of --json and --csv")
    with Progress() as progress:
        settings, started = read_stack_file(cwd, stack), now()
        pulumi = PulumiCli(settings, os.environ)
        connection = stack_connection(settings, pulumi.config_secret, os.environ)
        progress.step(f"Listing the connectors of the tenant {connection.tenant}")
        tenant = look(settings, connection, pulumi)
        if tenant.snapshot is None:
            raise CannotRunError(tenant.problem)
        progress.step("Reading which connectors the project's stacks manage")
        states = read_states(settings, pulumi, progress)
        marks = settings.settings.ownership_mark is not False
        items = inventory_of(tenant.snapshot.connectors, states, tenant.ways, marks=marks)
    if tenant.problem:
        sys.stderr.write(f"{printable(tenant.problem)}\n")
    if json:
        head = heading("inventory", settings.name, whoever(os.environ), started)
        sys.stdout.write(inventory_json(items, connection.tenant, tenant, head))
    else:
        sys.stdout.write(rendered(items, "csv" if csv else "table", tenant.ways))
    found = fail_on_unmanaged and any(item.unmanaged for item in items)
    raise typer.Exit(ExitCode.FINDINGS if found else ExitCode.FINE)
