"""What has to be true of a direction of a partner's mail, and how it stands with it by what the inputs say. Pure.

A standing rests on inputs in hand: what nobody looked at is not proven, and says which command would prove it. What is
seen of a state (servers, the tenant) counts as it was last; what is seen of mail counts whatever came later.
"""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exchange_online.connectors import ConnectorSettings, Direction, InboundSettings, changes, check, listed, mail_flow
from regulated_partners.effects import EffectKind
from regulated_partners.effects.change import classify
from regulated_partners.evidence.gathering import Gathered, OfPartner, Piece, newest
from regulated_partners.evidence.inputs import WrittenConnector, WrittenJudgement
from regulated_partners.evidence.report import Claim, ClaimId, Origin, Standing, worst_of
from regulated_partners.partners import Pair
from regulated_partners.probing.verdicts import Verdict, settings_digest, worst

#: Reasons in a claim; the further ones are counted.
_MOST_REASONS = 6
#: Days before a certificate ends at which that is a warning.
_SOON = 30
_STANDINGS = {
    Verdict.PASSED: Standing.PROVEN,
    Verdict.WARNING: Standing.ATTENTION,
    Verdict.NOT_REACHABLE: Standing.NOT_PROVEN,
    Verdict.UNKNOWN: Standing.NOT_PROVEN,
    Verdict.FAILED: Standing.CONTRADICTED,
}
#: Verdicts that say something about a message or a month; the others leave the question open.
_SPEAKING = (Verdict.PASSED, Verdict.WARNING, Verdict.FAILED)
#: Kinds of judgements about the partner's receiving side: of several looks the newest counts.
SERVERS = ("server", "domain")
#: Properties by which the partner is known: another value is no weaker one, and may be another's.
_IDENTITY = ("tlsDomain", "tlsSenderCertificateName", "senderIpAddresses")
_VALIDATION, _TRACE, _CONNECTOR, _OTHERS = "Validate-OutboundConnector", "message ", "connector ", "other ways"

#: Declared values that say nothing about mail (also in `verify`): where one of the others is secret, nothing is proven.
NOT_ABOUT_MAIL = frozenset({"comment", "inbound.comment", "outbound.comment", "acknowledge.reason"})


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


def claims(question: Question) -> tuple[Claim, ...]:
    """The claims about both directions, mail from the partner first."""
    return tuple(claim for direction in Direction for claim in _Direction(question, direction).claims())


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
class _Observation:
    """What was seen of a state, and when."""

    standing: Standing
    text: str
    piece: Piece[object]
    reasons: tuple[str, ...] = ()


