"""Reads a plan that `pulumi preview --save-plan` wrote, against the state that `pulumi stack export` wrote.

A saved plan holds what will be, and which inputs change; what they are now is in the state. An input that the plan
does not change is now what it will be, whatever the state's export says: the plan was made after a refresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from regulated_partners.engine.plan import (
    CONNECTORS,
    Operation,
    Plan,
    PlannedConnector,
    partner_of,
    planned_settings,
    read_properties,
    stack_of,
    type_of,
)
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.acknowledgements import declared_names, read_acknowledgements
from regulated_partners.text import printable

#: The step that says what a list of steps does; the first that is found counts.
_OPERATIONS = (
    ("replace", Operation.REPLACE),
    ("create-replacement", Operation.REPLACE),
    ("delete-replaced", Operation.REPLACE),
    ("create", Operation.CREATE),
    ("update", Operation.UPDATE),
    ("delete", Operation.DELETE),
    ("same", Operation.UNCHANGED),
)


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Diff(_Read):
    adds: dict[str, Any] = Field(default_factory=dict)
    updates: dict[str, Any] = Field(default_factory=dict)
    deletes: list[str] = Field(default_factory=list)


class _Goal(_Read):
    type: str
    parent: str = ""
    input_diff: _Diff = Field(default_factory=_Diff, alias="inputDiff")


class _ResourcePlan(_Read):
    goal: _Goal | None = None
    steps: list[str] = Field(default_factory=list)
    state: dict[str, Any] | None = None


class _SavedPlan(_Read):
    config: dict[str, Any] = Field(default_factory=dict)
    resources: dict[str, _ResourcePlan] = Field(alias="resourcePlans")


class _Resource(_Read):
    urn: str
    type: str
    parent: str = ""
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)


class _Deployment(_Read):
    resources: list[_Resource] = Field(default_factory=list)


class _State(_Read):
    deployment: _Deployment


def is_saved_plan(document: object) -> bool:
    """Whether a document is a saved plan rather than a preview."""
    return isinstance(document, dict) and "resourcePlans" in document


def read_saved_plan(document: object, state: object | None) -> Plan:
    """The plan.

    Args:
        state: the content of `pulumi stack export`, None where there is none.
    Raises:
        CannotRunError: when a document is not what it should be, or the state is needed and not there.
    """
    try:
        plan = _SavedPlan.model_validate(document)
    except ValidationError:
        raise CannotRunError("This is no plan of `pulumi preview --save-plan` that this command can read.") from None
    known = _resources(state)
    if not plan.resources:
        raise CannotRunError("The saved plan has no resources at all: was it made for another project?")
    connectors = [found for urn, each in plan.resources.items() if (found := _planned(urn, each, known)) is not None]
    return Plan(
        stack=stack_of(next(iter(plan.resources))),
        connectors=tuple(sorted(connectors, key=lambda each: (each.owner.casefold(), each.urn))),
        declared=declared_names(plan.config),
        acknowledgements=read_acknowledgements(plan.config),
    )


def _resources(state: object | None) -> Mapping[str, _Resource] | None:
    if state is None:
        return None
    try:
        return {each.urn: each for each in _State.model_validate(state).deployment.resources}
    except ValidationError:
        raise CannotRunError("The file given as --state is not what `pulumi stack export` writes.") from None


def _planned(urn: str, plan: _ResourcePlan, known: Mapping[str, _Resource] | None) -> PlannedConnector | None:
    direction = CONNECTORS.get(type_of(urn))
    if direction is None:
        return None
    operation = next((found for step, found in _OPERATIONS if step in plan.steps), None)
    if operation is None:
        raise CannotRunError(f"The saved plan does nothing that this command knows with {printable(urn)}.")
    after = (
        read_properties(direction, plan.state) if plan.state is not None and operation is not Operation.DELETE else None
    )
    before, parent = None, plan.goal.parent if plan.goal else ""
    if operation is Operation.UNCHANGED and after:
        before = after.settings
    elif operation is not Operation.CREATE:
        resource = _now(urn, known)
        parent = parent or resource.parent
        before = read_properties(direction, _inputs_now(plan, resource)).settings
    return PlannedConnector(
        urn=urn,
        direction=direction,
        operation=operation,
        partner=partner_of(parent),
        before=before,
        after=planned_settings(after, before) if after else None,
        unknown=after.unknown if after else frozenset(),
        adopts=bool(after and after.options.adopt_existing and operation is Operation.CREATE),
    )


def _now(urn: str, known: Mapping[str, _Resource] | None) -> _Resource:
    if known is None:
        raise CannotRunError(
            "A saved plan says what will be, and not what is now: give the state beside it, as `pulumi stack export "
            "--file state.json` writes it before the plan is applied, with --state state.json."
        )
    if urn not in known:
        raise CannotRunError(
            f"The state has no {printable(urn)}, which the plan changes: was it exported from the same stack, before "
            "the plan was applied? Where the plan renames a resource, review the output of `pulumi preview --json`."
        )
    return known[urn]


def _inputs_now(plan: _ResourcePlan, resource: _Resource) -> Mapping[str, Any]:
    recorded = resource.outputs or resource.inputs
    if plan.state is None or plan.goal is None:
        return recorded
    diff = plan.goal.input_diff
    changed = {*diff.updates, *diff.deletes}
    kept = {key: value for key, value in plan.state.items() if key not in changed and key not in diff.adds}
    return kept | {key: recorded[key] for key in changed if key in recorded}
