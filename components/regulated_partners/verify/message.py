"""`verify message`: did this message cross between the organizations over TLS?"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from exchange_online.connectors import ConnectorSettings, Direction, mail_flow
from regulated_partners.partners import Pair
from regulated_partners.probing.verdicts import (
    Check,
    Fact,
    Finding,
    Judgement,
    Level,
    Party,
    Verdict,
    verdict_of,
    worst,
)
from regulated_partners.verify.boundary import Boundary, Gateways, Standing, find_boundary
from regulated_partners.verify.hop_findings import boundary_findings, crossing_findings
from regulated_partners.verify.mail_files import HeaderBlock, NotMailError, header_blocks
from regulated_partners.verify.microsoft import MICROSOFT, host_ends
from regulated_partners.verify.ownership import (
    MailHosts,
    Ownership,
    owner_facts,
    owner_findings,
    owner_of,
    sent_by_partner,
)
from regulated_partners.verify.received import Hop, parse_received
from regulated_partners.verify.tls_comments import HopTransport, TlsSession
from regulated_partners.verify.witnesses import Witnesses, reverse_name, told_by_gateway, witnesses_of

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
    "ARC-Authentication-Results",
)
#: Days after which the age of a message is a remark.
_OLD = 90
#: What Exchange writes into a journal report: the message that it is about is attached. Source: Exchange, journaling.
_JOURNAL = ("x-ms-journal-report", "x-ms-exchange-organization-journal-report")


@dataclass(frozen=True)
class MessageCheck:
    """How messages are judged.

    Attributes:
        partner: whose connectors they must satisfy; None judges the transport alone.
        directions: the boundaries to look for.
        gateways: domains, addresses and networks of gateways of one's own.
        now: when it is judged, UTC; None says nothing about the age of messages.
        mail_hosts: where the partner's MX records lead, where a probe has seen it.
    """

    partner: Pair | None = None
    directions: tuple[Direction, ...] = tuple(Direction)
    gateways: tuple[str, ...] = ()
    now: datetime.datetime | None = None
    mail_hosts: MailHosts | None = None


def judge_file(stream: BinaryIO, name: str, check: MessageCheck) -> tuple[Judgement, ...]:
    """Judges every message of a file: an .eml, an mbox, pasted headers. Raises OSError where it cannot be read."""
    judged: list[Judgement] = []
    unread: list[Judgement] = []
    enclosing: _Enclosing | None = None
    try:
        for block in header_blocks(stream, name):
            if block.problem:
                unread += judge_block(block, check)
            elif enclosing is not None and enclosing.holds(block):
                judged += enclosing.judged(judge_block(block, check))
            else:
                judged += judge_block(block, check)
                enclosing = _Enclosing(block, check)
    except NotMailError as error:
        return (_not_judged(name, f"{name} is {error}."),)
    if not judged and not unread:
        return (_not_judged(name, f"{name} holds no header."),)
    # An enclosing message, such as the mail that a partner's answer is attached to, need not show a boundary itself.
    shown = tuple(judgement for judgement in judged if judgement.direction is not None)
    return (shown or tuple(judged)) + tuple(unread)


@dataclass(frozen=True)
class _Enclosing:
    """A message that others are attached to, or quoted in: who sent it may have made them up."""

    block: HeaderBlock
    check: MessageCheck

    def holds(self, block: HeaderBlock) -> bool:
        return bool(self.block.received) and block.place.startswith(f"{self.block.place}, ")

    def judged(self, inner: Iterable[Judgement]) -> Iterable[Judgement]:
        """What is in it, as far as its sender can be believed."""
        return (self._believed(judgement) for judgement in inner) if self._is_doubtful else inner

    @functools.cached_property
    def _is_doubtful(self) -> bool:
        if self._crossed and self.check.partner is not None:
            return not any(_connected(judgement) for judgement in self._crossed)
        hops = (parse_received(value) for value in self.block.received[:_MOST_HOPS])
        return bool(self._crossed) or not all(host_ends(hop.by, MICROSOFT) for hop in hops)

    @functools.cached_property
    def _crossed(self) -> tuple[Judgement, ...]:
        """Where it came from, whichever direction was asked for."""
        found = judge_block(self.block, replace(self.check, directions=tuple(Direction)))
        return tuple(judgement for judgement in found if judgement.direction is not None)

    def _believed(self, judgement: Judgement) -> Judgement:
        place = self.block.place
        if self.check.partner is None or not self._crossed:
            text = (
                f"These headers are the word of whoever sent {place}, who could have made them up. With --for it is "
                "compared whether that is the partner."
            )
            otherwise = Verdict.WARNING
        else:
            text = (
                f"These headers are the word of whoever sent {place}, and that message is not shown to be "
                f"{self.check.partner.name}'s."
            )
            otherwise = Verdict.UNKNOWN
        finding = Finding(Check.TRUST, Level.WARNING, text, Party.WE, source="DESIGN.md, rule 7")
        verdict = worst((judgement.verdict, otherwise))
        return replace(judgement, verdict=verdict, findings=(*judgement.findings, finding))


def _connected(judgement: Judgement) -> bool:
    """Whether a message is the partner's beyond doubt, and came as it was sent: over TLS."""
    shows = judgement.direction is Direction.INBOUND and judgement.verdict is Verdict.PASSED
    return shows and any(fact.name == "whose message" and fact.value == "connected" for fact in judgement.facts)


