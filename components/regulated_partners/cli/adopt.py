"""The subcommand `adopt`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from regulated_partners.adopt import (
    Plan,
    Selection,
    additions,
    as_json,
    as_text,
    connectors_of,
    import_file,
    make_plan,
    prove,
    with_declarations,
)
from regulated_partners.cli.options import Json, StackName, WorkingDirectory
from regulated_partners.engine.connection import stack_connection
from regulated_partners.engine.pulumi_cli import PulumiCli
from regulated_partners.engine.state import ManagedConnector, managed_connectors
from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode
from regulated_partners.names import PREFIX
from regulated_partners.partners.stack import DeclaredStack
from regulated_partners.partners.stack_file import StackFile, read_stack_file
from regulated_partners.partners.yaml_text import load
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
    json: Json = False,
) -> None:
    """Bring existing connectors under management, without a single write to the tenant.

    Shows what would become of each connector of the stack's tenant, and the declarations that reproduce them. With
    --write it adds these to the stack file and enters the connectors into the stack's state; `pulumi preview` then
    shows no change.

    Exit codes: 0 fine; 1 --include names something that was not adopted; 2 usage, or could not run.
    """
    chosen = Selection(tuple(only or ()), tuple(exclude or ()), tuple(include or ()))
    with Progress() as progress:
        adoption = _Adoption(read_stack_file(cwd, stack), progress, write=write)
        plan = adoption.plan(chosen)
        added = additions(plan, taken_over_by_up=declarations_only)
        if write:
            adoption.write_declarations(plan, declarations_only=declarations_only)
            if not declarations_only:
                adoption.enter_into_state(plan)
    render = as_json if json else as_text
    sys.stdout.write(
        render(plan, adoption.stack.name, adoption.stack.path, added, written=write, entered=not declarations_only)
    )
    raise typer.Exit(ExitCode.FINDINGS if plan.complaints else ExitCode.FINE)


class _Adoption:
    """The steps, in an order in which each may be the last: declarations first, then the state.

    A connector that is declared and not in the state is taken over by the next `pulumi up` without a write; one that is
    in the state and not declared would be deleted by it.
    """

    def __init__(self, stack: StackFile, progress: Progress, *, write: bool) -> None:
        self.progress = progress
        self.pulumi = PulumiCli(stack, os.environ)
        if write and not self.pulumi.has_state():
            progress.step(f"Creating the stack {stack.name}")
            self.pulumi.create_stack()
            # A new stack with a passphrase gets a line of its own in the file.
            stack = read_stack_file(stack.root, stack.name)
        self.stack = stack
        self.declared = _declared(stack)
        self.managed: dict[str, ManagedConnector] = {}

    def plan(self, selection: Selection) -> Plan:
        connection = stack_connection(self.stack, self.pulumi, os.environ)
        self.progress.step(f"Listing the connectors of the tenant {connection.tenant}")
        tenant = connectors_of(connection)
        self.progress.step("Reading which connectors the project's stacks manage")
        self.managed = managed_connectors(self.stack, self.pulumi, self.progress)
        own = self.stack.name.rpartition("/")[2]
        return make_plan(tenant, self.managed, own, self.declared, selection)

    def write_declarations(self, plan: Plan, *, declarations_only: bool) -> None:
        added = additions(plan, taken_over_by_up=declarations_only)
        if not added:
            return
        self.progress.step(f"Writing the declarations into {self.stack.path}")
        text = with_declarations(self.stack.text, {f"{PREFIX}{key}": items for key, items in added.items()})
        prove(load(text)["config"], plan, self.stack.root)
        replace_file(self.stack.path, self.stack.text, text)

    def enter_into_state(self, plan: Plan) -> None:
        if not plan.adopted:
            return
        count = len(plan.adopted)
        self.progress.say(f"Entering {count} {'connector' if count == 1 else 'connectors'} into the state ...")
        siblings = [
            (managed.resource.removesuffix(f"-{managed.direction.word}"), managed.direction, managed.guid)
            for managed in self.managed.values()
            if managed.in_component and managed.stack == self.stack.name.rpartition("/")[2]
        ]
        with tempfile.TemporaryDirectory(prefix="regulated-partners-") as folder:
            file = Path(folder) / "import.json"
            file.write_text(import_file(plan.adopted, siblings), encoding="utf-8")
            self.pulumi.import_resources(file, protect=self.stack.settings.protects)


def _declared(stack: StackFile) -> DeclaredStack:
    if stack.declared.errors:
        found = "\n".join(f"  {error}" for error in stack.declared.errors)
        raise CannotRunError(f"{stack.path} has errors; correct them first, then adopt again:\n{found}")
    return stack.declared


def replace_file(path: Path, before: str, after: str) -> None:
    """Replaces a file in one step, unless somebody else has changed it meanwhile."""
    path = path.resolve()
    if path.read_bytes().decode("utf-8") != before:
        raise CannotRunError(f"{path} has changed while adopt was running; nothing was written. Run it again.")
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        new.write(after.encode("utf-8"))
    Path(new.name).chmod(path.stat().st_mode & 0o7777)
    Path(new.name).replace(path)
