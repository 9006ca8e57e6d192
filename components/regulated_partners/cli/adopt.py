"""The subcommand `adopt`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from exchange_online.admin_api import AdminApi, Tenant
from exchange_online.lifecycle import Snapshot
from exchange_online.private_folder import private_folder
from regulated_partners.adopt import (
    Done,
    Items,
    Plan,
    Selection,
    additions,
    as_json,
    as_text,
    import_file,
    make_plan,
    native_import_file,
    prove,
    with_declarations,
)
from regulated_partners.cli.options import Json, StackName, WorkingDirectory
from regulated_partners.engine.connection import stack_connection
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.engine.state import ManagedConnector, read_states
from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode
from regulated_partners.names import PREFIX
from regulated_partners.partners.stack_file import StackFile, read_stack_file
from regulated_partners.progress import Progress


def adopt(
    stack: StackName,
    *,
    cwd: WorkingDirectory = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write/--dry-run", help="Write the declarations and bring the connectors under management, or only show."
        ),
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Only connectors of these names, as in a shell.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Leave connectors of these names alone.")
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Adopt this connector although it is a hybrid one.")
    ] = None,
    declarations_only: Annotated[
        bool,
        typer.Option(
            "--declarations-only", help="With --write: write the stack file, and leave the state to `pulumi up`."
        ),
    ] = False,
    file: Annotated[
        Path | None,
        typer.Option(
            "--import-file",
            metavar="FILE",
            dir_okay=False,
            help="For a program that declares connectors with the plugin: write what `pulumi import --file` takes, and "
            "nothing else.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Bring existing connectors under management, without a single write to the tenant.

    Shows what would become of each connector of the stack's tenant, and the declarations that reproduce them. With
    --write it adds these to the stack file and enters the connectors into the stack's state; `pulumi preview` then
    shows no change.

    Exit codes: 0 fine; 1 --include names something that was not adopted; 2 usage, or could not run.
    """
    if file is not None and (write or declarations_only):
        raise typer.BadParameter("--import-file leaves stack file and state to you, and goes without --write")
    chosen = Selection(tuple(only or ()), tuple(exclude or ()), tuple(include or ()))
    with Progress() as progress:
        settings = read_stack_file(cwd, stack)
        pulumi = PulumiCli(settings, os.environ)
        if write and not pulumi.has_state():
            progress.step(f"Creating the stack {settings.name}")
            pulumi.create_stack()
            # A new stack with a passphrase gets a line of its own in the file.
            settings = read_stack_file(settings.root, settings.name)
        if settings.declared.errors:
            found = "\n".join(f"  {error}" for error in settings.declared.errors)
            raise CannotRunError(f"{settings.path} has errors; correct them first, then adopt again:\n{found}")
        connection = stack_connection(settings, pulumi.config_secret, os.environ)
        progress.step(f"Listing the connectors of the tenant {connection.tenant}")
        with AdminApi(connection) as api:
            tenant = Snapshot.take(api)
        progress.step("Reading which connectors the project's stacks manage")
        states = read_states(settings, pulumi, progress)
        plan = make_plan(tenant.connectors, states, settings.declared, chosen)
        added = additions(plan, taken_over_by_up=declarations_only)
        # In an order in which each step may be the last: a connector that is declared and not in the state is refused
        # by `pulumi up`, and entered by the next run; one that is in the state and not declared would be deleted.
        if write and added:
            progress.step(f"Writing the declarations into {settings.path}")
            _write_declarations(settings, plan, added)
        if write and plan.adopted and not declarations_only:
            count = len(plan.adopted)
            progress.say(f"Entering {count} {'connector' if count == 1 else 'connectors'} into the state ...")
            _enter_into_state(pulumi, plan, tenant.tenant, states.of_own(), settings.settings.protects)
    if file is not None and plan.adopted:
        file.write_text(native_import_file(plan.adopted), encoding="utf-8")
    render = as_json if json else as_text
    done = Done(written=write, entered=write and not declarations_only, file=file)
    sys.stdout.write(render(plan, settings.name, settings.path, added, done))
    raise typer.Exit(ExitCode.FINDINGS if plan.complaints else ExitCode.FINE)


def _write_declarations(stack: StackFile, plan: Plan, added: Mapping[str, Items]) -> None:
    text = with_declarations(stack.text, {stack.spelled(f"{PREFIX}{key}"): items for key, items in added.items()})
    prove(stack.config_in(text), plan, stack.root)
    replace_file(stack.path, stack.text, text)


def _enter_into_state(
    pulumi: PulumiCli, plan: Plan, tenant: Tenant, managed: Iterable[ManagedConnector], protect: bool
) -> None:
    siblings = [
        (one.resource.removesuffix(f"-{one.direction.word}"), one.direction, one.guid)
        for one in managed
        if one.in_component
    ]
    with private_folder() as folder:
        file = folder / "import.json"
        file.write_text(import_file(plan.adopted, tenant, siblings), encoding="utf-8")
        pulumi.import_resources(file, protect=protect)


def replace_file(path: Path, before: str, after: str) -> None:
    """Replaces a file in one step, unless somebody else has changed it meanwhile."""
    path = path.resolve()
    if path.read_bytes().decode("utf-8") != before:
        raise CannotRunError(f"{path} has changed while adopt was running; nothing was written. Run it again.")
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        new.write(after.encode("utf-8"))
    Path(new.name).chmod(path.stat().st_mode & 0o7777)
    Path(new.name).replace(path)
