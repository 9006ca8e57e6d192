"""The picture of a partner's mail flow: what it tells of each direction. Every text is somebody else's."""

from __future__ import annotations

from collections.abc import Iterator, Set

from regulated_partners.evidence.drawing import BOX, LANE, LANE_BESIDE, MOST_LINES, Picture, Told, drawn, wrapped
from regulated_partners.evidence.report import ClaimId, PartnerReport, Standing
from regulated_partners.text import printable

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
#: Classes of the style sheet.
CODES = {
    Standing.PROVEN: "pv",
    Standing.ATTENTION: "at",
    Standing.NOT_PROVEN: "np",
    Standing.CONTRADICTED: "ct",
}
#: Lines of what one connector does, before and after a plan.
_MOST_OF_PLAN = 9


def flow(partner: PartnerReport) -> Picture:
    """The mail flow as it is declared, and where it is broken."""
    others = {way.direction for way in partner.ways if way.alarm}
    told = {
        direction: Told(
            tuple(_told(partner, direction, others)), CODES[partner.worst(direction)], other=direction in others
        )
        for direction in ("inbound", "outbound")
    }
    described = " ".join(
        f"Mail {'from' if direction == 'inbound' else 'to'} the partner: "
        f"{', '.join(partner.demands.get(direction, ()) or ('not shown',))}; {partner.worst(direction)}."
        for direction in told
    )
    return _drawn(partner, f"Mail flow with {partner.name}", described, told)


def planned(partner: PartnerReport) -> tuple[Picture, ...]:
    """Before and after a plan; none where no plan changes this partner."""
    if not partner.planned:
        return ()
    return tuple(_of_plan(partner, after=after) for after in (False, True))


def _of_plan(partner: PartnerReport, *, after: bool) -> Picture:
    declared = {connector.direction: connector.declared for connector in partner.connectors}
    planned = {
        one.direction: (one.after if after else one.before) or "There is no connector." for one in partner.planned
    }
    said = {direction: planned.get(direction, declared.get(direction, "")) for direction in ("inbound", "outbound")}
    told = {
        direction: Told((("h", _heading(direction)), *_lines("", text, LANE, _MOST_OF_PLAN)))
        for direction, text in said.items()
    }
    title = f"{'After' if after else 'Before'} the plan: mail flow with {partner.name}"
    return _drawn(partner, title, " ".join(said.values()), told)


def _drawn(partner: PartnerReport, title: str, description: str, told: dict[str, Told]) -> Picture:
    box = [*_lines("h", partner.name, BOX - 12, 2), *_lines("", ", ".join(partner.domains), BOX, 2)]
    if partner.servers:
        box += _lines("", f"servers: {', '.join(partner.servers)}", BOX, 2)
    own = (("h", "Your organization"), ("", "Exchange Online"))
    return drawn(title, description, partner=box, own=own, told=tuple(told.values()))


def _told(partner: PartnerReport, direction: str, others: Set[str]) -> Iterator[tuple[str, str]]:
    width = LANE_BESIDE if direction in others else LANE
    yield "h", _heading(direction)
    for demand in partner.demands.get(direction, ("not shown",)):
        yield from _lines("", demand, width, MOST_LINES)
    for gateway in partner.gateways:
        if gateway.direction == direction:
            yield from _lines("g", gateway.name, width - 2, MOST_LINES)
    standing = partner.worst(direction)
    yield from _lines("v", f"{SIGNS[standing]} {standing}", width, 2)
    for claim in partner.of(direction):
        if claim.standing is Standing.CONTRADICTED:
            yield from _lines("x", f"{SIGNS[claim.standing]} {_BROKEN[claim.id]}", width, 2)
        elif claim.standing is Standing.NOT_PROVEN:
            yield from _lines("o", f"{SIGNS[claim.standing]} {_OPEN[claim.id]}", width, 2)
    for way in [way for way in partner.ways if way.direction == direction][:2]:
        yield from _lines("w", f"other way: {way.text}", width, MOST_LINES)


def _heading(direction: str) -> str:
    return "Mail from the partner" if direction == "inbound" else "Mail to the partner"


def _lines(kind: str, text: str, width: int, most: int) -> list[tuple[str, str]]:
    return [(kind, line) for line in wrapped(printable(" ".join(text.split())), width, most)]