class _Direction:
    """The claims about one direction."""

    def __init__(self, question: Question, direction: Direction) -> None:
        self._question, self._direction = question, direction
        self._pair, self._given = question.pair, question.given
        self._half = question.pair.half(direction)
        self._settings: ConnectorSettings = self._half.settings

    def claims(self) -> Iterator[Claim]:
        yield self._demanded()
        yield self._deployed()
        yield self._only_way()
        if self._direction is Direction.OUTBOUND:
            yield self._servers()
        yield from self._certificate()
        yield self._mail()

    def _claim(
        self,
        claim: ClaimId,
        standing: Standing,
        text: str,
        *,
        reasons: Sequence[str] = (),
        prove: str = "",
        rests_on: Iterable[Piece[object]] = (),
    ) -> Claim:
        origins = dict.fromkeys(piece.origin for piece in rests_on)
        more = len(reasons) - _MOST_REASONS
        told = (*reasons[:_MOST_REASONS], *([f"And {more} more."] if more > 0 else []))
        return Claim(
            id=claim,
            direction=self._direction.word,
            standing=standing,
            text=text,
            reasons=told,
            prove=prove if standing in (Standing.NOT_PROVEN, Standing.CONTRADICTED) else "",
            rests_on=_few(tuple(origins)),
        )

    def _demanded(self) -> Claim:
        flow = _sentence(mail_flow(self._settings))
        if secret := sorted(self._pair.secret - NOT_ABOUT_MAIL):
            text = f"Declared values are secret ({', '.join(secret)}), which only the engine can read."
            return self._claim(ClaimId.DEMANDED, Standing.NOT_PROVEN, text)
        if not self._settings.enabled:
            text = "The declaration itself switches this connector off, so nothing is demanded of this mail."
            return self._claim(ClaimId.DEMANDED, Standing.CONTRADICTED, text, reasons=[flow])
        if not self._settings.in_use or not self._settings.demands_tls:
            text = "The declaration itself does not demand TLS of this mail."
            return self._claim(ClaimId.DEMANDED, Standing.CONTRADICTED, text, reasons=[flow])
        if limits := tuple(_limits(self._settings)):
            text = "The declaration demands TLS, and not of all mail of the partner."
            return self._claim(ClaimId.DEMANDED, Standing.ATTENTION, text, reasons=[flow, *limits])
        return self._claim(ClaimId.DEMANDED, Standing.PROVEN, flow)

    # The tenant.

    def _deployed(self) -> Claim:
        observed = [*self._inventoried(), *self._as_service_says(), *self._drifted()]
        prove = self._question.command("inventory")
        if self._pair.secret - NOT_ABOUT_MAIL:
            text = "Declared values are secret, so the tenant's cannot be compared with them."
            return self._claim(ClaimId.DEPLOYED, Standing.NOT_PROVEN, text)
        last = newest([_as_piece(one) for one in sorted(observed, key=lambda one: _rank(one.standing))])
        if last is None:
            text = "Nobody has looked whether the tenant has this connector."
            if self._question.gathered.drift_runs:
                text += " `drift` names what differs, and not what it has compared."
            return self._claim(ClaimId.DEPLOYED, Standing.NOT_PROVEN, text, prove=prove)
        found = last.what
        standing, text = _not_ahead(found.standing, found.text, last)
        return self._claim(ClaimId.DEPLOYED, standing, text, reasons=found.reasons, prove=prove, rests_on=[found.piece])

    def _inventoried(self) -> Iterator[_Observation]:
        key = (self._direction, self._settings.name.casefold())
        for piece in self._question.gathered.inventories:
            found = piece.what.get(key)
            if found is None:
                text = f"The tenant had no {self._direction.word} connector named '{self._settings.name}'."
                yield _Observation(Standing.CONTRADICTED, text, piece)
            else:
                yield self._compared(found, piece)

    def _compared(self, found: WrittenConnector, piece: Piece[object]) -> _Observation:
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
                return _Observation(Standing.CONTRADICTED, f"{text}, {how}.", piece, tuple(told))
            return _Observation(Standing.ATTENTION, f"{text}; it protects no less.", piece, tuple(told))
        text = f"'{found.name}', {self._identified(found)}."
        if found.managed_by is None:
            return _Observation(Standing.ATTENTION, text, piece, ("No stack of the project has it in its state.",))
        if found.managed_by != self._question.gathered.stack.rpartition("/")[2]:
            said = "Another stack has it in its state, and may change it."
            return _Observation(Standing.ATTENTION, text, piece, (said,))
        return _Observation(Standing.PROVEN, text, piece)

    def _identified(self, found: WrittenConnector) -> str:
        """Which connector it is, and since when it is as it is."""
        changed = (found.when_changed_utc or "")[:16].replace("T", " ")
        said = [f"Guid {found.id}" if found.id else "without a Guid"]
        said += [f"last changed {changed} UTC"] if changed else []
        if found.managed_by and found.managed_by != self._question.gathered.stack.rpartition("/")[2]:
            said.append(f"managed by the stack {found.managed_by}")
        return ", ".join(said)

    def _as_service_says(self) -> Iterator[_Observation]:
        for piece in self._judged("service"):
            judged = piece.what
            if judged.subject.startswith(_CONNECTOR) and fits(judged, self._settings):
                said = tuple(finding.text for finding in judged.findings)
                as_declared = judged.verdict in (Verdict.PASSED, Verdict.WARNING)
                text = "The tenant has it, as declared." if as_declared else "The tenant's is not as declared."
                yield _Observation(_STANDINGS[judged.verdict], text, piece, said)

    def _drifted(self) -> Iterator[_Observation]:
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
                yield _Observation(standing, text, piece, tuple(told))

    def _only_way(self) -> Claim:
        observed = [*self._looked(), *self._looked_by_service()]
        prove = self._question.command("inventory")
        last = newest([_as_piece(one) for one in sorted(observed, key=lambda one: _rank(one.standing))])
        traced = [
            piece
            for piece in self._judged("service")
            if piece.what.subject.startswith(_TRACE)
            and piece.what.verdict is Verdict.FAILED
            and fits(piece.what, self._settings)
        ]
        if traced:
            said = [finding.text for piece in traced for finding in piece.what.findings]
            text = "Messages went another way."
            return self._claim(
                ClaimId.ONLY_WAY, Standing.CONTRADICTED, text, reasons=said, prove=prove, rests_on=traced
            )
        if last is None:
            text = "Nobody has looked for other connectors and rules that can take this mail."
            return self._claim(ClaimId.ONLY_WAY, Standing.NOT_PROVEN, text, prove=prove)
        found = last.what
        standing, text = _not_ahead(found.standing, found.text, last)
        since = self._question.declared_since
        if standing is Standing.PROVEN and since is not None and last.made < since:
            standing = Standing.ATTENTION
            text += f" That was seen before the declaration was last changed ({since:%Y-%m-%d}): look again."
        return self._claim(ClaimId.ONLY_WAY, standing, text, reasons=found.reasons, prove=prove, rests_on=[found.piece])

    def _looked(self) -> Iterator[_Observation]:
        name = self._pair.name.casefold()
        for piece in self._question.gathered.ways:
            ways = [
                way
                for way in piece.what.run.other_ways
                if way.direction is self._direction and name in (owner.casefold() for owner in way.partners)
            ]
            alarms = tuple(way.text for way in ways if way.weight != "note")
            if alarms:
                yield _Observation(Standing.CONTRADICTED, "This mail has another way.", piece, alarms)
            elif piece.what.problem:
                text = "Not everything in the tenant could be looked at."
                yield _Observation(Standing.NOT_PROVEN, text, piece, (piece.what.problem,))
            else:
                text = "No other connector or rule was found that takes or refuses this mail."
                yield _Observation(Standing.PROVEN, text, piece)

    def _looked_by_service(self) -> Iterator[_Observation]:
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
            yield _Observation(standing, text, piece, tuple(finding.text for finding in said))

    # The partner's side.

    def _servers(self) -> Claim:
        pieces = [piece for piece in self._judged(*SERVERS) if fits(piece.what, self._settings)]
        last = newest(pieces)
        prove = self._question.command("verify partner", self._pair.name)
        validated = newest(
            piece
            for piece in self._judged("service")
            if piece.what.subject.startswith(_VALIDATION) and fits(piece.what, self._settings)
        )
        failed = validated is not None and validated.what.verdict is Verdict.FAILED
        if last is None and not (failed and validated is not None):
            stale = any(self._judged(*SERVERS))
            text = (
                "The partner's servers were judged by another declaration than today's."
                if stale
                else ("Nobody has looked at the partner's receiving servers.")
            )
            return self._claim(ClaimId.SERVERS, Standing.NOT_PROVEN, text, prove=prove)
        of_run = [piece for piece in pieces if last is not None and piece.source == last.source]
        verdict = worst(piece.what.verdict for piece in of_run) if of_run else Verdict.UNKNOWN
        standing, text = self._of_servers(verdict, of_run)
        reasons = _told(of_run)
        rests: list[Piece[object]] = [*of_run]
        if failed and validated is not None:
            standing, text = Standing.CONTRADICTED, "Exchange Online's own validation of the connector failed."
            reasons = [finding.text for finding in validated.what.findings] + reasons
            rests.append(validated)
        if last is not None:
            standing, text = _not_ahead(standing, text, last)
        return self._claim(ClaimId.SERVERS, standing, text, reasons=reasons, prove=prove, rests_on=rests)

    def _of_servers(self, verdict: Verdict, pieces: Sequence[Piece[WrittenJudgement]]) -> tuple[Standing, str]:
        servers = [piece for piece in pieces if piece.what.kind == "server"]
        standing = _STANDINGS[verdict]
        if standing in (Standing.PROVEN, Standing.ATTENTION) and not servers:
            return Standing.NOT_PROVEN, "The partner's domain was looked at, and no server of it."
        text = {
            Verdict.PASSED: f"Every server that was found ({len(servers)}) does what is demanded.",
            Verdict.WARNING: f"Every server that was found ({len(servers)}) does what is demanded; see the warnings.",
            Verdict.NOT_REACHABLE: "The servers could not be reached from where it was tried, which says nothing "
            "about the partner.",
            Verdict.UNKNOWN: "The servers were looked at, and did not show all that is demanded.",
            Verdict.FAILED: "A server of the partner does not do what is demanded, or mail cannot get there.",
        }[verdict]
        ends = min((piece.what.not_after for piece in servers if piece.what.not_after), default=None)
        return self._still_valid(standing, text, ends)

    def _still_valid(self, standing: Standing, text: str, ends: datetime.datetime | None) -> tuple[Standing, str]:
        if ends is None or standing not in (Standing.PROVEN, Standing.ATTENTION):
            return standing, text
        if ends < self._question.now:
            return (
                Standing.NOT_PROVEN,
                f"A certificate that was seen then has expired since ({ends:%Y-%m-%d}): look again.",
            )
        if (days := (ends - self._question.now).days) < _SOON:
            return Standing.ATTENTION, f"{text} A certificate expires in {days} days, on {ends:%Y-%m-%d}."
        return standing, text

    def _certificate(self) -> Iterator[Claim]:
        """Only where one was handed over: a certificate in a file proves nothing about mail."""
        pieces = [piece for piece in self._judged("certificate") if fits(piece.what, self._settings)]
        last = newest(pieces)
        if last is None:
            return
        standing = _STANDINGS[last.what.verdict]
        standing, text = self._still_valid(standing, _certificate_text(standing), last.what.not_after)
        standing, text = _not_ahead(standing, text, last)
        name = ClaimId.CERTIFICATE
        prove = self._question.command("verify certificate FILE", "--for", self._pair.name)
        yield self._claim(name, standing, text, reasons=_told([last]), prove=prove, rests_on=[last])

    # Mail.

    def _mail(self) -> Claim:
        # A message that shows no border is nobody's direction: it was looked at, and shows nothing.
        unclear = [piece for piece in self._given.judgements if piece.what.direction is None and _is_mail(piece.what)]
        pieces = [*self._judged("message", "traffic"), *unclear]
        fitting = [piece for piece in self._judged("message", "traffic") if fits(piece.what, self._settings)]
        speaking = [piece for piece in fitting if piece.what.verdict in _SPEAKING]
        counting = [piece for piece in speaking if not piece.ahead or piece.what.verdict is Verdict.FAILED]
        prove = self._question.command("verify traffic FILE...", "--for", self._pair.name)
        if not counting:
            text = "No message and no month of traffic was looked at."
            if speaking:
                text = "What was looked at is dated in the future, so a clock is wrong."
            elif pieces:
                text = "What was looked at does not show how this mail crossed."
                if not fitting and not unclear:
                    text = "What was looked at was judged by another declaration than today's."
            return self._claim(ClaimId.MAIL, Standing.NOT_PROVEN, text, reasons=_told(pieces), prove=prove)
        standing = worst_of(_STANDINGS[piece.what.verdict] for piece in counting)
        return self._claim(
            ClaimId.MAIL,
            standing,
            _of_mail(standing, counting),
            reasons=_told([piece for piece in counting if piece.what.verdict is not Verdict.PASSED]),
            prove=prove,
            rests_on=counting,
        )

    def _judged(self, *kinds: str) -> list[Piece[WrittenJudgement]]:
        return [
            piece
            for piece in self._given.judgements
            if piece.what.kind in kinds and piece.what.direction is self._direction
        ]


