"""The sentences of a review that every rendering says alike."""

from __future__ import annotations

from exchange_online.connectors import Direction
from exchange_online.connectors.words import listed
from regulated_partners.effects import Effect, EffectKind
from regulated_partners.engine.plan import Operation
from regulated_partners.review.report import ConnectorReview, Drift, OwnerReview, Review

_WAY = {Direction.INBOUND: "Mail from the partner", Direction.OUTBOUND: "Mail to the partner"}
_COUNTED = (
    (Operation.DELETE, "goes away", "go away"),
    (Operation.REPLACE, "is replaced", "are replaced"),
    (Operation.UPDATE, "changes", "change"),
    (Operation.CREATE, "is new", "are new"),
)
_WHAT = {
    Operation.DELETE: "goes away",
    Operation.REPLACE: "is replaced",
    Operation.CREATE: "is new",
    Operation.UPDATE: "changes",
    Operation.UNCHANGED: "stays as it is",
}

#: What the four words mean, for a reader who sees a review for the first time.
LEGEND = (
    "weakens: mail is protected less than before · outage risk: mail that flows today may be refused, wait or be "
    "returned · strengthens: mail is protected more · neutral: neither"
)


def summary(review: Review) -> str:
    """One or two sentences: how much changes, and what it means."""
    if not review.owners and not review.drifts:
        return f"Nothing changes for mail: {_partners(len(review.unchanged))} as before."
    counts = review.operations
    parts = [
        f"{counts[operation]} {one if counts[operation] == 1 else many}"
        for operation, one, many in _COUNTED
        if counts[operation]
    ]
    drifted = len({drift.owner for drift in review.drifts})
    if drifted:
        parts.append(f"{drifted} {'was' if drifted == 1 else 'were'} changed outside of this stack")
    if review.unchanged:
        stays = "stays" if len(review.unchanged) == 1 else "stay"
        parts.append(f"{len(review.unchanged)} {stays} as before")
    return f"Partners: {listed(parts, 'and')}. {_meaning(review)}"


def _meaning(review: Review) -> str:
    weak, risk = review.count(EffectKind.WEAKENS), review.count(EffectKind.OUTAGE_RISK)
    strong = review.count(EffectKind.STRENGTHENS)
    parts = []
    if weak:
        parts.append(f"protection gets weaker for {weak}")
    if risk:
        parts.append(f"mail of {risk} may stop")
    if strong:
        parts.append(f"protection gets stronger for {strong}")
    applied = sentence(listed(parts, "and")) or "Protection and flow of mail stay the same."
    outside = review.weakened_outside
    return f"{applied} Somebody has weakened protection of {outside} outside of this stack." if outside else applied


def _partners(count: int) -> str:
    return "1 partner stays" if count == 1 else f"{count} partners stay"


def headline(owner: OwnerReview) -> str:
    """What happens to it, and the classes it has: `changes: weakens, outage risk`."""
    kinds = [kind.value for kind in EffectKind if kind in owner.kinds and kind is not EffectKind.NEUTRAL]
    return f"{_WHAT[owner.operation]}: {', '.join(kinds) or EffectKind.NEUTRAL.value}"


def way(connector: ConnectorReview | Drift, *, is_partner: bool = True) -> str:
    """Which mail a connector is about."""
    if is_partner:
        return _WAY[connector.direction]
    return "Mail in" if connector.direction is Direction.INBOUND else "Mail out"


def operation(connector: ConnectorReview) -> str:
    """What happens to a connector."""
    return _WHAT[connector.operation]


def sentence(clause: str) -> str:
    """A clause as a sentence; empty stays empty."""
    return f"{clause[0].upper()}{clause[1:]}." if clause else ""


def reasons(effects: tuple[Effect, ...]) -> list[tuple[str, str]]:
    """Class and sentence of each effect; of neutral ones only where there are no others."""
    meant = [effect for effect in effects if effect.kind is not EffectKind.NEUTRAL] or list(effects)
    return [(effect.kind.value, sentence(effect.reason)) for effect in meant]


def acknowledgement(review: Review, owner: OwnerReview | Drift) -> str:
    """What the stack file says about it; empty where it says nothing."""
    given = owner.acknowledgement
    if given is None:
        return ""
    if review.acknowledged(owner):
        return f"Acknowledged in the stack file until {given.expires}: {given.reason}"
    return f"Its acknowledgement expired on {given.expires} and does not count: {given.reason}"
