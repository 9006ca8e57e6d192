"""What the inputs say about one stack, sorted by partner; what belongs to nobody is said."""

from __future__ import annotations

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from exchange_online.connectors import Direction
from regulated_partners.evidence.inputs import Source
from regulated_partners.evidence.records import (
    DriftRun,
    HistoryRun,
    InventoryRun,
    PlannedPartner,
    ReviewRun,
    VerifyRun,
    WithWays,
    WrittenConnector,
    WrittenDrift,
    WrittenJudgement,
    WrittenTraffic,
    WrittenUpdate,
)
from regulated_partners.evidence.report import Origin
from regulated_partners.partners import Pair

#: Names in one sentence.
_MOST_NAMED = 10
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Piece(Generic[T_co]):
    """One thing that an input says.

    Attributes:
        source: the input.
        made: when it was so, UTC.
        ahead: whether that is in the future, so that it proves nothing.
    """

    what: T_co
    source: Source
    made: datetime.datetime
    ahead: bool

    @property
    def origin(self) -> Origin:
        return Origin(input=self.source.number, made=self.made)


@dataclass(frozen=True)
class WaysLook:
    """One look at the other ways of mail, and why it could not see all."""

    run: WithWays

    @property
    def problem(self) -> str:
        return self.run.other_ways_problem or ""


@dataclass
class OfPartner:
    """What the inputs say about one partner."""

    judgements: list[Piece[WrittenJudgement]] = field(default_factory=list)
    drifts: list[Piece[WrittenDrift]] = field(default_factory=list)
    traffic: list[Piece[WrittenTraffic]] = field(default_factory=list)
    planned: list[Piece[PlannedPartner]] = field(default_factory=list)


