"""What has to be true of a direction of a partner's mail, and how it stands with it by what the inputs say. Pure.

A standing rests on inputs in hand: what nobody looked at is not proven, and says which command would prove it. What is
seen of a state (servers, the tenant) counts as it was last; what is seen of mail counts whatever came later.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from exchange_online.connectors import ConnectorSettings, Direction, InboundSettings, listed, mail_flow
from regulated_partners.evidence.gathered import Piece, newest
from regulated_partners.evidence.looks import STANDINGS, Looks, Observation, Question, fits
from regulated_partners.evidence.records import WrittenJudgement
from regulated_partners.evidence.report import Claim, ClaimId, Origin, Standing, worst_of
from regulated_partners.probing.verdicts import Verdict, worst
from regulated_partners.review.report import sentence
from regulated_partners.verify.declared import NOT_ABOUT_MAIL

#: Reasons in a claim; the further ones are counted.
_MOST_REASONS = 6
#: Days before a certificate ends at which that is a warning.
_SOON = 30
#: Verdicts that say something about a message or a month; the others leave the question open.
_SPEAKING = (Verdict.PASSED, Verdict.WARNING, Verdict.FAILED)
#: Kinds of judgements about the partner's receiving side: of several looks the newest counts.
SERVERS = ("server", "domain")
#: How subjects of `verify service` begin.
_VALIDATION, _TRACE = "Validate-OutboundConnector", "message "


def claims(question: Question) -> tuple[Claim, ...]:
    """The claims about both directions, mail from the partner first."""
    return tuple(claim for direction in Direction for claim in _Direction(question, direction).claims())


class _Direction:
    """The claims about one direction."""

    def __init__(self, question: Question, direction: Direction) -> None:
        self._question, self._direction = question, direction
        self._pair, self._given = question.pair, question.given
        self._settings: ConnectorSettings = question.pair.half(direction).settings
        self._looks = Looks(question, direction)

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
        flow = sentence(mail_flow(self._settings))
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
        observed = self._looks.connector()
        prove = self._question.command("inventory")
        if self._pair.secret - NOT_ABOUT_MAIL:
            text = "Declared values are secret, so the tenant's cannot be compared with them."
            return self._claim(ClaimId.DEPLOYED, Standing.NOT_PROVEN, text)
        last = _last(observed)
        if last is None:
            text = "Nobody has looked whether the tenant has this connector."
            if self._question.gathered.drift_runs:
                text += " `drift` names what differs, and not what it has compared."
            return self._claim(ClaimId.DEPLOYED, Standing.NOT_PROVEN, text, prove=prove)
        found = last.what
        standing, text = _not_ahead(found.standing, found.text, last)
        return self._claim(ClaimId.DEPLOYED, standing, text, reasons=found.reasons, prove=prove, rests_on=[found.piece])

    def _only_way(self) -> Claim:
        observed = self._looks.ways()
        prove = self._question.command("inventory")
        last = _last(observed)
        traced = [
            piece
            for piece in self._looks.judged("service")
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

    # The partner's side.

    def _servers(self) -> Claim:
        pieces = [piece for piece in self._looks.judged(*SERVERS) if fits(piece.what, self._settings)]
        last = newest(pieces)
        prove = self._question.command("verify partner", self._pair.name)
        validated = newest(
            piece
            for piece in self._looks.judged("service")
            if piece.what.subject.startswith(_VALIDATION) and fits(piece.what, self._settings)
        )
        failed = validated is not None and validated.what.verdict is Verdict.FAILED
        if last is None and not (failed and validated is not None):
            stale = any(self._looks.judged(*SERVERS))
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
        standing = STANDINGS[verdict]
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
        pieces = [piece for piece in self._looks.judged("certificate") if fits(piece.what, self._settings)]
        last = newest(pieces)
        if last is None:
            return
        standing = STANDINGS[last.what.verdict]
        standing, text = self._still_valid(standing, _certificate_text(standing), last.what.not_after)
        standing, text = _not_ahead(standing, text, last)
        name = ClaimId.CERTIFICATE
        prove = self._question.command("verify certificate FILE", "--for", self._pair.name)
        yield self._claim(name, standing, text, reasons=_told([last]), prove=prove, rests_on=[last])

    # Mail.

    def _mail(self) -> Claim:
        # A message that shows no border is nobody's direction: it was looked at, and shows nothing.
        unclear = [piece for piece in self._given.judgements if piece.what.direction is None and _is_mail(piece.what)]
        pieces = [*self._looks.judged("message", "traffic"), *unclear]
        fitting = [piece for piece in self._looks.judged("message", "traffic") if fits(piece.what, self._settings)]
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
        standing = worst_of(STANDINGS[piece.what.verdict] for piece in counting)
        return self._claim(
            ClaimId.MAIL,
            standing,
            _of_mail(standing, counting),
            reasons=_told([piece for piece in counting if piece.what.verdict is not Verdict.PASSED]),
            prove=prove,
            rests_on=counting,
        )


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


def _last(observed: Iterable[Observation]) -> Piece[Observation] | None:
    """The newest; of two of one time the worse one, because the last of equals counts."""
    worst_last = sorted(observed, key=lambda one: one.standing.rank)
    return newest([Piece(one, one.piece.source, one.piece.made, one.piece.ahead) for one in worst_last])


def _few(origins: tuple[Origin, ...]) -> tuple[Origin, ...]:
    """One for each input, its oldest: thousands of messages may stand in one."""
    oldest: dict[int, Origin] = {}
    for origin in sorted(origins, key=lambda one: one.made):
        oldest.setdefault(origin.input, origin)
    return tuple(oldest[number] for number in sorted(oldest))
