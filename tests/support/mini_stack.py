"""What the engine does with a stack's connectors in one run: refresh, check, diff, create or update, delete.

Each run has its own provider process, as each `pulumi up` has. What the engine itself decides is proven in
tests/engine; here runs are cheap enough for thousands of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from exchange_online.connectors import Direction
from tests.support.provider_process import Diff, ProviderError, ProviderProcess, Resource, urn_of

Properties = dict[str, Any]


@dataclass(frozen=True)
class Declaration:
    """One resource of a program: its direction, and its properties as a program may spell them."""

    direction: Direction
    properties: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The connector's name."""
        return str(self.properties["name"])

    def with_(self, **changes: Any) -> Declaration:
        """The declaration with other properties; None takes one out."""
        properties = {key: value for key, value in {**self.properties, **changes}.items() if value is not None}
        return Declaration(self.direction, properties)


@dataclass(frozen=True)
class Replacing:
    """What a run is asked to replace.

    Attributes:
        names: of the resources.
        targeted: by `--target-replace` or a taint, which compare nothing; else by `replace_on_changes`.
        delete_first: with `delete_before_replace`.
    """

    names: frozenset[str] = frozenset()
    targeted: bool = False
    delete_first: bool = False


#: Declarations by resource name (the last part of a URN).
Program = Mapping[str, Declaration]


@dataclass
class Run:
    """What one run did, by resource name; `errors` hold the texts that the engine would show."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    gone_ids: set[str] = field(default_factory=set)
    errors: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    @property
    def error(self) -> str:
        """The one error of the run."""
        (text,) = self.errors.values()
        return text

    @property
    def changed_nothing(self) -> bool:
        """Whether the engine would say `unchanged` for everything."""
        return not (self.created or self.updated or self.deleted or self.gone or self.errors)


class MiniStack:
    """A stack: what its last run left in the state.

    Args:
        start: gives a new provider process.
        name: the stack's.
    """

    def __init__(self, start: Callable[[], ProviderProcess], name: str = "test") -> None:
        self._start = start
        self.name = name
        self.resources: dict[str, Resource] = {}
        #: Older entries of replaced resources, which the engine deletes at the end of a run that gets so far.
        self.replaced: list[Resource] = []

    def rename(self, old: str, new: str) -> None:
        """The program calls a resource otherwise, with an alias: its entry has the new URN from the next run on."""
        known = self.resources.pop(old)
        self.resources[new] = replace(known, urn=urn_of(known.direction, new, self.name))

    def up(self, program: Program, *, refresh: bool = True, replacing: Replacing | None = None) -> Run:
        """`pulumi up`: ends at the first error, as the engine does; what was done until then is in the state."""
        run = Run()
        with self._start() as process:
            try:
                if refresh:
                    self._refresh(process, run)
                if not run.errors:
                    self._apply(process, program, replacing or Replacing(), run)
            finally:
                run.messages += process.messages
        return run

    def refresh(self) -> Run:
        """`pulumi refresh`: one failing read does not stop the others."""
        run = Run()
        with self._start() as process:
            self._refresh(process, run)
        return run

    def _refresh(self, process: ProviderProcess, run: Run) -> None:
        for name, resource in list(self.resources.items()):
            try:
                found = process.read(resource)
            except ProviderError as error:
                run.errors[name] = str(error)
                continue
            if found is None:
                del self.resources[name]
                run.gone.append(name)
                run.gone_ids.add(resource.id)
            else:
                self.resources[name] = found

    def _apply(self, process: ProviderProcess, program: Program, replacing: Replacing, run: Run) -> None:
        """The engine compares what it knows while the first creates are still on their way."""
        name = ""
        planned: dict[str, tuple[Properties, bool]] = {}
        try:
            for name, declaration in program.items():
                if (known := self.resources.get(name)) and not (replacing.targeted and name in replacing.names):
                    planned[name] = self._compared(process, known, declaration)
            for name, declaration in program.items():
                if name in replacing.names and name in self.resources:
                    self._replace(process, name, declaration, replacing, run)
                else:
                    self._one(process, name, declaration, planned.get(name), run)
            while self.replaced:
                process.delete(self.replaced[0])
                del self.replaced[0]
            for name in [name for name in self.resources if name not in program]:
                process.delete(self.resources[name])
                del self.resources[name]
                run.deleted.append(name)
        except ProviderError as error:
            run.errors[name] = str(error)

    def _replace(
        self, process: ProviderProcess, name: str, declaration: Declaration, replacing: Replacing, run: Run
    ) -> None:
        """Source: Pulumi's engine 3.259, step_generator.go: checked without old inputs, then created or deleted."""
        known = self.resources[name]
        if replacing.delete_first:
            _, failures = process.check(known.direction, dict(declaration.properties), urn=known.urn)
            assert not failures, failures
            process.delete(known)
            del self.resources[name]
        else:
            # The new entry stands beside the old one until the end of a run that gets so far.
            self.resources[name] = process.create(known.direction, dict(declaration.properties), known.urn)
            self.replaced.append(known)
        run.updated.append(name)

    def _compared(self, process: ProviderProcess, known: Resource, declaration: Declaration) -> tuple[Properties, bool]:
        """The checked inputs, and whether they differ from the state's."""
        inputs, failures = process.check(declaration.direction, dict(declaration.properties), known)
        if failures:
            raise ProviderError(f"check refused: {failures}")
        return inputs, engine_sees_change(process.diff(known, inputs), known.inputs, inputs)

    def _one(
        self,
        process: ProviderProcess,
        name: str,
        declaration: Declaration,
        planned: tuple[Properties, bool] | None,
        run: Run,
    ) -> None:
        known = self.resources.get(name)
        if known is None or planned is None:
            urn = urn_of(declaration.direction, name, self.name)
            self.resources[name] = process.create(declaration.direction, dict(declaration.properties), urn)
            run.created.append(name)
            return
        inputs, differs = planned
        if differs:
            self.resources[name] = process.apply_update(known, inputs)
            run.updated.append(name)
        else:
            self.resources[name] = replace(known, inputs=inputs)
            run.unchanged.append(name)


def engine_sees_change(diff: Diff, before: Properties, after: Properties) -> bool:
    """Where the provider leaves it open (`unknown`) the engine compares old and new inputs. Source: GO, see the
    reference on dynamic providers, section 4."""
    return diff.changes == "some" or (diff.changes == "unknown" and before != after)
