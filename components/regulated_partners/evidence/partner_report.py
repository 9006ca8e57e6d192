"""Everything about one partner: its claims, and what they rest on, as the report shows it. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from exchange_online.connectors import SECRET, Direction, InboundSettings, OutboundSettings, TlsSettings, mail_flow
from regulated_partners.evidence.claims import SERVERS, claims
from regulated_partners.evidence.gathered import Piece, newest
from regulated_partners.evidence.looks import Question, why_not
from regulated_partners.evidence.records import WrittenJudgement, WrittenTraffic
from regulated_partners.evidence.report import (
    Certificate,
    Claim,
    Connector,
    Consent,
    Expiry,
    Gateway,
    OtherWay,
    PartnerReport,
    Planned,
    Policies,
    Seen,
    Standing,
    Traffic,
    worst_of,
)
from regulated_partners.review.report import sentence
from regulated_partners.verify.declared import NOT_ABOUT_MAIL

#: Rows of a list that the report holds of one partner; the further ones are counted in a note.
_MOST_ROWS = 40
_MOST_FACTS = 12
#: Characters of a fact and of a finding.
_LONGEST_FACT, _LONGEST_SAYING = 400, 1_000
#: Facts that are shown of each kind of judgement, in this order: the inputs have the others.
_FACTS = {
    "server": ("probe", "protocol", "cipher", "chain", "asks for a client certificate", "probe made"),
    "domain": ("MX", "DNSSEC", "DANE", "MTA-STS", "TLS-RPT", "probe made"),
    "message": ("transport", "from", "by", "protocol", "cipher", "client certificate", "date", "whose message"),
    "certificate": ("chain",),
    "service": ("enabled", "changed", "status", "connector"),
    "traffic": (),
}
_KINDS = tuple(_FACTS)
#: Addresses and hosts that the picture names; the further ones are counted.
_MOST_NAMED = 3


@dataclass(frozen=True)
class About:
    """What the stack says about a partner beside its connectors."""

    policies: Policies
    consents: tuple[Consent, ...]


def partner_report(question: Question, about: About) -> PartnerReport:
    """The report of one partner."""
    pair, given = question.pair, question.given
    found = claims(question)
    seen, notes = _seen(question)
    certificates = tuple(_certificates(given.judgements))[:_MOST_ROWS]
    secret = bool(pair.secret - NOT_ABOUT_MAIL)
    return PartnerReport(
        stack=question.gathered.stack,
        name=pair.name,
        domains=(SECRET,) if any(place.startswith("domains") for place in pair.secret) else pair.domains,
        comment=SECRET if "comment" in pair.secret else (pair.partner.comment or ""),
        standing=worst_of(claim.standing for claim in found),
        claims=found,
        oldest=_oldest(found),
        expiry=_next(certificates, about.consents, question.now.date()),
        connectors=tuple(_connector(question, direction) for direction in Direction),
        demands={} if secret else {direction.word: tuple(_demands(question, direction)) for direction in Direction},
        gateways=() if secret else tuple(_gateways(question)),
        servers=tuple(_servers(question)),
        seen=seen,
        certificates=certificates,
        traffic=tuple(_traffic(piece) for piece in given.traffic)[:_MOST_ROWS],
        ways=tuple(_ways(question))[:_MOST_ROWS],
        policies=about.policies,
        exceptions=about.consents,
        planned=tuple(_planned(question)),
        notes=notes,
    )


def _oldest(found: Iterable[Claim]) -> datetime.date | None:
    moments = [origin.made for claim in found if claim.standing is not Standing.NOT_PROVEN for origin in claim.rests_on]
    return min(moments).date() if moments else None


def _next(certificates: Iterable[Certificate], consents: Iterable[Consent], today: datetime.date) -> Expiry | None:
    """What ends first, of certificates also one that has ended already."""
    ends = [
        Expiry(day=one.not_after.date(), what=f"certificate of {one.place.partition(' ')[0]}") for one in certificates
    ]
    ends += [
        Expiry(day=one.expires, what=f"{one.kind}{f' of {one.policy}' if one.policy else ''}")
        for one in consents
        if one.in_force and one.expires >= today
    ]
    return min(ends, key=lambda one: (one.day, one.what), default=None)


def _connector(question: Question, direction: Direction) -> Connector:
    pair = question.pair
    half = pair.half(direction)
    secret = bool(pair.secret - NOT_ABOUT_MAIL)
    shown = Connector(
        direction=direction.word,
        name=half.settings.name,
        declared=f"Not shown: declared values are secret ({SECRET})." if secret else sentence(mail_flow(half.settings)),
        drift=tuple(_drift(question, direction)),
    )
    last = newest(question.gathered.inventories)
    found = last.what.get((direction, half.settings.name.casefold())) if last is not None else None
    if last is None or found is None:
        return shown if last is None else shown.model_copy(update={"input": last.source.number})
    return shown.model_copy(
        update={
            "found": sentence(found.mail_flow),
            "guid": found.id,
            "changed": found.when_changed_utc or "",
            "managed_by": found.managed_by or "",
            "input": last.source.number,
        }
    )


def _drift(question: Question, direction: Direction) -> Iterator[str]:
    name = question.pair.half(direction).settings.name.casefold()
    for piece in question.given.drifts:
        drift = piece.what
        if drift.direction is direction and drift.connector.casefold() == name:
            what = (
                "gone"
                if drift.gone
                else "; ".join(
                    f"{one.parameter}: deployed {one.declared}, found {one.found}" for one in drift.properties
                )
            )
            yield f"{piece.made:%Y-%m-%d}: {what} (input {piece.source.number})"


# The picture.


def _demands(question: Question, direction: Direction) -> Iterator[str]:
    """A few words for an arrow."""
    settings = question.pair.half(direction).settings
    if not settings.enabled:
        yield "switched off"
        return
    if isinstance(settings, InboundSettings):
        named = f", certificate for {settings.demanded_name}" if settings.demanded_name else ""
        yield f"TLS{named}" if settings.demands_tls else "TLS if offered"
        if settings.restricts_to_addresses:
            yield f"only from {_named(settings.sender_ip_addresses)}"
    elif isinstance(settings, OutboundSettings):
        named = f" for {settings.demanded_name}" if settings.demanded_name else ""
        yield {
            None: "TLS if offered",
            TlsSettings.ENCRYPTION_ONLY.value: "TLS, any certificate",
            TlsSettings.CERTIFICATE_VALIDATION.value: "TLS, certificate of a trusted CA",
        }.get(settings.tls_settings, f"TLS, trusted certificate{named}")
        if settings.demands_dane:
            yield "DANE demanded"


def _gateways(question: Question) -> Iterator[Gateway]:
    inbound, outbound = (question.pair.half(direction).settings for direction in Direction)
    if isinstance(outbound, OutboundSettings) and outbound.smart_hosts:
        yield Gateway(direction="outbound", name=f"smart host {_named(outbound.smart_hosts)}")
    if isinstance(inbound, InboundSettings) and (skipped := inbound.ef_skip_ips):
        yield Gateway(direction="inbound", name=f"gateway {_named(skipped)}")
    elif isinstance(inbound, InboundSettings) and inbound.ef_skip_last_ip:
        yield Gateway(direction="inbound", name="gateway (last address skipped)")


def _servers(question: Question) -> Iterator[str]:
    """The hosts of the newest look."""
    pieces = [piece for piece in question.given.judgements if piece.what.kind == "server"]
    last = newest(pieces)
    hosts = [piece.what.subject.partition(" ")[0] for piece in pieces if last and piece.source == last.source]
    hosts = list(dict.fromkeys(hosts))
    yield from hosts[:_MOST_NAMED]
    if len(hosts) > _MOST_NAMED:
        yield f"and {len(hosts) - _MOST_NAMED} more"


def _named(items: Sequence[str]) -> str:
    more = len(items) - _MOST_NAMED
    return ", ".join(items[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


# What was looked at.


def _seen(question: Question) -> tuple[tuple[Seen, ...], tuple[str, ...]]:
    """What counts first; of what is the same kind the newest first."""
    last = newest(piece for piece in question.given.judgements if piece.what.kind in SERVERS)
    rows = [
        _row(question, piece, replaced=piece.what.kind in SERVERS and last is not None and piece.source != last.source)
        for piece in question.given.judgements
        # One of the service about both directions, the look for other ways, is no row: it is a claim.
        if piece.what.kind in _KINDS and (piece.what.direction is not None or piece.what.kind != "service")
    ]
    worst = ("failed", "unknown", "not reachable from here", "warning", "passed")
    rows.sort(key=lambda row: (_KINDS.index(row.kind), not row.counts, worst.index(row.verdict), row.subject))
    notes = []
    if len(rows) > _MOST_ROWS:
        notes.append(
            f"{len(rows) - _MOST_ROWS} more entries are in the inputs and not shown here; they count all the same."
        )
    for planned in question.given.planned[:-1]:
        notes.append(f"Input {planned.source.number} is an earlier review; the newest is shown.")
    return tuple(rows[:_MOST_ROWS]), tuple(notes)


def _row(question: Question, piece: Piece[WrittenJudgement], *, replaced: bool) -> Seen:
    judged, direction = piece.what, piece.what.direction
    why = "It shows no direction, so it does not count."
    if direction is not None:
        why = why_not(judged, question.pair.half(direction).settings)
    if replaced:
        why = "A newer look at the servers counts."
    counts = not why
    says = [finding.text for finding in judged.findings if finding.level in ("error", "warning")]
    if not counts:
        says = [why, *says] if direction is None else [why]
    return Seen(
        direction=direction.word if direction else "not shown",
        kind=judged.kind,
        subject=judged.subject,
        verdict=judged.verdict.value,
        facts=tuple(text[:_LONGEST_FACT] for text in _facts(judged)),
        says=tuple(text[:_LONGEST_SAYING] for text in says[:5]),
        counts=counts,
        origin=piece.origin,
    )


def _facts(judged: WrittenJudgement) -> Iterator[str]:
    if judged.kind == "traffic":
        yield from (f"{fact.name}: {fact.value}" for fact in judged.facts[:_MOST_FACTS])
        return
    for name in _FACTS[judged.kind]:
        if value := judged.fact(name):
            yield f"{name}: {value}"
    if judged.not_after is not None:
        issuer = judged.fact("issuer")
        by = f" of {issuer}" if issuer else ""
        yield f"certificate for {_certified(judged)}{by}, until {judged.not_after:%Y-%m-%d}"


def _certified(judged: WrittenJudgement) -> str:
    """The names of a certificate, each once."""
    said = (judged.fact(name) for name in ("common name", "subject alternative names"))
    return ", ".join(dict.fromkeys(name for text in said for name in text.split(", ") if name)) or "no name"


def _certificates(pieces: Iterable[Piece[WrittenJudgement]]) -> Iterator[Certificate]:
    """Of each place the one that was seen last, what ends first before the others."""
    last: dict[tuple[str, str], Piece[WrittenJudgement]] = {}
    for piece in sorted(pieces, key=lambda one: one.made):
        judged = piece.what
        if judged.not_after is not None and judged.direction is not None and not piece.ahead:
            last[judged.direction.word, judged.subject] = piece
    newest_run = max((piece.made for piece in last.values() if piece.what.kind == "server"), default=None)
    for piece in sorted(last.values(), key=lambda one: (one.what.not_after, one.what.subject)):
        judged = piece.what
        # A server that the newest look no longer met is none of the partner's any more.
        stale = judged.kind == "server" and piece.made != newest_run
        if judged.not_after is None or judged.direction is None or stale:
            continue
        yield Certificate(
            direction=judged.direction.word,
            place=judged.subject,
            names=_certified(judged),
            issuer=judged.fact("issuer"),
            not_after=judged.not_after,
            sha256=judged.fact("SHA-256"),
            input=piece.source.number,
        )


def _traffic(piece: Piece[WrittenTraffic]) -> Traffic:
    line = piece.what
    days = sorted(day.day for day in line.days)
    return Traffic(
        direction=line.direction.word,
        report=line.report,
        basis=line.basis,
        unit=line.unit,
        period=f"{days[0]} to {days[-1]}" if days else "days not shown",
        count=line.count,
        ways=tuple(line.by_tls.items()),
        without_tls=line.without_tls,
        outside=line.outside_the_pair,
        not_delivered=line.not_delivered,
        input=piece.source.number,
    )


def _ways(question: Question) -> Iterator[OtherWay]:
    last = newest(question.gathered.ways)
    if last is None:
        return
    name = question.pair.name.casefold()
    for way in last.what.run.other_ways:
        if name in (owner.casefold() for owner in way.partners):
            yield OtherWay(
                direction=way.direction.word, alarm=way.weight != "note", text=way.text, input=last.source.number
            )


def _planned(question: Question) -> Iterator[Planned]:
    last = newest(question.given.planned)
    if last is None or (reviewed := newest(question.gathered.reviews)) is None or reviewed.source != last.source:
        return
    for connector in last.what.connectors:
        yield Planned(
            direction=connector.direction.word,
            operation=connector.operation,
            before=sentence(connector.before or ""),
            after=sentence(connector.after or ""),
            effects=tuple(f"{effect.kind}: {effect.reason}" for effect in connector.effects),
            settings=tuple(f"{one.parameter}: {one.before} => {one.after}" for one in connector.settings),
            input=last.source.number,
        )
