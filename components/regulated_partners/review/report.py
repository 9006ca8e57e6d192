"""What a review says: facts in words, before anything is rendered."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass

from exchange_online.connectors import Direction
from regulated_partners.effects import Effect, EffectKind
from regulated_partners.engine.plan import Operation
from regulated_partners.partners.acknowledgements import in_force
from regulated_partners.partners.declaration import StackAcknowledgement


@dataclass(frozen=True)
class Setting:
    """One setting that differs; a list says what is added and removed.

    Attributes:
        parameter: the cmdlets' name, `TlsSettings`.
        before, after: in words, `(not set)` where there is no value.
    """

    parameter: str
    before: str
    after: str


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
    def disappears(self) -> bool:
        """Whether a connector of it is deleted, or replaced."""
        return any(each.operation in (Operation.DELETE, Operation.REPLACE) for each in self.connectors)


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
        return len(found | {drift.owner for drift in self.drifts if kind in {each.kind for each in drift.repair}})

    @property
    def weakened_outside(self) -> int:
        """How many were weakened outside of this stack."""
        weak = EffectKind.WEAKENS
        return len({drift.owner for drift in self.drifts if weak in {each.kind for each in drift.effects}})

    @property
    def operations(self) -> Counter[Operation]:
        """How many partners and connectors of their own are created, changed and so on."""
        return Counter(owner.operation for owner in self.owners)

    def acknowledged(self, owner: OwnerReview | Drift) -> bool:
        """Whether the stack file says that what weakens this one is meant."""
        return in_force(owner.acknowledgement, self.today)
