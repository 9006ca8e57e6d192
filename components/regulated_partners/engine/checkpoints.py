"""Whether the engine writes its state after every step of a run, or once at its end.

A backend of files, an object store or PostgreSQL is given the whole state after every step, so that a run of many
connectors takes quadratic time. Where a run that is killed can be finished by the next one, `up` and `destroy` do
without. What has to hold for that: the run makes and removes nothing but connectors, because those are known again by
their marks, and what another provider made would be lost.

Source: pulumi/pulumi 3.259, pkg/backend/snapshot.go (unsafeServiceLoop writes when the manager closes: at the end, at a
refused resource, at Ctrl-C once or twice and at SIGTERM, all measured; not at SIGKILL) and pkg/backend/diy/backend.go
(no journal: issue 22075 asks for one). Pulumi Cloud keeps a journal (httpstate/journal), so there nothing is switched.
"""

from __future__ import annotations

import ast
import json
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exchange_online.connectors import TOKENS, Direction
from exchange_online.names import type_of
from regulated_partners.engine.child import SIGNALLED
from regulated_partners.engine.environment import SKIP_CHECKPOINTS, backend_url
from regulated_partners.engine.pulumi_cli import Operation, PulumiCli
from regulated_partners.engine.state import Export, managed_by
from regulated_partners.errors import CannotRunError
from regulated_partners.names import is_partner
from regulated_partners.partners.stack_file import StackFile

#: From this many connectors on that are created and deleted, the checkpoints of a run cost more than they are worth.
MANY = 50

#: Who sets one of these has an engine that keeps a journal, or asks for one. The second is that of a fork.
_JOURNALS = ("PULUMI_ENABLE_JOURNALING", "PULUMI_DIY_BACKEND_JOURNALING")

#: Options of the CLI by which a run is about something else than the stack file and the state say.
_OTHERWISE = (
    *("--target", "-t", "--exclude", "--replace", "--config", "-c", "--stack", "-s", "--cwd", "-C", "--plan"),
    *("--preview-only", "--import", "--client", "--exec"),
)

#: Types of what the engine keeps for itself: the stack, providers, references to other stacks.
_ENGINES_OWN = "pulumi:"

#: What a plan may do with a resource of another provider that a killed run does not lose.
_LOSES_NOTHING = frozenset({"same", "read", "refresh"})

_KILLED = SIGNALLED + signal.SIGKILL


@dataclass(frozen=True)
class Changes:
    """What a run will do, as far as it is known before.

    Attributes:
        created: how many connectors of each direction it creates.
        deleted: how many connectors it deletes.
        others: whether it has to do with resources of other providers.
        recorded: the Guids in the state; None where only a plan is known.
    """

    created: Mapping[Direction, int] = field(default_factory=dict)
    deleted: int = 0
    others: bool = False
    recorded: frozenset[str] | None = None

    @property
    def creates_many(self) -> bool:
        """Whether so many are created that the tenant may have no room for them."""
        return sum(self.created.values()) >= MANY

    @property
    def are_many(self) -> bool:
        """Whether checkpoints cost too much."""
        return sum(self.created.values()) + self.deleted >= MANY

    def __str__(self) -> str:
        created = sum(self.created.values())
        said = [f"{verb} {count}" for verb, count in (("creates", created), ("deletes", self.deleted)) if count]
        return f"This run {' and '.join(said)} connectors"


@dataclass(frozen=True)
class Checkpoints:
    """What is decided about the checkpoints of a run.

    Attributes:
        skipped: whether they are skipped by this command.
        line: what the user should read before; empty where there is nothing to say.
    """

    skipped: bool = False
    line: str = ""

    @property
    def variables(self) -> Mapping[str, str]:
        """What the CLI is given."""
        return {SKIP_CHECKPOINTS: "true"} if self.skipped else {}

    def after(self, exit_code: int, stack: str) -> str:
        """What to say after a run; empty where there is nothing."""
        if not self.skipped or exit_code != _KILLED:
            return ""
        return (
            "The Pulumi CLI was killed before it had written the state, so the state is as it was before this run. "
            f"Take its lock away with `pulumi cancel --stack {stack}`, then run the same command again before anything "
            "is changed or destroyed: what was made is known by its mark and is taken over, what was removed is gone."
        )


def changes(
    operation: Operation, pulumi: PulumiCli, further: Sequence[str], plan: Path | None = None
) -> Changes | None:
    """What a run will do, from its plan, or from the stack file and the state. Nothing is asked of the tenant.

    Args:
        operation: `up` or `destroy`.
        pulumi: the CLI on the stack, which is selected.
        further: options of the CLI.
        plan: the saved plan that is applied.

    Returns:
        None where it cannot be known: for a program of one's own, with options that make the run about something else,
        where the declaration is refused or the state cannot be read.
    """
    if any(option.startswith(_OTHERWISE) for option in further):
        return None
    if plan is not None:
        return _of_plan(plan)
    stack = pulumi.stack
    if operation is Operation.UP and (stack.environments or not _is_ours(stack.program) or stack.declared.errors):
        return None
    try:
        export = pulumi.export(stack.name)
        return _of_destroy(export) if operation is Operation.DESTROY else _of_up(stack, export)
    except (CannotRunError, ValueError):
        # What is wrong is said by the run itself.
        return None


