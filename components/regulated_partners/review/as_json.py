"""A review as JSON, for pipelines. The names are part of the command's contract; new ones may be added."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from regulated_partners.effects import Effect, EffectKind
from regulated_partners.partners.declaration import StackAcknowledgement
from regulated_partners.review import phrases
from regulated_partners.review.report import ConnectorReview, Drift, OwnerReview, Review, Setting


def as_json(review: Review, refusals: Sequence[str]) -> str:
    """The review, two spaces indented."""
    content = {
        "stack": review.stack,
        "passes": not refusals,
        "refusals": list(refusals),
        "summary": phrases.summary(review),
        "counts": {
            "existing": review.existing,
            "touched": review.touched,
            **{kind.name.lower(): review.count(kind) for kind in EffectKind},
        },
        "partners": [_owner(review, owner) for owner in review.owners],
        "drift": [_drift(review, drift) for drift in review.drifts],
        "unchanged": list(review.unchanged),
        "problems": list(review.problems),
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _owner(review: Review, owner: OwnerReview) -> dict[str, Any]:
    return {
        "name": owner.name,
        "regulatedPartner": owner.is_partner,
        "operation": owner.operation.value,
        "classes": [kind.value for kind in EffectKind if kind in owner.kinds],
        "acknowledgement": _acknowledgement(owner.acknowledgement, in_force=review.acknowledged(owner)),
        "connectors": [_connector(connector) for connector in owner.connectors],
    }


def _connector(connector: ConnectorReview) -> dict[str, Any]:
    return {
        "name": connector.name,
        "direction": connector.direction.word,
        "operation": connector.operation.value,
        "before": connector.before or None,
        "after": connector.after or None,
        "effects": _effects(connector.effects),
        "settings": _settings(connector.settings),
    }


def _drift(review: Review, drift: Drift) -> dict[str, Any]:
    return {
        "partner": drift.owner,
        "connector": drift.name,
        "direction": drift.direction.word,
        "deployed": drift.before,
        "found": drift.found or None,
        "effects": _effects(drift.effects),
        "settings": _settings(drift.settings),
        "outcome": drift.outcome,
        "outcomeEffects": _effects(drift.repair),
        "acknowledgement": _acknowledgement(drift.acknowledgement, in_force=review.acknowledged(drift)),
    }


def _effects(effects: Sequence[Effect]) -> list[dict[str, Any]]:
    return [{"class": each.kind.value, "reason": each.reason, "properties": list(each.keys)} for each in effects]


def _settings(settings: Sequence[Setting]) -> list[dict[str, str]]:
    return [{"parameter": each.parameter, "before": each.before, "after": each.after} for each in settings]


def _acknowledgement(given: StackAcknowledgement | None, *, in_force: bool) -> dict[str, Any] | None:
    if given is None:
        return None
    return {"reason": given.reason, "expires": given.expires.isoformat(), "inForce": in_force}
