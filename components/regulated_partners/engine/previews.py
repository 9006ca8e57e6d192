"""Reads what the engine writes about a run that has changed nothing: previews, refreshes, saved plans.

Measured with CLI 3.259. `pulumi preview --json`: a `refresh` step holds the state before the refresh, in both its
states; what the refresh found is the old state of the step that follows. A resource that has only a `refresh` step
stays as it is, or it was gone and is no longer declared. That a mandatory policy is violated it says, but not which:
the log of events (`--event-log`, one of the CLI's commands for debugging) does.

`pulumi refresh --preview-only --json`: a step says `update` or `delete` where the refresh found a difference and
`refresh` or `same` where it did not; the old state is what the stack recorded, the new one what the tenant has.

`pulumi preview --save-plan`: holds what will be, and which inputs change; what they are now is in the state, as `pulumi
stack export` writes it. An input that the plan does not change is now what it will be, whatever the state's export
says: the plan was made after a refresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exchange_online.connectors import TOKENS, ConnectorSettings, Direction, secret_properties
from exchange_online.names import stack_of, type_of
from regulated_partners.engine.plan import (
    Operation,
    Plan,
    PlannedConnector,
    direction_of,
    planned_settings,
    read_properties,
    without_secrets,
)
from regulated_partners.engine.state import Export, Resource, ResourceState
from regulated_partners.errors import CannotRunError
from regulated_partners.names import explicit_provider, is_partner, partner_of
from regulated_partners.partners.acknowledgements import declared_names, read_acknowledgements
from regulated_partners.text import printable

#: What a step, or a list of steps, does; of several the first that stands here counts.
_OPERATIONS = {
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "delete-replaced": Operation.REPLACE,
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "delete": Operation.DELETE,
    "same": Operation.UNCHANGED,
    # Importing writes nothing to the tenant.
    "import": Operation.UNCHANGED,
}

_REFRESHED = {"refresh", "same", "update", "delete"}

#: All that a preview says about a violated policy in its JSON.
_FAILED = "preview failed"


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Step(_Read):
    op: str
    urn: str
    old: ResourceState | None = Field(None, alias="oldState")
    new: ResourceState | None = Field(None, alias="newState")
    reasons: list[str] | None = Field(None, alias="diffReasons")

    @property
    def state(self) -> ResourceState:
        return self.new or self.old or ResourceState()

    @property
    def changed_secrets(self) -> frozenset[str]:
        """The secret properties that differ, which the engine names without their values."""
        secret = self.secrets
        return frozenset(reason.partition("[")[0] for reason in self.reasons or ()) & secret

    @property
    def secrets(self) -> frozenset[str]:
        """The properties that are secret before or after."""
        return secret_properties(self.new.inputs if self.new else {}) | secret_properties(
            self.old.properties if self.old else {}
        )


class _Diagnostic(_Read):
    severity: str = ""
    message: str = ""


class _Steps(_Read):
    config: dict[str, Any] = Field(default_factory=dict)
    diagnostics: list[_Diagnostic] | None = None


class _Preview(_Steps):
    steps: list[_Step]


class _Refresh(_Steps):
    steps: list[_Step] = Field(default_factory=list)
    changes: dict[str, int] = Field(default_factory=dict, alias="changeSummary")


class _PolicyEvent(_Read):
    name: str = Field(alias="policyName")
    level: str = Field("", alias="enforcementLevel")
    message: str = ""


class _Event(_Read):
    policy: _PolicyEvent | None = Field(None, alias="policyEvent")


class _Diff(_Read):
    adds: dict[str, Any] = Field(default_factory=dict)
    updates: dict[str, Any] = Field(default_factory=dict)
    deletes: list[str] = Field(default_factory=list)


class _Goal(_Read):
    type: str
    parent: str = ""
    provider: str = ""
    input_diff: _Diff = Field(default_factory=_Diff, alias="inputDiff")


class _ResourcePlan(_Read):
    goal: _Goal | None = None
    steps: list[str] = Field(default_factory=list)
    state: dict[str, Any] | None = None


class _SavedPlan(_Read):
    config: dict[str, Any] = Field(default_factory=dict)
    resources: dict[str, _ResourcePlan] = Field(alias="resourcePlans")


_NO_REFRESH = "This is not what `pulumi refresh --preview-only --json` writes: it has no list of steps with op and urn."

_Document = TypeVar("_Document", bound=BaseModel)


def read_preview(document: object, root: Path | None = None) -> Plan:
    """The plan in a preview.

    Args:
        document: of `pulumi preview --json`.
        root: the project's directory, for partners that stacks share; unless given that of the current directory.

    Raises:
        CannotRunError: when the preview failed, or the document is none.
    """
    preview = _validated(
        _Preview,
        document,
        "This is not what `pulumi preview --json` writes: it has no list of steps with op and urn. Give that command's "
        "output, or a plan of `pulumi preview --save-plan` with --state; PULUMI_ENABLE_STREAMING_JSON_PREVIEW must not "
        "be set.",
    )
    errors = _errors(preview)
    if set(errors) == {_FAILED}:
        raise CannotRunError(
            "The preview failed, and its JSON does not say why; so it is when a mandatory policy is violated. Run the "
            "same `pulumi preview` without --json to see."
        )
    _stop_on(errors, "The preview failed, so there is no plan to review:")
    if not preview.steps:
        raise CannotRunError("The preview has no steps at all, not even for the stack: was it cut short?")
    return _plan(stack_of(preview.steps[0].urn), preview.config, root, _previewed(preview.steps))


def without_their_failure(document: dict[str, Any]) -> dict[str, Any]:
    """A preview that failed only because of violated policies still says what it would do."""
    diagnostics = [
        diagnostic for diagnostic in document.get("diagnostics") or () if _FAILED not in str(diagnostic.get("message"))
    ]
    return {**document, "diagnostics": diagnostics}


def read_violations(log: Path) -> tuple[str, ...]:
    """A sentence for each violation of a mandatory policy, from the engine's log of events; none without a log."""
    if not log.exists():
        return ()
    lines = filter(None, log.read_text(encoding="utf-8").splitlines())
    try:
        events = [_Event.model_validate_json(line) for line in lines]
    except ValidationError:
        raise CannotRunError(f"{log} is no whole log of the engine's events, so policies may be violated.") from None
    violated = (event.policy for event in events if event.policy and event.policy.level == "mandatory")
    return tuple(dict.fromkeys(_violation(policy) for policy in violated))