def _limits(settings: ConnectorSettings) -> Iterator[str]:
    """Of whose mail nothing is demanded although the connector is the partner's."""
    if not isinstance(settings, InboundSettings):
        return
    if settings.recognised_by_addresses:
        yield "Nothing is demanded of mail that comes from other addresses than those that are listed."
    if settings.associated_accepted_domains:
        yield f"It is for mail to {listed(settings.associated_accepted_domains, 'and')} only."
    if settings.trusted_organizations:
        yield f"Mail of {listed(settings.trusted_organizations, 'and')} is trusted whatever else is demanded."


def _is_mail(judgement: WrittenJudgement) -> bool:
    return judgement.kind in ("message", "traffic")


def _of_mail(standing: Standing, pieces: Sequence[Piece[WrittenJudgement]]) -> str:
    messages = sum(piece.what.kind == "message" for piece in pieces)
    months = [piece.what.subject for piece in pieces if piece.what.kind == "traffic"]
    looked = [f"{messages} {'message' if messages == 1 else 'messages'}"] if messages else []
    looked += [f"the traffic of {period}" for period in dict.fromkeys(months)]
    what = " and ".join([", ".join(looked[:-1]), looked[-1]] if len(looked) > 1 else looked)
    if standing is Standing.CONTRADICTED:
        failed = [piece.what.subject for piece in pieces if piece.what.verdict is Verdict.FAILED]
        return f"Of what was looked at ({what}), some did not cross as demanded: {', '.join(failed[:3])}."
    return f"Looked at: {what}."


