"""The four classes of a change, and one effect that a change has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class EffectKind(StrEnum):
    """What a change does, the most important first. A change can weaken one thing and risk another."""

    WEAKENS = "weakens"
    """Mail that was protected is protected less, or not at all."""
    OUTAGE_RISK = "outage risk"
    """Mail that flows today may be refused, wait or be returned."""
    STRENGTHENS = "strengthens"
    """Mail is protected more."""
    NEUTRAL = "neutral"
    """Neither protection nor flow of mail changes."""


KINDS = tuple(EffectKind)


@dataclass(frozen=True)
class Effect:
    """One effect.

    Attributes:
        kind: its class.
        reason: a clause for somebody who does not know Exchange Online.
        keys: the Pulumi properties that cause it; empty where the whole connector does.
    """

    kind: EffectKind
    reason: str
    keys: tuple[str, ...] = ()


Effects = Iterable[Effect]


def weakens(reason: str, *keys: str) -> Effect:
    """An effect that weakens."""
    return Effect(EffectKind.WEAKENS, reason, keys)


def strengthens(reason: str, *keys: str) -> Effect:
    """An effect that strengthens."""
    return Effect(EffectKind.STRENGTHENS, reason, keys)


def outage_risk(reason: str, *keys: str) -> Effect:
    """An effect that may stop mail."""
    return Effect(EffectKind.OUTAGE_RISK, reason, keys)


def neutral(reason: str, *keys: str) -> Effect:
    """An effect on neither protection nor flow."""
    return Effect(EffectKind.NEUTRAL, reason, keys)


def ordered(effects: Effects) -> tuple[Effect, ...]:
    """Each effect once, the most important kind first, in the order given within a kind."""
    return tuple(sorted(dict.fromkeys(effects), key=lambda effect: KINDS.index(effect.kind)))


def worst(effects: Effects) -> EffectKind:
    """The most important kind among effects; neutral where there are none."""
    return min((effect.kind for effect in effects), key=KINDS.index, default=EffectKind.NEUTRAL)