def _violation(policy: _PolicyEvent) -> str:
    # The first line of the message is the policy's description.
    description, _, text = policy.message.strip().partition("\n")
    return f"Policy {policy.name}: {' '.join((text or description).split())}"


def count_differences(document: object) -> int:
    """How many resources a refresh finds different, also where none of a connector's settings is."""
    refresh = _validated(_Refresh, document, _NO_REFRESH)
    return sum(refresh.changes.get(operation, 0) for operation in ("create", "update", "delete", "replace"))


def read_warnings(document: object) -> tuple[str, ...]:
    """What the provider said during a refresh, such as that another stack has taken a connector over."""
    said = _validated(_Refresh, document, _NO_REFRESH).diagnostics or ()
    return tuple(printable(one.message.strip()) for one in said if one.severity == "warning")


def read_refresh(document: object, stack: str, root: Path | None = None) -> Plan:
    """What somebody changed in the tenant, by `pulumi refresh --preview-only --json`: a plan that changes nothing else.

    Raises:
        CannotRunError: when the refresh failed, or the document is none.
    """
    refresh = _validated(_Refresh, document, _NO_REFRESH)
    _stop_on(_errors(refresh), "The tenant could not be compared with the stack:")
    return _plan(stack, refresh.config, root, _refreshed(refresh.steps))


