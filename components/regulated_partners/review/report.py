"""What a review says: facts, and the sentences that every rendering says alike."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exchange_online.connectors import Direction, listed
from regulated_partners.effects import Effect, EffectKind
from regulated_partners.engine.plan import Operation
from regulated_partners.partners.acknowledgements import in_force
from regulated_partners.partners.declaration import StackAcknowledgement

_NOT_THERE = "There is no such connector."
_WAY = {Direction.INBOUND: "Mail from the partner", Direction.OUTBOUND: "Mail to the partner"}
#: What happens to one, and to several, in the order in which they are counted.
_WHAT = {
    Operation.DELETE: ("goes away", "go away"),
    Operation.REPLACE: ("is replaced", "are replaced"),
    Operation.UPDATE: ("changes", "change"),
    Operation.CREATE: ("is new", "are new"),
    Operation.UNCHANGED: ("stays as it is", "stay as they are"),
}
_MEANING = {
    EffectKind.WEAKENS: "protection gets weaker for {}",
    EffectKind.OUTAGE_RISK: "mail of {} may stop",
    EffectKind.STRENGTHENS: "protection gets stronger for {}",
}

#: What the four words mean, for a reader who sees a review for the first time.
LEGEND = (
    "weakens: mail is protected less than before · outage risk: mail that flows today may be refused, wait or be "
    "returned · strengthens: mail is protected more · neutral: neither"
)


@dataclass(frozen=True, kw_only=True)
class Items:
    """A list that differs, whole.

    Attributes:
        before, after: its items.
        added, removed: those that only one of the two has.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class Setting:
    """One setting that differs.

    Attributes:
        parameter: the cmdlets' name, `TlsSettings`.
        before, after: in words, `(not set)` where there is no value; of a long list how many items it has, and those
            that only it has.
        items: of a list that is not secret.
    """

    parameter: str
    before: str
    after: str
    items: Items | None = None

    def as_object(self, before: str = "before", after: str = "after") -> dict[str, Any]:
        """For programs: both values whole, and of a list what is added and removed.

        Args:
            before, after: the names of the two values.
        """
        values = {"parameter": self.parameter, before: self.before, after: self.after}
        if self.items is None:
            return values
        whole = {before: self.items.before, after: self.items.after}
        return {
            **values,
            **{name: ", ".join(value) for name, value in whole.items() if value},
            "added": list(self.items.added),
            "removed": list(self.items.removed),
        }


