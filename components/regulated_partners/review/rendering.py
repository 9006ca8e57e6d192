"""A review as JSON for pipelines, and on a terminal in colour; Markdown is in `markdown`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from regulated_partners.effects import Effect, EffectKind
from regulated_partners.partners.declaration import StackAcknowledgement
from regulated_partners.review.report import ConnectorReview, Drift, OwnerReview, Review, Setting, few, reasons
from regulated_partners.text import printable

_STYLES = {
    EffectKind.WEAKENS.value: "bold red",
    EffectKind.OUTAGE_RISK.value: "yellow",
    EffectKind.STRENGTHENS.value: "green",
    EffectKind.NEUTRAL.value: "dim",
}


def as_json(review: Review, refusals: Sequence[str]) -> str:
    """The review, two spaces indented. The names are part of the command's contract; new ones may be added."""
    content = {
        "stack": review.stack,
        "passes": not refusals,
        "refusals": list(refusals),
        "summary": review.summary,
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
        "settings": [setting.as_object() for setting in connector.settings],
    }


def _drift(review: Review, drift: Drift) -> dict[str, Any]:
    return {
        "partner": drift.owner,
        "connector": drift.name,
        "direction": drift.direction.word,
        "deployed": drift.before,
        "found": drift.found or None,
        "effects": _effects(drift.effects),
        "settings": [setting.as_object() for setting in drift.settings],
        "outcome": drift.outcome,
        "outcomeEffects": _effects(drift.repair),
        "acknowledgement": _acknowledgement(drift.acknowledgement, in_force=review.acknowledged(drift)),
    }


def _effects(effects: Sequence[Effect]) -> list[dict[str, Any]]:
    return [
        {"class": effect.kind.value, "reason": effect.reason, "properties": list(effect.keys)} for effect in effects
    ]


def _acknowledgement(given: StackAcknowledgement | None, *, in_force: bool) -> dict[str, Any] | None:
    if given is None:
        return None
    return {"reason": given.reason, "expires": given.expires.isoformat(), "inForce": in_force}


def show(console: Console, review: Review, refusals: Sequence[str]) -> None:
    """Writes the review to a console."""
    console.print(f"[bold]Stack {_plain(review.stack)}.[/] {_plain(review.summary)}")
    for owner in review.owners:
        _show_owner(console, review, owner)
    if review.drifts:
        console.print("\n[bold]Changed outside of this stack[/], not by this change:")
    for drift in review.drifts:
        _show_drift(console, review, drift)
    for problem in few(review.problems):
        console.print(f"\n[yellow]{_plain(problem)}[/]")
    if refusals:
        console.print("\n[bold red]This change may not be applied as it is:[/]")
        for refusal in few(refusals):
            console.print(f"  {_plain(refusal)}")


def _show_owner(console: Console, review: Review, owner: OwnerReview) -> None:
    console.print(f"\n[bold]{_plain(owner.name)}[/] {owner.headline}")
    if given := review.said_of(owner):
        console.print(f"  [italic]{_plain(given)}[/]")
    for connector in owner.connectors:
        console.print(f"  {owner.way(connector)} (connector {_plain(connector.name)} {connector.happens})")
        _story(console, connector)
        _table(console, connector.settings)


def _show_drift(console: Console, review: Review, drift: Drift) -> None:
    console.print(f"\n[bold]{_plain(drift.owner)}[/] (connector {_plain(drift.name)})")
    if drift.repair and (given := review.said_of(drift)):
        console.print(f"  [italic]{_plain(given)}[/]")
    _story(console, drift)
    console.print(f"    {drift.outcome}")
    _reasons(console, drift.repair)
    _table(console, drift.settings)


def _story(console: Console, told: ConnectorReview | Drift) -> None:
    width = max(len(word) for word, _ in told.story)
    for word, sentence in told.story:
        console.print(f"    {f'{word}:':<{width + 1}} {_plain(sentence)}")
    _reasons(console, told.effects)


def _reasons(console: Console, effects: tuple[Effect, ...]) -> None:
    for kind, reason in reasons(effects):
        console.print(f"    [{_STYLES[kind]}]{kind}[/]: {_plain(reason)}")


def _table(console: Console, settings: Sequence[Setting]) -> None:
    if not settings:
        return
    table = Table("setting", "before", "after", box=None, padding=(0, 2, 0, 4), header_style="dim")
    for setting in settings:
        table.add_row(*(_plain(text) for text in (setting.parameter, setting.before, setting.after)))
    console.print(table)


def _plain(text: str) -> str:
    return escape(printable(text))