def is_saved_plan(document: object) -> bool:
    """Whether a document is a saved plan rather than a preview."""
    return isinstance(document, dict) and "resourcePlans" in document


def read_saved_plan(document: object, state: object | None) -> Plan:
    """The plan that `pulumi preview --save-plan` wrote.

    Args:
        document: the saved plan.
        state: the content of `pulumi stack export`, None where there is none.

    Raises:
        CannotRunError: when a document is not what it should be, or the state is needed and not there.
    """
    otherwise = "This is no plan of `pulumi preview --save-plan` that this command can read."
    plan = _validated(_SavedPlan, document, otherwise)
    known = None
    if state is not None:
        export = _validated(Export, state, "The file given as --state is not what `pulumi stack export` writes.")
        known = {resource.urn: resource for resource in export.deployment.resources or ()}
    if not plan.resources:
        raise CannotRunError("The saved plan has no resources at all: was it made for another project?")
    connectors = (
        _saved(urn, direction, resource, known)
        for urn, resource in plan.resources.items()
        if (direction := direction_of(type_of(urn), urn)) is not None
    )
    return _plan(stack_of(next(iter(plan.resources))), plan.config, None, connectors)


def _validated(model: type[_Document], document: object, otherwise: str) -> _Document:
    try:
        return model.model_validate(document)
    except ValidationError:
        raise CannotRunError(otherwise) from None


def _errors(document: _Steps) -> list[str]:
    return [
        " ".join(diagnostic.message.split()).removeprefix("error: ")
        for diagnostic in document.diagnostics or ()
        if diagnostic.severity == "error"
    ]


def _stop_on(errors: Iterable[str], sentence: str) -> None:
    shown = [f"\n  {printable(error)}" for error in dict.fromkeys(errors)]
    if shown:
        raise CannotRunError(sentence + "".join(shown))


def _plan(stack: str, config: Mapping[str, Any], root: Path | None, connectors: Iterable[PlannedConnector]) -> Plan:
    return Plan(
        stack=stack,
        connectors=tuple(sorted(connectors, key=lambda connector: (connector.owner.casefold(), connector.urn))),
        declared=declared_names(config, root),
        acknowledgements=read_acknowledgements(config, root),
    )


def _previewed(steps: Iterable[_Step]) -> Iterable[PlannedConnector]:
    steps = list(steps)
    connectors = [step for step in steps if direction_of(step.state.type, step.urn) is not None]
    refreshed = {step.state.id: step for step in connectors if step.op == "refresh"}
    by_urn = {step.urn: step for step in refreshed.values()}
    deleted_partners = {step.urn for step in steps if step.op == "delete" and is_partner(step.state.type)}
    spoken: set[str] = set()
    for step in connectors:
        if step.op != "refresh":
            # An alias gives a resource a new URN; its id stays. A resource that is created again has none yet.
            read = refreshed.get(step.old.id) if step.old else by_urn.get(step.urn)
            spoken |= {step.urn} | ({read.urn} if read else set())
            yield _planned(step, read)
    for urn, read in by_urn.items():
        if urn not in spoken:
            there = None if read.state.parent in deleted_partners else read.state.settings
            yield _unchanged(urn, read.state, before=there, after=there)


