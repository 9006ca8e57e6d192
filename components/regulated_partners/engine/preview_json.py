"""Reads what `pulumi preview --json` writes.

Measured with CLI 3.259: a `refresh` step holds the state before the refresh, in both its states; what the refresh
found is the old state of the step that follows. A resource that has only a `refresh` step stays as it is, or it was
gone and is no longer declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exchange_online.connectors import ConnectorSettings
from regulated_partners.engine.plan import (
    CONNECTORS,
    PARTNER,
    Operation,
    Plan,
    PlannedConnector,
    partner_of,
    planned_settings,
    read_properties,
    stack_of,
)
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.acknowledgements import declared_names, read_acknowledgements
from regulated_partners.text import printable

_OPERATIONS = {
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "delete": Operation.DELETE,
    "same": Operation.UNCHANGED,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "delete-replaced": Operation.REPLACE,
    # Importing writes nothing to the tenant.
    "import": Operation.UNCHANGED,
}


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _State(_Read):
    type: str = ""
    id: str = ""
    parent: str = ""
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)


class _Step(_Read):
    op: str
    urn: str
    old: _State | None = Field(None, alias="oldState")
    new: _State | None = Field(None, alias="newState")

    @property
    def state(self) -> _State:
        return self.new or self.old or _State()


class _Diagnostic(_Read):
    severity: str = ""
    message: str = ""


class _Preview(_Read):
    config: dict[str, Any] = Field(default_factory=dict)
    steps: list[_Step]
    diagnostics: list[_Diagnostic] | None = None


def read_preview(document: object, root: Path | None = None) -> Plan:
    """The plan in a preview.

    Args:
        document: the preview.
        root: the project's directory, for partners that stacks share; unless given that of the current directory.

    Raises:
        CannotRunError: when the preview failed, or the document is none.
    """
    try:
        preview = _Preview.model_validate(document)
    except ValidationError:
        raise CannotRunError(
            "This is not what `pulumi preview --json` writes: it has no list of steps with op and urn. Give that "
            "command's output, or a plan of `pulumi preview --save-plan` with --state; "
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW must not be set."
        ) from None
    _stop_on_errors(preview.diagnostics or [])
    if not preview.steps:
        raise CannotRunError("The preview has no steps at all, not even for the stack: was it cut short?")
    connectors = sorted(_connectors(preview.steps), key=lambda each: (each.owner.casefold(), each.urn))
    return Plan(
        stack=stack_of(preview.steps[0].urn),
        connectors=tuple(connectors),
        declared=declared_names(preview.config, root),
        acknowledgements=read_acknowledgements(preview.config, root),
    )


def _stop_on_errors(diagnostics: Iterable[_Diagnostic]) -> None:
    errors = [
        " ".join(each.message.split()).removeprefix("error: ") for each in diagnostics if each.severity == "error"
    ]
    if set(errors) == {"preview failed"}:
        # Measured with CLI 3.259: the JSON output leaves out what a policy pack reports.
        raise CannotRunError(
            "The preview failed, and its JSON does not say why; so it is when a mandatory policy is violated. Run the "
            "same `pulumi preview` without --json to see."
        )
    if errors:
        shown = "\n  ".join(printable(each) for each in dict.fromkeys(errors))
        raise CannotRunError(f"The preview failed, so there is no plan to review:\n  {shown}")


def _connectors(steps: Iterable[_Step]) -> Iterable[PlannedConnector]:
    steps = list(steps)
    refreshed = {step.state.id: step for step in steps if step.op == "refresh" and step.state.type in CONNECTORS}
    by_urn = {step.urn: step for step in refreshed.values()}
    deleted_partners = {step.urn for step in steps if step.op == "delete" and step.state.type == PARTNER}
    spoken: set[str] = set()
    for step in steps:
        if step.op != "refresh" and step.state.type in CONNECTORS:
            # An alias gives a resource a new URN; its id stays. A resource that is created again has none yet.
            read = refreshed.get(step.old.id) if step.old else by_urn.get(step.urn)
            spoken |= {step.urn} | ({read.urn} if read else set())
            yield _planned(step, read)
    for urn, read in by_urn.items():
        if urn not in spoken:
            yield _untouched(read, gone=read.state.parent in deleted_partners)


def _planned(step: _Step, read: _Step | None) -> PlannedConnector:
    operation = _OPERATIONS.get(step.op)
    if operation is None:
        raise CannotRunError(
            f"The plan does '{printable(step.op)}' with {printable(step.urn)}, which this command does not know. Look "
            "at it with `pulumi preview --diff`."
        )
    direction = CONNECTORS[step.state.type]
    after = read_properties(direction, step.new.inputs) if step.new else None
    before = _tenant(step.old) if step.old else None
    if operation is Operation.UNCHANGED:
        before = before or (after.settings if after else None)
    return PlannedConnector(
        urn=step.urn,
        direction=direction,
        operation=operation,
        partner=partner_of(step.state.parent),
        recorded=_tenant(read.old) if read and read.old else None,
        before=before,
        after=planned_settings(after, before) if after else None,
        unknown=after.unknown if after else frozenset(),
        adopts=bool(after and after.options.adopt_existing and step.old is None),
    )


def _untouched(read: _Step, *, gone: bool) -> PlannedConnector:
    settings = _tenant(read.state)
    there = None if gone else settings
    return PlannedConnector(
        urn=read.urn,
        direction=CONNECTORS[read.state.type],
        operation=Operation.UNCHANGED,
        partner=partner_of(read.state.parent),
        recorded=settings,
        before=there,
        after=there,
    )


def _tenant(state: _State) -> ConnectorSettings:
    """What the tenant had when the state was made: outputs, because the service can decline an input."""
    properties: Mapping[str, Any] = state.outputs or state.inputs
    return read_properties(CONNECTORS[state.type], properties).settings
