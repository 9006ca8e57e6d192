"""`verify message`: did this message cross between the organizations over TLS?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from exchange_online.connectors import Direction, mail_flow
from regulated_partners.partners import Pair
from regulated_partners.probing.verdicts import Check, Fact, Finding, Judgement, Level, Verdict, verdict_of, worst
from regulated_partners.verify.boundary import Boundary, boundary_findings, crossing_findings, find_boundary
from regulated_partners.verify.mail_files import HeaderBlock, NotMailError, header_blocks
from regulated_partners.verify.received import Hop, parse_received
from regulated_partners.verify.tls_comments import HopTransport, TlsSession

#: Received fields of one message that are read: RFC 5321 6.3 takes 100 for a loop.
_MOST_HOPS = 500
#: Characters of a header line that the evidence keeps.
_KEPT = 2_000

#: What a block says about its way, beside Received. Source: tls-verification 1.3.
_TELLING = (
    "X-MS-Exchange-Organization-AuthAs",
    "X-MS-Exchange-CrossTenant-AuthAs",
    "X-MS-Exchange-CrossTenant-FromEntityHeader",
    "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp",
)


@dataclass(frozen=True)
class MessageCheck:
    """How messages are judged.

    Attributes:
        partner: whose connectors they must satisfy; None judges the transport alone.
        directions: the boundaries to look for.
        gateways: domains of gateways of one's own.
    """

    partner: Pair | None = None
    directions: tuple[Direction, ...] = tuple(Direction)
    gateways: tuple[str, ...] = ()


def judge_file(stream: BinaryIO, name: str, check: MessageCheck) -> tuple[Judgement, ...]:
    """Judges every message of a file: an .eml, an mbox, pasted headers. Raises OSError where it cannot be read."""
    judged: list[Judgement] = []
    unread: list[Judgement] = []
    try:
        for block in header_blocks(stream, name):
            (unread if block.problem else judged).extend(judge_block(block, check))
    except NotMailError as error:
        return (_not_judged(name, f"{name} is {error}."),)
    if not judged and not unread:
        return (_not_judged(name, f"{name} holds no header."),)
    # An enclosing message, such as the mail that a partner's answer is attached to, need not show a boundary itself.
    shown = tuple(judgement for judgement in judged if judgement.direction is not None)
    return (shown or tuple(judged)) + tuple(unread)


def judge_block(block: HeaderBlock, check: MessageCheck) -> tuple[Judgement, ...]:
    """Judges one message by its headers."""
    if block.problem:
        return (_not_judged(block.place, block.problem),)
    if not block.received:
        text = (
            f"{block.place} holds no Received header, so it says nothing about its way. Give the whole message "
            "with all its headers: in Outlook, File > Properties > Internet headers."
        )
        return (_not_judged(block.place, text),)
    hops = tuple(parse_received(value) for value in block.received[:_MOST_HOPS])
    found: list[Boundary] = []
    for direction in check.directions:
        for boundary in find_boundary(hops, direction, check.gateways):
            # Between two tenants one line is the boundary of both; it is judged once.
            if all(boundary.index != other.index for other in found):
                found.append(boundary)
    if not found:
        return (_no_boundary(block, hops, check),)
    return tuple(_judge(block, hops, boundary, check) for boundary in found)


def transport_words(hop: Hop) -> str:
    """For example `encrypted, TLSv1.2 (inferred from the cipher), AES256-GCM-SHA384`."""
    session = hop.session
    if session is None:
        return hop.transport.value
    words = [hop.transport.value, _version(session)]
    return ", ".join([*words, session.cipher] if session.cipher else words)


def _judge(block: HeaderBlock, hops: Sequence[Hop], boundary: Boundary, check: MessageCheck) -> Judgement:
    settings = check.partner.half(boundary.direction).settings if check.partner else None
    findings = [*boundary_findings(boundary, settings), *crossing_findings(boundary, block)]
    if len(block.received) > _MOST_HOPS or not block.is_whole:
        text = f"{block.place} has more header fields than are read; what follows them was not looked at."
        findings.append(Finding(Check.HEADERS, Level.WARNING, text))
    hop = boundary.hop
    otherwise = Verdict.UNKNOWN if hop.transport is HopTransport.UNKNOWN else Verdict.PASSED
    verdict = worst((verdict_of(findings, otherwise=otherwise), otherwise))
    return Judgement(
        kind="message",
        subject=block.place,
        verdict=verdict,
        demand=mail_flow(settings) if settings else "",
        partner=check.partner.name if check.partner else None,
        direction=boundary.direction,
        facts=(*_boundary_facts(boundary), *_telling(block), *_listed(hops, boundary)),
        findings=tuple(findings),
        transcript=_transcript(hops),
    )


def _boundary_facts(boundary: Boundary) -> Iterable[Fact]:
    hop, session = boundary.hop, boundary.hop.session
    yield Fact("transport", hop.transport.value)
    yield Fact("from", _sender(hop))
    yield Fact("by", hop.by or "?")
    if session:
        yield Fact("protocol", _version(session))
        yield Fact("cipher", session.cipher or "not stated")
    yield Fact("client certificate", _client_certificate(session))
    yield Fact("evidence", hop.evidence[:_KEPT] or "nothing")


def _listed(hops: Sequence[Hop], boundary: Boundary | None = None) -> Iterable[Fact]:
    """The other hops are listed and not counted."""
    for index, hop in enumerate(hops[:100]):
        place = ""
        if boundary is not None:
            place = " (above the boundary)" if index < boundary.index else " (below the boundary, unproven)"
        if boundary is None or index != boundary.index:
            way = f"{_sender(hop)} to {hop.by or '?'}: {transport_words(hop)}{place}"
            yield Fact(f"hop {len(hops) - index}", way)


def _transcript(hops: Sequence[Hop]) -> tuple[str, ...]:
    return tuple(f"Received: {hop.text[:_KEPT]}" for hop in hops[:100])


def _telling(block: HeaderBlock) -> Iterable[Fact]:
    for name in _TELLING:
        if value := block.first(name.lower()):
            yield Fact(name, " ".join(value.split())[:200])


def _sender(hop: Hop) -> str:
    name = hop.reverse_name or hop.helo or "?"
    return f"{name} [{hop.address}]" if hop.address and hop.address != name else name


def _version(session: TlsSession) -> str:
    if session.version:
        return session.version.value
    inferred = session.inferred_version
    return f"{inferred.value} (inferred from the cipher)" if inferred else "TLS, version not stated"


def _client_certificate(session: TlsSession | None) -> str:
    shown = session.client_certificate if session else None
    if shown is None:
        return "not stated"
    words = shown.state.value.replace("_", " ")
    return f"{words}, CN {shown.common_name}, issuer {shown.issuer}" if shown.common_name else words


def _no_boundary(block: HeaderBlock, hops: Sequence[Hop], check: MessageCheck) -> Judgement:
    looked = {
        Direction.INBOUND: "where Exchange Online took the message ('by *.mail.protection.outlook.com ... via Frontend "
        "Transport' from a host outside Microsoft)",
        Direction.OUTBOUND: "where it delivered the message ('from *.outbound.protection.outlook.com')",
    }
    text = (
        f"No line of {block.place} is the hop between the organizations: looked for "
        f"{' and '.join(looked[direction] for direction in check.directions)}. For mail from the partner take the "
        "message from the recipient's mailbox; for mail to the partner have the partner send back the headers of what "
        "arrived; where a gateway of your own stands in between, name its domain with --gateway."
    )
    finding = Finding(Check.BOUNDARY, Level.WARNING, text, source="tls-verification 1.2")
    partner = check.partner.name if check.partner else None
    about = (partner, None, tuple(_listed(hops)), (finding,), _transcript(hops))
    return Judgement("message", block.place, Verdict.UNKNOWN, "", *about)


def _not_judged(place: str, text: str) -> Judgement:
    return Judgement("message", place, Verdict.UNKNOWN, findings=(Finding(Check.HEADERS, Level.WARNING, text),))
