"""Classes a change of a connector: a pure function over canonical settings before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from exchange_online.connectors import (
    ConnectorSettings,
    Direction,
    InboundSettings,
    changes,
    parameters,
)
from regulated_partners.effects import inbound, outbound
from regulated_partners.effects.effect import Effect, EffectKind, Effects, Judge, judges_by_key, neutral, ordered

#: What both directions have beside what their own judges answer for.
_BOTH: tuple[Judge[Any], ...] = (
    Judge(("name",), None, "the connector is renamed in place; it stays the same connector"),
    Judge(("comment",), None, "a text for administrators"),
)

#: They say whether a connector is in use at all, so `classify` judges them before anything else.
_USE: dict[Direction, Judge[Any]] = {
    Direction.INBOUND: Judge(("enabled",), None),
    Direction.OUTBOUND: Judge(("enabled", "testMode"), None),
}

#: The judges of each direction, by the property they answer for.
JUDGES: dict[Direction, Mapping[str, Judge[Any]]] = {
    direction: judges_by_key(parameters(direction), (*own, *_BOTH, _USE[direction]))
    for direction, own in ((Direction.INBOUND, inbound.JUDGES), (Direction.OUTBOUND, outbound.JUDGES))
}


def touches_mail(direction: Direction, key: str) -> bool:
    """Whether a change of a property can make a difference to mail; of a consent that is no parameter, it can."""
    judge = JUDGES[direction].get(key)
    return judge is None or judge.effects is not None or judge is _USE[direction]


def classify(before: ConnectorSettings | None, after: ConnectorSettings | None) -> tuple[Effect, ...]:
    """The effects of a change, the most important first; empty where nothing changes.

    A connector that is not there, is switched off or is in test mode demands nothing, so creating and switching on,
    deleting and switching off are judged alike. Every property that differs has at least one effect.

    Args:
        before: None where the connector is created.
        after: None where it is deleted.
    Raises:
        ValueError: when both are None, or they are of different directions.
    """
    if before is None and after is None:
        raise ValueError("a change needs settings before or after")
    if before is not None and after is not None and before.direction is not after.direction:
        raise ValueError(f"{before.direction} against {after.direction}")
    if before == after:
        return ()
    old, new = _in_use(before), _in_use(after)
    if old is not None and new is not None:
        changed = [change.parameter.key for change in changes(old, new)]
        found = [_about(effect, changed) for effect in _effects(old, new)]
        said = {key for effect in found for key in effect.keys}
        unspoken = (JUDGES[old.direction][key].unspoken(key) for key in changed if key not in said)
        return ordered([*found, *unspoken])
    if old is not None:
        effects = _effects(old, _without_connector(old))
    elif new is not None:
        effects = _effects(_without_connector(new), new)
    else:
        return (neutral(_idle(before, after)),)
    found = [effect.kind(effect.reason) for effect in effects if effect.kind is not EffectKind.NEUTRAL]
    return ordered(found or [neutral("the connector demands nothing, so mail flows as without it")])


def _about(effect: Effect, changed: Sequence[str]) -> Effect:
    """Leaves out the properties that the effect rests on and that did not change."""
    keys = tuple(key for key in effect.keys if key in changed)
    return replace(effect, keys=keys) if keys else effect


def _in_use(settings: ConnectorSettings | None) -> ConnectorSettings | None:
    return settings if settings is not None and settings.in_use else None


def _idle(before: ConnectorSettings | None, after: ConnectorSettings | None) -> str:
    if after is None:
        return "the connector was not in use, so nothing changes for mail"
    if before is None:
        return "the connector is not in use yet (switched off, or in test mode), so nothing changes for mail"
    return "the connector is not in use, before and after, so nothing changes for mail"


def _without_connector(settings: ConnectorSettings) -> ConnectorSettings:
    if isinstance(settings, InboundSettings):
        return inbound.nothing_demanded(settings)
    return outbound.nothing_demanded(settings)


def _effects(before: ConnectorSettings, after: ConnectorSettings) -> Effects:
    for judge in dict.fromkeys(JUDGES[before.direction].values()):
        if judge.effects is not None:
            yield from judge.effects(before, after)
