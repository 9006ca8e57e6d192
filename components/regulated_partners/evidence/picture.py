"""The picture of a partner's mail flow: what is drawn where. The template draws it; every text is somebody else's."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from regulated_partners.evidence.report import ClaimId, PartnerReport, Standing
from regulated_partners.text import printable

#: Units of the drawing: as wide as a small telephone, so that its text stays readable there.
WIDTH = 360
_LINE, _PAD = 15, 10
#: Characters in a line of a box, and of an arrow's words; a wide one counts twice.
_BOX, _LANE = 50, 23
#: Lines of one text.
_MOST_LINES = 4

#: What is wrong, in words that stand beside an arrow.
_BROKEN = {
    ClaimId.DEMANDED: "declared without forced TLS",
    ClaimId.DEPLOYED: "tenant is not as declared",
    ClaimId.ONLY_WAY: "mail can go another way",
    ClaimId.SERVERS: "a server of the partner fails",
    ClaimId.CERTIFICATE: "the certificate does not fit",
    ClaimId.MAIL: "mail did not cross as demanded",
}
_OPEN = {
    ClaimId.DEMANDED: "declaration not readable",
    ClaimId.DEPLOYED: "tenant not looked at",
    ClaimId.ONLY_WAY: "other ways not looked for",
    ClaimId.SERVERS: "servers not shown",
    ClaimId.CERTIFICATE: "certificate not shown",
    ClaimId.MAIL: "no mail shown",
}
SIGNS = {
    Standing.PROVEN: "\u2713",
    Standing.ATTENTION: "!",
    Standing.NOT_PROVEN: "?",
    Standing.CONTRADICTED: "\u2717",
}


@dataclass(frozen=True)
class Words:
    """One line of text.

    Attributes:
        kind: `h` a heading, `v` a verdict, `g` a machine between, `x` what is broken, `o` what is open, `w` another
            way; empty plain.
    """

    text: str
    y: int
    kind: str = ""


@dataclass(frozen=True)
class Lane:
    """One direction.

    Attributes:
        x: its left edge.
        down: whether mail goes down, from the partner to us.
        standing: of the direction; None in a picture of a plan.
        gateways: the places of machines in between, top and height.
        other: whether there is another way, drawn as a dashed arrow.
    """

    x: int
    down: bool
    standing: Standing | None
    words: tuple[Words, ...]
    gateways: tuple[tuple[int, int], ...]
    other: bool


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn; `y` counts down."""

    title: str
    description: str
    partner: tuple[Words, ...]
    own: tuple[Words, ...]
    lanes: tuple[Lane, ...]
    top: int
    bottom: int
    height: int


def flow(partner: PartnerReport) -> Picture:
    """The mail flow as it is declared, and where it is broken."""
    lanes = {direction: list(_told(partner, direction)) for direction in ("inbound", "outbound")}
    standings = {direction: partner.worst(direction) for direction in lanes}
    described = " ".join(
        f"Mail {'from' if direction == 'inbound' else 'to'} the partner: "
        f"{', '.join(partner.demands.get(direction, ()) or ('not shown',))}; {standings[direction]}."
        for direction in lanes
    )
    others = {way.direction for way in partner.ways if way.alarm}
    return _drawn(partner, f"Mail flow with {partner.name}", described, told=lanes, standings=standings, others=others)


def planned(partner: PartnerReport) -> tuple[Picture, ...]:
    """Before and after a plan; none where no plan changes this partner."""
    if not partner.planned:
        return ()
    return tuple(_of_plan(partner, after=after) for after in (False, True))


def _of_plan(partner: PartnerReport, *, after: bool) -> Picture:
    declared = {connector.direction: connector.declared for connector in partner.connectors}
    said = {one.direction: (one.after if after else one.before) or "There is no connector." for one in partner.planned}
    lanes = {}
    for direction in ("inbound", "outbound"):
        text = said.get(direction, declared.get(direction, ""))
        lines = _wrapped(text, _LANE, 9)
        lanes[direction] = [("h", _heading(direction)), *(("", line) for line in lines)]
    title = f"{'After' if after else 'Before'} the plan: mail flow with {partner.name}"
    described = " ".join(said.get(direction, declared.get(direction, "")) for direction in lanes)
    return _drawn(partner, title, described, told=lanes, standings={}, others=set())


