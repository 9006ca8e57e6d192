"""The four classes of a change, one effect that a change has, and who judges which parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from exchange_online.connectors import Parameter


class EffectKind(StrEnum):
    """What a change does, the most important first. A change can weaken one thing and risk another.

    A kind is called with a reason, and the properties that cause it, for an effect of the kind.
    """

    WEAKENS = "weakens"
    """Mail that was protected is protected less, or not at all."""
    OUTAGE_RISK = "outage risk"
    """Mail that flows today may be refused, wait or be returned."""
    STRENGTHENS = "strengthens"
    """Mail is protected more."""
    NEUTRAL = "neutral"
    """Neither protection nor flow of mail changes."""

    def __call__(self, reason: str, *keys: str) -> Effect:
        return Effect(self, reason, keys)


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


weakens, outage_risk, strengthens, neutral = EffectKind


def ordered(effects: Effects) -> tuple[Effect, ...]:
    """Each effect once, the most important kind first, in the order given within a kind."""
    return tuple(sorted(dict.fromkeys(effects), key=lambda effect: KINDS.index(effect.kind)))


S = TypeVar("S")


@dataclass(frozen=True)
class Judge(Generic[S]):
    """Says what a change of some parameters does to mail.

    Attributes:
        keys: the Pulumi properties it answers for. Each parameter has exactly one judge.
        effects: the effects of changing one settings into other ones, both in use; None for what never touches mail.
        otherwise: why a change makes no difference where no effect speaks of it, a clause; needed where that happens.
    """

    keys: tuple[str, ...]
    effects: Callable[[S, S], Effects] | None
    otherwise: str = ""

    def unspoken(self, key: str) -> Effect:
        """The effect of a change that nothing was said about. What we do not know is never neutral."""
        if self.otherwise:
            return neutral(self.otherwise, key)
        return weakens(f"this version cannot say what the change of {key} does to mail", key)


class UnjudgedParameterError(Exception):
    """A parameter that can be declared, and of which nobody says what it does to mail; or two do."""


def judges_by_key(parameters: Sequence[Parameter], judges: Sequence[Judge[S]]) -> Mapping[str, Judge[S]]:
    """The judge of each parameter.

    Raises:
        UnjudgedParameterError: unless each parameter has exactly one, and no judge answers for anything else.
    """
    claimed = [key for judge in judges for key in judge.keys]
    known = [parameter.key for parameter in parameters]
    wrong = sorted({key for key in (*known, *claimed) if claimed.count(key) != 1 or key not in known})
    if wrong:
        raise UnjudgedParameterError(
            f"{', '.join(wrong)}: each parameter needs exactly one judge of what it does to mail. Name it in the "
            "JUDGES of regulated_partners/effects/inbound.py or outbound.py; what both directions have, in change.py."
        )
    return {key: judge for judge in judges for key in judge.keys}