def _is_journal(block: HeaderBlock, found: Sequence[Boundary]) -> bool:
    """Journal reports are made in the tenant: one that came in from outside only says so."""
    came_in = any(boundary.direction is Direction.INBOUND or boundary.between_tenants for boundary in found)
    return not came_in and any(block.first(name) is not None for name in _JOURNAL)


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
    found = _boundaries(block, hops, check)
    if _is_journal(block, found):
        text = (
            f"{block.place} is a journal report: its own way is the one to the archive. The message that it is about "
            "is attached to it, and judged where it is there."
        )
        return (_not_judged(block.place, text),)
    judged = tuple(_judge(block, hops, boundary, check) for boundary in found)
    if all(boundary.is_own for boundary in found):
        return (*judged, replace(_no_boundary(block, hops, check), direction=found[0].direction if found else None))
    return judged


def _boundaries(block: HeaderBlock, hops: Sequence[Hop], check: MessageCheck) -> tuple[Boundary, ...]:
    """Those of one direction: the newest crossing says which, as what lies below it belongs to the other side."""
    gateways = Gateways.of(check.gateways)
    name_of = functools.partial(reverse_name, block)
    found = [
        boundaries
        for direction in check.directions
        if (boundaries := find_boundary(hops, direction, gateways, name_of))
    ]
    crossed = [each for each in found if not all(boundary.is_own for boundary in each)]
    if not crossed:
        return found[0] if found else ()
    newest = min(crossed, key=lambda each: min(boundary.index for boundary in each))
    between = [each for each in crossed if each[0].between_tenants and each[0].index == newest[0].index]
    if len(between) > 1 and check.partner is not None and sent_by_partner(block, check.partner) is False:
        # One line is the boundary of both tenants: whose it is, the declaration tells.
        return next(each for each in between if each[0].direction is Direction.OUTBOUND)
    return newest


def transport_words(hop: Hop) -> str:
    """For example `encrypted, TLSv1.2 (inferred from the cipher), AES256-GCM-SHA384`."""
    session = hop.session
    if session is None:
        return hop.transport.value
    words = [hop.transport.value, _version(session)]
    return ", ".join([*words, session.cipher] if session.cipher else words)