def _planned(step: _Step, read: _Step | None) -> PlannedConnector:
    operation = _OPERATIONS.get(step.op)
    if operation is None:
        raise CannotRunError(
            f"The plan does '{printable(step.op)}' with {printable(step.urn)}, which this command does not know. Look "
            "at it with `pulumi preview --diff`."
        )
    direction = TOKENS[step.state.type]
    after = read_properties(direction, step.new.inputs) if step.new else None
    before = step.old.settings if step.old else None
    if operation is Operation.UNCHANGED:
        before = before or (after.settings if after else None)
    secret = step.secrets
    # Also where a preview shows secrets, or the value was none before.
    recorded, before, planned = (
        settings and without_secrets(settings, secret)
        for settings in (
            read.old.settings if read and read.old else None,
            before,
            planned_settings(after, before) if after else None,
        )
    )
    return PlannedConnector(
        urn=step.urn,
        direction=direction,
        operation=operation,
        partner=partner_of(step.state.parent),
        provider=explicit_provider(step.state.provider),
        recorded=recorded,
        before=before,
        after=planned,
        unknown=after.unknown if after else frozenset(),
        hidden=step.changed_secrets if operation is Operation.UPDATE and before else frozenset(),
        adopts=bool(after and after.options.adopt_existing and step.old is None),
    )


def _unchanged(
    urn: str, recorded: ResourceState, *, before: ConnectorSettings | None, after: ConnectorSettings | None
) -> PlannedConnector:
    return PlannedConnector(
        urn=urn,
        direction=TOKENS[recorded.type],
        operation=Operation.UNCHANGED,
        partner=partner_of(recorded.parent),
        provider=explicit_provider(recorded.provider),
        recorded=recorded.settings,
        before=before,
        after=after,
    )


def _refreshed(steps: Iterable[_Step]) -> Iterable[PlannedConnector]:
    for step in steps:
        if step.old is None or direction_of(step.old.type, step.urn) is None:
            continue
        if step.op not in _REFRESHED:
            raise CannotRunError(f"The refresh does '{printable(step.op)}', which this command does not know.")
        # `up` would make of it what is recorded, as long as the declaration is the one that was deployed.
        there = step.new.settings if step.new else None
        known = _unchanged(step.urn, step.old, before=there, after=step.old.settings)
        yield replace(known, drifted_secrets=step.changed_secrets if there else frozenset())


def _saved(
    urn: str, direction: Direction, plan: _ResourcePlan, known: Mapping[str, Resource] | None
) -> PlannedConnector:
    operation = next((found for step, found in _OPERATIONS.items() if step in plan.steps), None)
    if operation is None:
        raise CannotRunError(f"The saved plan does nothing that this command knows with {printable(urn)}.")
    remains = plan.state is not None and operation is not Operation.DELETE
    after = read_properties(direction, plan.state or {}) if remains else None
    before = None
    parent, provider = (plan.goal.parent, plan.goal.provider) if plan.goal else ("", "")
    secret = secret_properties(plan.state or {})
    hidden: frozenset[str] = frozenset()
    if operation is Operation.UNCHANGED and after:
        before = after.settings
    elif operation is not Operation.CREATE:
        resource = _now(urn, known)
        parent, provider = parent or resource.parent, provider or resource.provider
        now = _inputs_now(plan, resource)
        before = read_properties(direction, now).settings
        secret |= secret_properties(now)
        hidden = secret & set(plan.goal.input_diff.updates) if plan.goal else hidden
        before = without_secrets(before, secret)
    return PlannedConnector(
        urn=urn,
        direction=direction,
        operation=operation,
        partner=partner_of(parent),
        provider=explicit_provider(provider),
        before=before,
        after=without_secrets(planned_settings(after, before), secret) if after else None,
        unknown=after.unknown if after else frozenset(),
        hidden=hidden,
        adopts=bool(after and after.options.adopt_existing and operation is Operation.CREATE),
    )


def _now(urn: str, known: Mapping[str, Resource] | None) -> Resource:
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


def _inputs_now(plan: _ResourcePlan, resource: Resource) -> Mapping[str, Any]:
    recorded = resource.properties
    if plan.state is None or plan.goal is None:
        return recorded
    diff = plan.goal.input_diff
    changed = {*diff.updates, *diff.deletes}
    kept = {key: value for key, value in plan.state.items() if key not in changed and key not in diff.adds}
    return kept | {key: recorded[key] for key in changed if key in recorded}
