"""What the inputs say of the tenant: looks at one connector, and at the other ways of its mail. Pure."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from exchange_online.connectors import ConnectorSettings, Direction, changes, check
from regulated_partners.effects import EffectKind
from regulated_partners.effects.change import classify
from regulated_partners.evidence.gathered import Gathered, OfPartner, Piece, newest
from regulated_partners.evidence.records import WrittenConnector, WrittenJudgement
from regulated_partners.evidence.report import Standing
from regulated_partners.partners import Pair
from regulated_partners.probing.verdicts import Verdict, settings_digest

STANDINGS = {
    Verdict.PASSED: Standing.PROVEN,
    Verdict.WARNING: Standing.ATTENTION,
    Verdict.NOT_REACHABLE: Standing.NOT_PROVEN,
    Verdict.UNKNOWN: Standing.NOT_PROVEN,
    Verdict.FAILED: Standing.CONTRADICTED,
}
#: Properties by which the partner is known: another value is no weaker one, and may be another's.
_IDENTITY = ("tlsDomain", "tlsSenderCertificateName", "senderIpAddresses")
#: How the subjects of `verify service` begin.
_CONNECTOR, _OTHERS = "connector ", "other ways"


@dataclass(frozen=True)
class Question:
    """One partner of a stack, what was given about it, and the day.

    Attributes:
        declared_since: when the declaration was last changed, as its commit says; None where nobody can say.
    """

    pair: Pair
    given: OfPartner
    gathered: Gathered
    now: datetime.datetime
    declared_since: datetime.datetime | None = None

    def command(self, words: str, *arguments: str) -> str:
        """A command that proves something, for a shell."""
        return " ".join(["regulated-partners", words, *map(shlex.quote, arguments), *self._options])

    @property
    def _options(self) -> tuple[str, ...]:
        return "--stack", shlex.quote(self.gathered.stack), "--json"


def why_not(judgement: WrittenJudgement, settings: ConnectorSettings) -> str:
    """Why a judgement does not count, a sentence: it was not made by what is declared now. Empty where it counts."""
    if judgement.connector_sha256 == settings_digest(settings):
        return ""
    if judgement.connector_sha256 is None:
        return "It does not say by which settings it was judged, so it does not count."
    return "Judged by another declaration than today's, so it does not count."


def fits(judgement: WrittenJudgement, settings: ConnectorSettings) -> bool:
    """Whether a judgement was made by what is declared now."""
    return not why_not(judgement, settings)


@dataclass(frozen=True)
class Observation:
    """What was seen of a state, and when."""

    standing: Standing
    text: str
    piece: Piece[object]
    reasons: tuple[str, ...] = ()


class Looks:
    """The looks at the tenant that are about one direction of a partner's mail.

    Args:
        question: about the partner.
        direction: of the mail.
    """

    def __init__(self, question: Question, direction: Direction) -> None:
        self._question, self._direction = question, direction
        self._pair, self._given = question.pair, question.given
        self._settings: ConnectorSettings = question.pair.half(direction).settings

    def connector(self) -> tuple[Observation, ...]:
        """What was seen of the connector."""
        return (*self._inventoried(), *self._as_service_says(), *self._drifted())

    def ways(self) -> tuple[Observation, ...]:
        """What was seen of other ways."""
        return (*self._looked(), *self._looked_by_service())

    def judged(self, *kinds: str) -> list[Piece[WrittenJudgement]]:
        """The judgements of some kinds about this direction."""
        return [
            piece
            for piece in self._given.judgements
            if piece.what.kind in kinds and piece.what.direction is self._direction
        ]

    def _inventoried(self) -> Iterator[Observation]:
        key = (self._direction, self._settings.name.casefold())
        for piece in self._question.gathered.inventories:
            found = piece.what.get(key)
            if found is None:
                text = f"The tenant had no {self._direction.word} connector named '{self._settings.name}'."
                yield Observation(Standing.CONTRADICTED, text, piece)
            else:
                yield self._compared(found, piece)

    def _compared(self, found: WrittenConnector, piece: Piece[object]) -> Observation:
        in_tenant = check(self._direction, found.settings).settings
        different = [change for change in changes(in_tenant, self._settings) if change.parameter.key != "comment"]
        if different:
            effects = classify(self._settings, in_tenant)
            weaker = [effect for effect in effects if effect.kind is EffectKind.WEAKENS]
            identity = any(change.parameter.key in _IDENTITY for change in different)
            told = [f"As declared and not in the tenant: {change}." for change in different]
            told = [f"Weaker: {effect.reason}." for effect in weaker] + told
            text = "The connector in the tenant is not as declared"
            if weaker or identity:
                how = "and protects less" if weaker else "and knows the partner by something else"
                return Observation(Standing.CONTRADICTED, f"{text}, {how}.", piece, tuple(told))
            return Observation(Standing.ATTENTION, f"{text}; it protects no less.", piece, tuple(told))
        text = f"'{found.name}', {self._identified(found)}."
        if found.managed_by is None:
            return Observation(Standing.ATTENTION, text, piece, ("No stack of the project has it in its state.",))
        if found.managed_by != self._question.gathered.stack.rpartition("/")[2]:
            said = "Another stack has it in its state, and may change it."
            return Observation(Standing.ATTENTION, text, piece, (said,))
        return Observation(Standing.PROVEN, text, piece)

    def _identified(self, found: WrittenConnector) -> str:
        """Which connector it is, and since when it is as it is."""
        changed = (found.when_changed_utc or "")[:16].replace("T", " ")
        said = [f"Guid {found.id}" if found.id else "without a Guid"]
        said += [f"last changed {changed} UTC"] if changed else []
        if found.managed_by and found.managed_by != self._question.gathered.stack.rpartition("/")[2]:
            said.append(f"managed by the stack {found.managed_by}")
        return ", ".join(said)

    def _as_service_says(self) -> Iterator[Observation]:
        for piece in self.judged("service"):
            judged = piece.what
            if judged.subject.startswith(_CONNECTOR) and fits(judged, self._settings):
                said = tuple(finding.text for finding in judged.findings)
                as_declared = judged.verdict in (Verdict.PASSED, Verdict.WARNING)
                text = "The tenant has it, as declared." if as_declared else "The tenant's is not as declared."
                yield Observation(STANDINGS[judged.verdict], text, piece, said)

    def _drifted(self) -> Iterator[Observation]:
        last = newest(self._question.gathered.drift_runs)
        for piece in self._given.drifts:
            drift = piece.what
            # What an earlier look found and the newest did not is mended.
            if last is None or piece.source != last.source:
                continue
            if drift.direction is self._direction and drift.connector.casefold() == self._settings.name.casefold():
                weaker = [effect.reason for effect in drift.effects if effect.kind == EffectKind.WEAKENS.value]
                standing = Standing.CONTRADICTED if drift.gone or weaker else Standing.ATTENTION
                text = "The connector is gone." if drift.gone else "Somebody changed it outside of the stack."
                told = [f"Weaker: {reason}." for reason in weaker]
                told += [f"{one.parameter}: deployed {one.declared}, found {one.found}." for one in drift.properties]
                yield Observation(standing, text, piece, tuple(told))

    def _looked(self) -> Iterator[Observation]:
        name = self._pair.name.casefold()
        for piece in self._question.gathered.ways:
            ways = [
                way
                for way in piece.what.run.other_ways
                if way.direction is self._direction and name in (owner.casefold() for owner in way.partners)
            ]
            alarms = tuple(way.text for way in ways if way.weight != "note")
            if alarms:
                yield Observation(Standing.CONTRADICTED, "This mail has another way.", piece, alarms)
            elif piece.what.problem:
                text = "Not everything in the tenant could be looked at."
                yield Observation(Standing.NOT_PROVEN, text, piece, (piece.what.problem,))
            else:
                text = "No other connector or rule was found that takes or refuses this mail."
                yield Observation(Standing.PROVEN, text, piece)

    def _looked_by_service(self) -> Iterator[Observation]:
        for piece in self._given.judgements:
            judged = piece.what
            if judged.kind != "service" or not judged.subject.startswith(_OTHERS):
                continue
            # The sentences begin with the direction; one without is about the look itself, and so about both.
            other = f"{self._direction.other.word}: "
            said = [finding for finding in judged.findings if not finding.text.startswith(other)]
            levels = {finding.level for finding in said}
            standing = Standing.PROVEN
            if "error" in levels:
                standing = Standing.CONTRADICTED
            elif "warning" in levels or judged.verdict in (Verdict.UNKNOWN, Verdict.NOT_REACHABLE):
                standing = Standing.NOT_PROVEN
            text = {
                Standing.PROVEN: "No other connector or rule was found that takes or refuses this mail.",
                Standing.NOT_PROVEN: "Not everything in the tenant could be looked at.",
                Standing.CONTRADICTED: "This mail has another way.",
            }[standing]
            yield Observation(standing, text, piece, tuple(finding.text for finding in said))