def _judge(block: HeaderBlock, hops: Sequence[Hop], boundary: Boundary, check: MessageCheck) -> Judgement:
    hop, told_below = told_by_gateway(block, boundary.index, boundary.hop)
    boundary = replace(boundary, hop=hop)
    witnesses = witnesses_of(block, boundary.index, hop)
    partner = None if boundary.is_own else check.partner
    owner = owner_of(boundary, block, witnesses, partner, check.mail_hosts) if partner else None
    settings = partner.half(boundary.direction).settings if partner else None
    findings = [*_hop_findings(boundary, owner, settings), *crossing_findings(boundary, block, witnesses)]
    if boundary.is_own:
        text = "This hop is between servers of your own: it shows nothing about the partner, whose hop is another one."
        findings.append(Finding(Check.BOUNDARY, Level.INFO, text))
    if owner and partner:
        findings += owner_findings(owner, partner, boundary.direction)
    if told_below:
        text = (
            f"That TLS was used, or not, says only {told_below}, a field below the line, where the sender could have "
            "put it; the log of the gateway shows it."
        )
        findings.append(Finding(Check.TRUST, Level.WARNING, text, Party.WE, source="DESIGN.md, rule 7"))
    findings += _age_findings(hop, check.now)
    if len(block.received) > _MOST_HOPS or not block.is_whole:
        text = f"{block.place} has more header fields than are read; what follows them was not looked at."
        findings.append(Finding(Check.HEADERS, Level.WARNING, text))
    otherwise = Verdict.PASSED if _shows(boundary, owner) else Verdict.UNKNOWN
    verdict = worst((verdict_of(findings, otherwise=otherwise), otherwise))
    return Judgement(
        kind="message",
        subject=block.place,
        verdict=verdict,
        demand=mail_flow(settings) if settings else "",
        partner=partner.name if partner else None,
        direction=boundary.direction,
        facts=(
            *_boundary_facts(boundary, witnesses, check.now),
            *(owner_facts(owner) if owner else ()),
            *_telling(block),
            *_listed(hops, boundary),
        ),
        findings=tuple(findings),
        transcript=_transcript(hops),
    )


def _shows(boundary: Boundary, owner: Ownership | None) -> bool:
    """Whether the hop shows what was asked: a transport, between the organizations that it is about."""
    if boundary.hop.transport is HopTransport.UNKNOWN or (owner is not None and not owner.is_partners):
        return False
    if boundary.direction is Direction.OUTBOUND:
        return boundary.is_exchange is Standing.KNOWN
    # Where the older crossing was clear, and may have been the partner's, this one shows nothing.
    older_was_clear = any(hop.transport is HopTransport.CLEAR for hop in boundary.other_crossings)
    return boundary.between_tenants or not older_was_clear


def _hop_findings(boundary: Boundary, owner: Ownership | None, settings: ConnectorSettings | None) -> Iterable[Finding]:
    if owner is None or owner.is_partners:
        return boundary_findings(boundary, settings)
    # What another's message shows is nobody's fault here.
    blames = (Level.ERROR, Level.WARNING)
    found = boundary_findings(boundary, None)
    return (replace(one, level=Level.INFO, who=None, answer=None) if one.level in blames else one for one in found)


def _age_findings(hop: Hop, now: datetime.datetime | None) -> Iterable[Finding]:
    if now is None or hop.written is None:
        return
    days = (now - hop.written).days
    if days > _OLD:
        text = (
            f"The message is {days} days old ({hop.written:%Y-%m-%d}): it shows how mail went then. Certificates, "
            "servers and the connectors may have changed since."
        )
        yield Finding(Check.AGE, Level.INFO, text)
    elif days < -1:
        text = f"The message is dated {hop.written:%Y-%m-%d}, which is in the future: a clock is wrong, or the line is."
        yield Finding(Check.AGE, Level.WARNING, text)


def _boundary_facts(boundary: Boundary, witnesses: Witnesses, now: datetime.datetime | None) -> Iterable[Fact]:
    hop, session = boundary.hop, boundary.hop.session
    yield Fact("transport", hop.transport.value)
    yield Fact("from", _sender(hop))
    yield Fact("by", hop.by or "?")
    if boundary.is_own:
        yield Fact("hop", "between servers of your own")
    if session:
        yield Fact("protocol", _version(session))
        yield Fact("cipher", session.cipher or "not stated")
    yield Fact("client certificate", _client_certificate(session))
    yield Fact("evidence", hop.evidence[:_KEPT] or "nothing")
    if hop.written is not None:
        age = f", {(now - hop.written).days} days ago" if now else ""
        yield Fact("date", f"{hop.written:%Y-%m-%d}{age}")
    if witnesses.spf is not None:
        yield Fact("SPF", f"{witnesses.spf.result} for {witnesses.spf.domain}")
    if witnesses.reverse_name:
        yield Fact("reverse name", witnesses.reverse_name)
    for field, address in witnesses.others:
        yield Fact(f"address in {field}", address)


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