def _drawn(
    partner: PartnerReport,
    title: str,
    description: str,
    *,
    told: dict[str, list[tuple[str, str]]],
    standings: dict[str, Standing],
    others: set[str],
) -> Picture:
    box = [("h", line) for line in _wrapped(partner.name, _BOX - 12, 2)]
    box += [("", line) for line in _wrapped(", ".join(partner.domains), _BOX, 2)]
    box += [("", line) for line in _wrapped(f"servers: {', '.join(partner.servers)}", _BOX, 2) if partner.servers]
    head = _placed(box, _PAD)
    top = _PAD + len(box) * _LINE + 8
    lanes = tuple(
        _lane(told[direction], number, top, standings.get(direction), other=direction in others)
        for number, direction in enumerate(("inbound", "outbound"))
    )
    bottom = top + 18 + max(len(lines) for lines in told.values()) * _LINE + 14
    own = _placed([("h", "Your organization"), ("", "Exchange Online")], bottom + 4)
    return Picture(title, description, head, own, lanes, top, bottom, bottom + 4 + 2 * _LINE + 8)


def _lane(lines: Sequence[tuple[str, str]], number: int, top: int, standing: Standing | None, *, other: bool) -> Lane:
    words = _placed(lines, top + 18)
    boxed = [list(group) for kind, group in itertools.groupby(words, lambda word: word.kind) if kind == "g"]
    gateways = tuple((group[0].y - 11, len(group) * _LINE) for group in boxed)
    return Lane(8 + 176 * number, number == 0, standing, words, gateways, other)


def _told(partner: PartnerReport, direction: str) -> Iterator[tuple[str, str]]:
    yield "h", _heading(direction)
    for demand in partner.demands.get(direction, ("not shown",)):
        yield from (("", line) for line in _wrapped(demand, _LANE, _MOST_LINES))
    for gateway in partner.gateways:
        if gateway.direction == direction:
            yield from (("g", line) for line in _wrapped(gateway.name, _LANE - 2, _MOST_LINES))
    standing = partner.worst(direction)
    yield from (("v", line) for line in _wrapped(f"{SIGNS[standing]} {standing}", _LANE, 2))
    for claim in partner.of(direction):
        if claim.standing is Standing.CONTRADICTED:
            yield from (("x", line) for line in _wrapped(f"{SIGNS[claim.standing]} {_BROKEN[claim.id]}", _LANE, 2))
        elif claim.standing is Standing.NOT_PROVEN:
            yield from (("o", line) for line in _wrapped(f"{SIGNS[claim.standing]} {_OPEN[claim.id]}", _LANE, 2))
    for way in [way for way in partner.ways if way.direction == direction][:2]:
        yield from (("w", line) for line in _wrapped(f"other way: {way.text}", _LANE, _MOST_LINES))


def _heading(direction: str) -> str:
    return "Mail from the partner" if direction == "inbound" else "Mail to the partner"


def _placed(lines: Iterable[tuple[str, str]], y: int) -> tuple[Words, ...]:
    return tuple(Words(text, y + 11 + number * _LINE, kind) for number, (kind, text) in enumerate(lines))


def _wrapped(text: str, width: int, most: int) -> list[str]:
    """Lines of at most so many columns; a word that is longer is cut where the line ends, and what is left out told."""
    lines: list[str] = []
    line = ""
    for word in printable(" ".join(text.split())).split(" "):
        for part in _pieces(word, width):
            if line and _columns(line) + 1 + _columns(part) <= width:
                line = f"{line} {part}"
                continue
            lines += [line] if line else []
            line = part
        if len(lines) > most:
            break
    lines += [line] if line else []
    if len(lines) <= most:
        return lines
    kept = lines[:most]
    while kept[-1] and _columns(kept[-1]) > width - 1:
        kept[-1] = kept[-1][:-1]
    kept[-1] += "\u2026"
    return kept


def _pieces(word: str, width: int) -> Iterator[str]:
    """A word in pieces that fit a line, cut after a dot or a hyphen where there is one."""
    while _columns(word) > width:
        end = fits = _fitting(word, width)
        cut = max(word.rfind(mark, 0, fits) for mark in ".-/") + 1
        if cut > fits // 3:
            end = cut
        yield word[:end]
        word = word[end:]
    yield word


def _fitting(word: str, width: int) -> int:
    """How many of its characters fit a line; at least one."""
    taken = 0
    for count, character in enumerate(word):
        taken += _columns(character)
        if taken > width:
            return max(1, count)
    return len(word)


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
