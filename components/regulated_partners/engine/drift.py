"""Reads what `pulumi refresh --preview-only --json` writes.

Measured with CLI 3.259: a step says `update` or `delete` where the refresh found a difference and `refresh` or `same`
where it did not; the old state is what the stack recorded, the new one what the tenant has.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exchange_online.connectors import ConnectorSettings
from regulated_partners.engine.plan import CONNECTORS, Operation, Plan, PlannedConnector, partner_of, read_properties
from regulated_partners.errors import CannotRunError
from regulated_partners.partners.acknowledgements import read_acknowledgements
from regulated_partners.review.report import Drift
from regulated_partners.review.review import review
from regulated_partners.text import printable

_FOUND = {"refresh", "same", "update", "delete"}


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _State(_Read):
    type: str = ""
    parent: str = ""
    inputs: dict[str, Any] = Field(default_factory=dict)
    outputs: dict[str, Any] = Field(default_factory=dict)


class _Step(_Read):
    op: str
    urn: str
    old: _State | None = Field(None, alias="oldState")
    new: _State | None = Field(None, alias="newState")


class _Diagnostic(_Read):
    severity: str = ""
    message: str = ""


class _Refresh(_Read):
    config: dict[str, Any] = Field(default_factory=dict)
    steps: list[_Step] = Field(default_factory=list)
    diagnostics: list[_Diagnostic] | None = None


def read_drifts(
    document: Mapping[str, Any], stack: str, today: datetime.date, root: Path | None = None
) -> tuple[Drift, ...]:
    """What somebody changed in the tenant, by partner.

    Args:
        stack: the stack's name.
        today: the day that decides about acknowledgements.
        root: the project's directory, for partners that stacks share; unless given that of the current directory.
    Raises:
        CannotRunError: when the refresh failed, or the document is none of a refresh.
    """
    try:
        refresh = _Refresh.model_validate(document)
    except ValidationError:
        raise CannotRunError(
            "This is not what `pulumi refresh --preview-only --json` writes: it has no list of steps with op and urn."
        ) from None
    _stop_on_errors(refresh.diagnostics or ())
    plan = Plan(
        stack=stack,
        connectors=tuple(sorted(_connectors(refresh.steps), key=lambda each: (each.owner.casefold(), each.urn))),
        declared=frozenset(),
        acknowledgements=read_acknowledgements(refresh.config, root),
    )
    return review(plan, today).drifts


def _stop_on_errors(diagnostics: Iterable[_Diagnostic]) -> None:
    errors = [
        " ".join(each.message.split()).removeprefix("error: ") for each in diagnostics if each.severity == "error"
    ]
    if errors:
        shown = "\n  ".join(printable(each) for each in dict.fromkeys(errors))
        raise CannotRunError(f"The tenant could not be compared with the stack:\n  {shown}")


def _connectors(steps: Iterable[_Step]) -> Iterable[PlannedConnector]:
    for step in steps:
        if step.old is None or step.old.type not in CONNECTORS:
            continue
        if step.op not in _FOUND:
            raise CannotRunError(f"The refresh does '{printable(step.op)}', which this command does not know.")
        recorded = _settings(step.old)
        yield PlannedConnector(
            urn=step.urn,
            direction=CONNECTORS[step.old.type],
            operation=Operation.UNCHANGED,
            partner=partner_of(step.old.parent),
            recorded=recorded,
            before=_settings(step.new) if step.new else None,
            # What `up` would make of it, as long as the declaration is the one that was deployed.
            after=recorded,
        )


def _settings(state: _State) -> ConnectorSettings:
    """Outputs, because the service can decline an input."""
    return read_properties(CONNECTORS[state.type], state.outputs or state.inputs).settings