def checkpoints(planned: Changes | None, stack: StackFile, environ: Mapping[str, str]) -> Checkpoints:
    """Decides for one run.

    Args:
        planned: what it will do.
        stack: the stack.
        environ: the environment of the CLI.
    """
    if planned is None or not planned.are_many or SKIP_CHECKPOINTS in environ or _has_journal(stack, environ):
        return Checkpoints()
    if stack.settings.ownership_mark is False:
        return Checkpoints(
            line=_kept(planned, "ownershipMark is false, so that nobody would know its connectors again")
        )
    if planned.others:
        return Checkpoints(line=_kept(planned, "the stack has resources of other providers, which it would lose"))
    return Checkpoints(
        skipped=True,
        line=(
            f"{planned}. The state is written once, at its end, and not after every step (checkpoints), which takes "
            "longer than the rest with so many. If the run is killed, run the same again before anything else: what it "
            "has made is known by its mark, and keeps its Guid."
        ),
    )


def _kept(planned: Changes, why: str) -> str:
    return (
        f"{planned}, and takes longer than it could: checkpoints are kept, because if it is killed without them, {why}."
    )


def _has_journal(stack: StackFile, environ: Mapping[str, str]) -> bool:
    backend = backend_url(stack, environ)
    if backend is None or backend.startswith(("https://", "http://")):
        return True
    return any(environ.get(name, "").casefold() in ("1", "true") for name in _JOURNALS)


def _is_ours(program: Path) -> bool:
    """Whether a program is `regulated_partners.run()` and nothing else, which declares nothing but connectors."""
    try:
        body = ast.parse(program.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return False
    rest = [ast.unparse(statement) for statement in body if not _is_text(statement)]
    return rest in (
        ["import regulated_partners", "regulated_partners.run()"],
        ["from regulated_partners import run", "run()"],
    )


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _of_plan(plan: Path) -> Changes | None:
    try:
        planned: Mapping[str, Any] = json.loads(plan.read_bytes())["resourcePlans"]
        steps = [
            (type_of(urn), str(step))
            for urn, resource in planned.items()
            for step in resource.get("steps") or ()
            if not _is_component(urn, resource)
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # The engine says what is wrong with it.
        return None
    return Changes(
        Counter(TOKENS[of_type] for of_type, step in steps if of_type in TOKENS and step == "create"),
        sum(of_type in TOKENS and step == "delete" for of_type, step in steps),
        any(_is_others(of_type) and step not in _LOSES_NOTHING for of_type, step in steps),
    )


def _is_component(urn: str, resource: Mapping[str, Any]) -> bool:
    """A component of one's own that goes is taken for a resource of another provider: the plan does not tell them."""
    goal = resource.get("goal")
    return is_partner(type_of(urn)) if goal is None else not goal.get("custom")


def _of_destroy(export: Mapping[str, Any]) -> Changes:
    recorded = frozenset(managed.guid for managed in managed_by("", export))
    return Changes(deleted=len(recorded), others=_has_others(export), recorded=recorded)


def _of_up(stack: StackFile, export: Mapping[str, Any]) -> Changes:
    managed = list(managed_by(stack.name, export))
    recorded = {(one.direction, one.resource) for one in managed}
    created: Counter[Direction] = Counter()
    kept: set[tuple[Direction, str]] = set()
    for direction, names in _declared(stack):
        known = {(direction, name) for name in names} & recorded
        created[direction] += not known
        kept |= known
    guids = frozenset(one.guid for one in managed)
    return Changes(created, len(recorded - kept), _has_others(export), guids)


def _declared(stack: StackFile) -> Sequence[tuple[Direction, Sequence[str]]]:
    """The direction of each connector, and the names of its resource: of today, and the earlier ones."""
    found: list[tuple[Direction, Sequence[str]]] = []
    for pair in stack.declared.pairs:
        for half in (pair.inbound, pair.outbound):
            suffix = half.resource.removeprefix(pair.name)
            found.append((half.direction, [half.resource, *(f"{name}{suffix}" for name in pair.partner.aliases)]))
    found += [(beside.direction, [beside.name, *beside.aliases]) for beside in stack.declared.connectors]
    return found


def _has_others(export: Mapping[str, Any]) -> bool:
    resources = Export.model_validate(export).deployment.resources or ()
    return any(resource.id and _is_others(resource.type) for resource in resources)


def _is_others(of_type: str) -> bool:
    return of_type not in TOKENS and not of_type.startswith(_ENGINES_OWN)