class Gathered:
    """What the inputs say about a stack.

    Args:
        stack: its name.
        tenant: its tenant's Guid as declared; an inventory of another one does not count.
        pairs: the partners that it declares.
        sources: every input.
        now: UTC.
    """

    def __init__(
        self, stack: str, tenant: str, pairs: Sequence[Pair], sources: Iterable[Source], now: datetime.datetime
    ) -> None:
        self.stack, self._now = stack, now
        self._tenant = tenant.casefold()
        self.remarks: list[str] = []
        self.inventories: list[Piece[Mapping[tuple[Direction, str], WrittenConnector]]] = []
        self.ways: list[Piece[WaysLook]] = []
        self.drift_runs: list[Piece[DriftRun]] = []
        self.reviews: list[Piece[ReviewRun]] = []
        self.updates: list[Piece[WrittenUpdate]] = []
        self._partners: dict[str, OfPartner] = defaultdict(OfPartner)
        self._names = {alias.casefold(): pair.name for pair in pairs for alias in pair.partner.aliases}
        self._names |= {pair.name.casefold(): pair.name for pair in pairs}
        self._strangers: dict[str, Counter[int]] = defaultdict(Counter)
        for source in sources:
            if source.run is not None and source.run.is_of(stack):
                self._take(source)
        for name, counted in sorted(self._strangers.items())[:_MOST_NAMED]:
            inputs = ", ".join(map(str, sorted(counted)[:_MOST_NAMED]))
            count = sum(counted.values())
            self.remarks.append(
                f"Input {inputs}: {count} {'entry' if count == 1 else 'entries'} about '{name}', which the stack "
                f"{stack} does not declare, {'was' if count == 1 else 'were'} not used."
            )
        if len(self._strangers) > _MOST_NAMED:
            self.remarks.append(
                f"Entries about {len(self._strangers) - _MOST_NAMED} further partners that are not declared were not "
                "used."
            )

    def of(self, pair: Pair) -> OfPartner:
        """What was said of a partner."""
        return self._partners[pair.name]

    def _take(self, source: Source) -> None:
        run = source.run
        if isinstance(run, WithWays) and self._is_of_tenant(source, run):
            self.ways.append(self._piece(source, WaysLook(run)))
        if isinstance(run, VerifyRun):
            self._take_verified(source, run)
        elif isinstance(run, DriftRun):
            self._take_drift(source, run)
        elif isinstance(run, InventoryRun):
            if self._is_of_tenant(source, run):
                by_name = {(one.direction, one.name.casefold()): one for one in run.connectors}
                self.inventories.append(self._piece(source, by_name))
        elif isinstance(run, ReviewRun):
            self._take_review(source, run)
        elif isinstance(run, HistoryRun):
            self.updates += [self._piece(source, update) for update in run.updates]

    def _take_drift(self, source: Source, run: DriftRun) -> None:
        self.drift_runs.append(self._piece(source, run))
        for drift in run.drift:
            if (found := self._whose(source, drift.partner)) is not None:
                found.drifts.append(self._piece(source, drift))

    def _take_review(self, source: Source, run: ReviewRun) -> None:
        self.reviews.append(self._piece(source, run))
        for partner in run.partners:
            # A partner that goes away is declared no more.
            if (found := self._whose(source, partner.name)) is not None:
                found.planned.append(self._piece(source, partner))

    def _is_of_tenant(self, source: Source, run: WithWays) -> bool:
        if not isinstance(run, InventoryRun) or not self._tenant or run.tenant.casefold() == self._tenant:
            return True
        said = f"Input {source.number} is of the tenant {run.tenant}, and the stack {self.stack} declares another one"
        if not any(said in remark for remark in self.remarks):
            self.remarks.append(f"{said}: it was not used.")
        return False

    def _take_verified(self, source: Source, run: VerifyRun) -> None:
        nobodys = 0
        for judgement in run.judgements:
            if judgement.partner is None:
                nobodys += 1
            elif (found := self._whose(source, judgement.partner)) is not None:
                found.judgements.append(self._piece(source, judgement, dated(judgement, run.started)))
        for line in run.traffic:
            if (found := self._whose(source, line.partner)) is not None:
                found.traffic.append(self._piece(source, line))
        if nobodys:
            self.remarks.append(
                f"Input {source.number} ({run.command}): {nobodys} {'entry names' if nobodys == 1 else 'entries name'} "
                "no partner, so nothing about one rests on them. Give the partner with --for."
            )

    def _whose(self, source: Source, name: str) -> OfPartner | None:
        declared = self._names.get(name.casefold())
        if declared is None:
            self._strangers[name][source.number] += 1
            return None
        return self._partners[declared]

    def _piece(self, source: Source, what: T, made: datetime.datetime | None = None) -> Piece[T]:
        started = source.run.started if source.run else self._now
        when = made or started
        # A message's day may be tomorrow's elsewhere in the world.
        ahead = source.ahead or when > self._now + datetime.timedelta(days=1)
        return Piece(what, source, when, ahead)


def dated(judgement: WrittenJudgement, started: datetime.datetime) -> datetime.datetime:
    """When what a judgement shows was so: the day of a message, the last day of a month, the minute of a probe."""
    if judgement.kind == "message" and (day := _moment(_DAY, judgement.fact("date"))):
        return min(day, started) if day.date() == started.date() else day
    if judgement.kind == "traffic" and (days := list(_moments(judgement.subject))):
        return min(max(days), started) if max(days).date() == started.date() else max(days)
    if made := judgement.fact("probe made"):
        return _moment(_MINUTE, made) or started
    return started


def _moments(text: str) -> Iterator[datetime.datetime]:
    for found in _DAY.finditer(text):
        if moment := _moment(_DAY, found[0]):
            yield moment


def _moment(pattern: re.Pattern[str], text: str) -> datetime.datetime | None:
    if not (found := pattern.match(text)):
        return None
    try:
        return datetime.datetime.fromisoformat(found[0]).replace(tzinfo=datetime.UTC)
    except ValueError:
        return None


def newest(pieces: Iterable[Piece[T]]) -> Piece[T] | None:
    """The newest; of several of one time the last that was given."""
    return max(enumerate(pieces), key=lambda item: (item[1].made, item[0]), default=(0, None))[1]