@dataclass(frozen=True, kw_only=True)
class ConnectorReview:
    """What the plan does with one connector.

    Attributes:
        name, direction, operation: which connector, and what happens to it.
        before, after: what it does to mail, one sentence; empty where it is not there.
        effects: the most important first.
        settings: those that differ; empty for a connector that comes or goes.
    """

    name: str
    direction: Direction
    operation: Operation
    before: str
    after: str
    effects: tuple[Effect, ...]
    settings: tuple[Setting, ...] = ()

    @property
    def happens(self) -> str:
        """What happens to it, a verb: `goes away`."""
        return _WHAT[self.operation][0]

    @property
    def story(self) -> tuple[tuple[str, str], ...]:
        """What it does to mail, before and after, in sentences with a word before each."""
        if self.before == self.after:
            return (("before and after", sentence(self.after)),)
        return ("before", sentence(self.before) or _NOT_THERE), ("after", sentence(self.after) or _NOT_THERE)


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What somebody changed in the tenant outside of this stack, as the refresh found it.

    Attributes:
        owner, name, direction: which connector.
        before, found: what it did to mail and what it does now; empty where it is gone.
        effects: what that change did.
        settings: those that differ.
        outcome: what the plan does about it, one sentence.
        repair: the effects of that.
        acknowledgement: what the stack file says about its owner, in force or not.
    """

    owner: str
    name: str
    direction: Direction
    before: str
    found: str
    effects: tuple[Effect, ...]
    settings: tuple[Setting, ...]
    outcome: str
    repair: tuple[Effect, ...]
    acknowledgement: StackAcknowledgement | None = None

    @property
    def story(self) -> tuple[tuple[str, str], ...]:
        """What it did to mail and does now, in sentences with a word before each."""
        return ("as deployed", sentence(self.before)), ("as found", sentence(self.found) or "The connector is gone.")


@dataclass(frozen=True, kw_only=True)
class OwnerReview:
    """One partner, or one connector that belongs to none.

    Attributes:
        name: of the partner or connector.
        is_partner: whether it is a RegulatedPartner.
        connectors: those that change, inbound first.
        whole: whether these are all of its connectors.
        acknowledgement: what the stack file says about it, in force or not.
    """

    name: str
    is_partner: bool
    connectors: tuple[ConnectorReview, ...]
    whole: bool
    acknowledgement: StackAcknowledgement | None = None

    @property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(effect for connector in self.connectors for effect in connector.effects)

    @property
    def kinds(self) -> frozenset[EffectKind]:
        return frozenset(effect.kind for effect in self.effects)

    @property
    def operation(self) -> Operation:
        """What happens to it as a whole: it comes or goes only if all of its connectors do."""
        operations = {connector.operation for connector in self.connectors}
        return operations.pop() if self.whole and len(operations) == 1 else Operation.UPDATE

    @property
    def headline(self) -> str:
        """What happens to it, and the classes it has: `changes: weakens, outage risk`."""
        kinds = [kind.value for kind in EffectKind if kind in self.kinds and kind is not EffectKind.NEUTRAL]
        return f"{_WHAT[self.operation][0]}: {', '.join(kinds) or EffectKind.NEUTRAL.value}"

    def way(self, connector: ConnectorReview) -> str:
        """Which mail a connector of it is about."""
        if self.is_partner:
            return _WAY[connector.direction]
        return "Mail in" if connector.direction is Direction.INBOUND else "Mail out"

    @property
    def disappears(self) -> bool:
        """Whether a connector of it is deleted, or replaced."""
        return any(connector.operation in (Operation.DELETE, Operation.REPLACE) for connector in self.connectors)


@dataclass(frozen=True, kw_only=True)
class Review:
    """A review of one plan.

    Attributes:
        stack: the stack's name.
        today: the day that decides about acknowledgements.
        owners: those that change, the most important first.
        unchanged: names of those that stay as they are, in alphabetical order.
        drifts: what the refresh found.
        problems: sentences about the declaration of acknowledgements.
        existing: how many partners and connectors of their own there are before the change.
        touched: how many of them the plan writes to.
    """

    stack: str
    today: datetime.date
    owners: tuple[OwnerReview, ...]
    unchanged: tuple[str, ...]
    drifts: tuple[Drift, ...]
    problems: tuple[str, ...]
    existing: int
    touched: int

    def count(self, kind: EffectKind) -> int:
        """For how many partners and connectors of their own applying the plan has an effect of a kind."""
        found = {owner.name for owner in self.owners if kind in owner.kinds}
        return len(found | {drift.owner for drift in self.drifts if kind in {effect.kind for effect in drift.repair}})

    def acknowledged(self, owner: OwnerReview | Drift) -> bool:
        """Whether the stack file says that what weakens this one is meant."""
        return in_force(owner.acknowledgement, self.today)

    def said_of(self, owner: OwnerReview | Drift) -> str:
        """What the stack file says about it; empty where it says nothing."""
        given = owner.acknowledgement
        if given is None:
            return ""
        if self.acknowledged(owner):
            return f"Acknowledged in the stack file until {given.expires}: {given.reason}"
        return f"Its acknowledgement expired on {given.expires} and does not count: {given.reason}"

    @property
    def summary(self) -> str:
        """One or two sentences: how much changes, and what it means."""
        if not self.owners and not self.drifts:
            count = len(self.unchanged)
            return (
                f"Nothing changes for mail: {'1 partner stays' if count == 1 else f'{count} partners stay'} as before."
            )
        counts = Counter(owner.operation for owner in self.owners)
        parts = [
            f"{counts[operation]} {one if counts[operation] == 1 else many}"
            for operation, (one, many) in _WHAT.items()
            if counts[operation]
        ]
        drifted = len({drift.owner for drift in self.drifts})
        if drifted:
            parts.append(f"{drifted} {'was' if drifted == 1 else 'were'} changed outside of this stack")
        if self.unchanged:
            stays = "stays" if len(self.unchanged) == 1 else "stay"
            parts.append(f"{len(self.unchanged)} {stays} as before")
        return f"Partners: {listed(parts, 'and')}. {self._meaning()}"

    def _meaning(self) -> str:
        parts = [text.format(count) for kind, text in _MEANING.items() if (count := self.count(kind))]
        applied = sentence(listed(parts, "and")) or "Protection and flow of mail stay the same."
        weak = EffectKind.WEAKENS
        outside = len({drift.owner for drift in self.drifts if weak in {effect.kind for effect in drift.effects}})
        return f"{applied} Somebody has weakened protection of {outside} outside of this stack." if outside else applied


def few(sentences: Sequence[str], most: int = 20) -> Iterator[str]:
    """The first of them, and how many more there are: for whoever reads it, programs get them all."""
    yield from sentences[:most]
    if len(sentences) > most:
        yield f"And {len(sentences) - most} more; `--json` lists them all."


def sentence(clause: str) -> str:
    """A clause as a sentence; empty stays empty."""
    return f"{clause[0].upper()}{clause[1:]}." if clause else ""


def reasons(effects: tuple[Effect, ...]) -> list[tuple[str, str]]:
    """Class and sentence of each effect; of neutral ones only where there are no others."""
    meant = [effect for effect in effects if effect.kind is not EffectKind.NEUTRAL] or list(effects)
    return [(effect.kind.value, sentence(effect.reason)) for effect in meant]
