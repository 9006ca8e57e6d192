"""What lets a pipeline stop: gates over a review."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from regulated_partners.effects import Effect, EffectKind
from regulated_partners.review.report import OwnerReview, Review

#: What can be asked for with --fail-on, and the effects it means.
FAIL_ON = {"weakens": EffectKind.WEAKENS, "outage-risk": EffectKind.OUTAGE_RISK}


@dataclass(frozen=True)
class Gates:
    """What is asked for.

    Attributes:
        fail_on: effects that must be acknowledged.
        max_changed: the share of partners that may change, in percent; None for any.
    """

    fail_on: frozenset[EffectKind] = frozenset()
    max_changed: float | None = None


def refusals(review: Review, gates: Gates) -> tuple[str, ...]:
    """Why the change may not pass, one sentence each; empty where it may."""
    return (*_too_many(review, gates), *_unacknowledged(review, gates))


def _too_many(review: Review, gates: Gates) -> Iterator[str]:
    if gates.max_changed is None or not review.existing:
        return
    share = 100 * review.touched / review.existing
    if share > gates.max_changed:
        yield (
            f"{review.touched} of {review.existing} partners change or go away, which is {share:.0f} %, and at most "
            f"{gates.max_changed:g} % may at once. Split the change, or raise --max-changed for this one."
        )


def _unacknowledged(review: Review, gates: Gates) -> Iterator[str]:
    for owner in review.owners:
        found = _stopping(owner.effects, gates)
        if found and not review.acknowledged(owner):
            yield f"{owner.name}: {found[0].reason} ({found[0].kind}). {_advice(owner)}"
    for drift in review.drifts:
        found = _stopping(drift.repair, gates)
        if found and not review.acknowledged(drift):
            yield (
                f"{drift.owner}: undoing what was changed outside of this stack has an effect that needs consent: "
                f"{found[0].reason} ({found[0].kind}). Declare it as it is now, or acknowledge."
            )


def _stopping(effects: Iterable[Effect], gates: Gates) -> list[Effect]:
    return [effect for effect in effects if effect.kind in gates.fail_on]


def _advice(owner: OwnerReview) -> str:
    """What to do about one whose acknowledgement, if there is one, does not count."""
    if (given := owner.acknowledgement) is not None:
        return f"Its acknowledgement ({given.reason}) expired on {given.expires}; give a new one if this is meant."
    if owner.is_partner and not owner.disappears:
        return "If this is meant, say so at the partner: acknowledge: {reason: …, expires: …}."
    return (
        "If this is meant, say so in the stack file: regulated-partners:acknowledge: "
        f'[{{partner: "{owner.name}", reason: …, expires: …}}].'
    )