def _certificate_text(standing: Standing) -> str:
    if standing is Standing.CONTRADICTED:
        return "The connector would not take the certificate that was handed over."
    if standing is Standing.NOT_PROVEN:
        return "The certificate that was handed over does not show what is demanded."
    return "The connector would take the certificate that was handed over; whether the partner uses it, no file shows."


def _told(pieces: Iterable[Piece[WrittenJudgement]]) -> list[str]:
    """The findings that matter, each with what it is about."""
    told = []
    for piece in pieces:
        judged = piece.what
        levels = ("error",) if judged.verdict is Verdict.FAILED else ("error", "warning")
        said = [finding.text for finding in judged.findings if finding.level in levels]
        if not said and judged.verdict in (Verdict.UNKNOWN, Verdict.NOT_REACHABLE):
            said = [finding.text for finding in judged.findings][:1] or [f"{judged.verdict.value}."]
        told += [f"{judged.subject}: {text}" for text in said]
    return list(dict.fromkeys(told))


def _not_ahead(standing: Standing, text: str, piece: Piece[object]) -> tuple[Standing, str]:
    """What is dated in the future proves nothing; what it contradicts stays so."""
    if piece.ahead and standing in (Standing.PROVEN, Standing.ATTENTION):
        return Standing.NOT_PROVEN, "What shows it is dated in the future, so a clock is wrong: look again."
    return standing, text


def _as_piece(one: _Observation) -> Piece[_Observation]:
    return Piece(one, one.piece.source, one.piece.made, one.piece.ahead)


def _rank(standing: Standing) -> int:
    """For sorting: of two observations of one time the worse is the last, which counts."""
    return tuple(Standing).index(standing)


def _few(origins: tuple[Origin, ...]) -> tuple[Origin, ...]:
    """One for each input, its oldest: thousands of messages may stand in one."""
    oldest: dict[int, Origin] = {}
    for origin in sorted(origins, key=lambda one: one.made):
        oldest.setdefault(origin.input, origin)
    return tuple(oldest[number] for number in sorted(oldest))


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}." if clause else ""
