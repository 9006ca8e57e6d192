"""Whose message it is: what the receiving side wrote, and what the sender claims, against the declaration.

What the receiving side wrote (the address that connected, the name that it looked up, the certificate that it verified,
the SPF record that it read) connects a message with a partner, or contradicts it. What the sender claims (its name for
itself, the envelope, `From:`) labels it, and connects nothing.

Source: DESIGN.md, rule 7; docs/declaration.md, Which sender a connector goes by.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from exchange_online.connectors import Direction, InboundSettings, OutboundSettings, TlsSettings
from regulated_partners.partners import Pair
from regulated_partners.probing.names import listed
from regulated_partners.probing.route import ProbeIndex, probed_domains
from regulated_partners.probing.verdicts import Check, Fact, Finding, Level, Party
from regulated_partners.verify.boundary import Boundary
from regulated_partners.verify.mail_files import HeaderBlock
from regulated_partners.verify.microsoft import MICROSOFT, host_ends, parsed_address
from regulated_partners.verify.tls_comments import ClientCertificateState
from regulated_partners.verify.witnesses import Witnesses, domain_of

_NETWORK = re.compile(r"[0-9.]+(?:/[0-9]+)?")
_SRS = re.compile(r"\bSRS[01]?[=+-]|\+SRS=", re.IGNORECASE)
#: The domain of an address in angle brackets, or else of a bare one. `email.utils.getaddresses` recurses without end.
_ANGLED = re.compile(r"<[^<>@\s]{0,256}@([^<>@\s]{1,253})>")
_BARE = re.compile(r"[^\s<>,;:\"()@]@([A-Za-z0-9.-]{1,253})")
#: Addresses of a field that are looked at.
_MOST_ADDRESSES = 50


class Connection(StrEnum):
    """How a message is connected with the partner."""

    CONNECTED = "connected"
    """The receiving side wrote something that is the partner's."""
    CLAIMED = "claimed"
    """Only what the sender says is the partner's."""
    UNCONNECTED = "unconnected"
    """Nothing is the partner's, or the envelope is another's."""
    CONTRADICTED = "contradicted"
    """The receiving side wrote something that cannot be the partner's."""


@dataclass(frozen=True)
class Comparison:
    """One thing compared with the declaration.

    Attributes:
        what: a clause: `the address 192.0.2.25`.
        agrees: with the declaration.
        by_receiver: whether the receiving side wrote it; else the sender claims it.
        contradicts: whether the partner's mail could not have it.
        is_report: whether a field says so that the receiving side writes, and that may have come with the message.
    """

    what: str
    agrees: bool
    by_receiver: bool
    contradicts: bool = False
    is_report: bool = False


@dataclass(frozen=True)
class Ownership:
    """What the comparison came to.

    Attributes:
        connection: how the message is connected with the partner.
        compared: each thing, in the order to say it.
        envelope: domain of the envelope sender, where it is known and is not the partner's.
        passed_on: what says that somebody passed the message on: a list, a forward; empty where nothing does.
    """

    connection: Connection
    compared: tuple[Comparison, ...]
    envelope: str | None = None
    passed_on: str = ""

    @property
    def is_partners(self) -> bool:
        """Whether what the hop shows may be held against the partner at all."""
        return self.connection in (Connection.CONNECTED, Connection.CLAIMED)


@dataclass(frozen=True)
class MailHosts:
    """The servers that a partner's MX records lead to, as a probe saw them.

    Attributes:
        addresses: of each host, by its name.
    """

    addresses: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, pair: Pair, index: ProbeIndex) -> MailHosts:
        """Those of one partner. Smart hosts are compared by the declaration."""
        domains = (index.domains.get(domain) for domain in probed_domains(pair.outbound.settings))
        hosts = dict.fromkeys(record.host for seen in domains if seen for record in seen.mx.records)
        found = {host: index.hosts.get(host) for host in hosts}
        return cls({host: frozenset(seen.addresses.addresses) if seen else frozenset() for host, seen in found.items()})

    def at(self, address: str) -> tuple[str, ...]:
        """The hosts that have an address."""
        return tuple(host for host, addresses in self.addresses.items() if address in addresses)


def owner_of(
    boundary: Boundary, block: HeaderBlock, witnesses: Witnesses, pair: Pair, mail_hosts: MailHosts | None = None
) -> Ownership:
    """Compares what is in hand about one hop with a declaration, and with where its MX records lead."""
    hosts = mail_hosts or MailHosts()
    if boundary.direction is Direction.INBOUND:
        owner = _inbound(boundary, block, witnesses, pair, hosts)
        connected = owner.connection is Connection.CONNECTED
        return owner if connected else replace(owner, passed_on=_passed_on(block, owner.envelope))
    return _outbound(boundary, block, pair, hosts)


def sent_by_partner(block: HeaderBlock, pair: Pair) -> bool | None:
    """Whether a message says it is from the partner (`From:`), or to it (`To:`); None where neither."""
    if any(_declared(domain, pair.domains) for domain in _mailboxes(block, "from")):
        return True
    to = (*_mailboxes(block, "to"), *_mailboxes(block, "cc"))
    return False if any(_declared(domain, pair.domains) for domain in to) else None


def owner_findings(owner: Ownership, pair: Pair, direction: Direction) -> Iterable[Finding]:
    """What matched, what only labels, and what stands against it."""
    name = pair.name
    matched = [one.what for one in owner.compared if one.agrees and one.by_receiver]
    labels = [one.what for one in owner.compared if one.agrees and not one.by_receiver]
    against = [one.what for one in owner.compared if not one.agrees]
    said = f" Only labels it: {_list(labels)}." if labels else ""
    other = f" Not the partner's: {_list(against)}." if against else ""
    if owner.passed_on:
        other += f" It was passed on ({owner.passed_on}), so this hop is that of whoever did."
    source = "DESIGN.md, rule 7"
    if owner.connection is Connection.CONNECTED:
        text = f"It is mail {_way(direction)} {name} by what the receiving side wrote: {_list(matched)}.{said}{other}"
        unlike = any(one.by_receiver and not one.agrees for one in owner.compared)
        partly = bool(owner.envelope) or (direction is Direction.OUTBOUND and unlike)
        level = Level.WARNING if partly else Level.INFO
        if owner.envelope:
            text += (
                f" The connector goes by the envelope sender, whose domain {owner.envelope} is not declared, so it may "
                "not have been applied to this message."
            )
        yield Finding(Check.OWNER, level, text, Party.WE if partly else None, source=source)
    elif owner.connection is Connection.CLAIMED:
        text = (
            f"Nothing that the receiving side wrote connects this message with {name}; only the sender's word does: "
            f"{_list(labels)}, which anybody can write.{other} {_remedy(direction)}"
        )
        yield Finding(Check.OWNER, Level.WARNING, text, Party.WE, source=source)
    elif owner.connection is Connection.UNCONNECTED:
        text = (
            f"This is not shown to be mail {_way(direction)} {name}, so it proves nothing about it.{other}{said} "
            f"{_remedy(direction)}"
        )
        yield Finding(Check.OWNER, Level.WARNING, text, Party.WE, source=source)
    else:
        wrong = [one.what for one in owner.compared if one.contradicts]
        text = (
            f"This cannot be counted as mail {_way(direction)} {name}: {_list(wrong)} contradicts it, and the "
            f"receiving side wrote it.{said} Either it is another's message, or the declaration lacks something of "
            "the partner's, or the connector was not applied: see in the message trace which one was "
            "(`verify service`)."
        )
        yield Finding(Check.OWNER, Level.WARNING, text, Party.EITHER, source=source)


def owner_facts(owner: Ownership) -> Iterable[Fact]:
    """For the evidence."""
    yield Fact("whose message", owner.connection.value)
    for one in owner.compared:
        place = "receiving side" if one.by_receiver else "sender's word"
        yield Fact("agrees" if one.agrees else "differs", f"{one.what} ({place})")


def _passed_on(block: HeaderBlock, envelope: str | None) -> str:
    """Source: RFC 2919 (List-Id), RFC 5322 3.6.6 (Resent-*), Sender Rewriting Scheme of Exchange Online."""
    for name in ("list-id", "list-post", "resent-from", "x-ms-exchange-inbox-rules-loop", "x-forwarded-to"):
        if value := block.first(name):
            return f"{name.title()}: {' '.join(value.split())[:100]}"
    sender = " ".join(value for name, value in block.fields if name in ("return-path", "authentication-results"))[
        :4_000
    ]
    return f"rewritten envelope sender, {envelope or 'SRS'}" if _SRS.search(sender) else ""


def _list(items: Sequence[str]) -> str:
    return listed(items, at_most=6) if items else "nothing"


def _way(direction: Direction) -> str:
    return "from" if direction is Direction.INBOUND else "to"


def _remedy(direction: Direction) -> str:
    if direction is Direction.INBOUND:
        return (
            "Give the whole message with Authentication-Results, or declare senderIpAddresses; the message trace "
            "(`verify service`) names the connector that was applied."
        )
    return "Give the headers of a message to one of the declared domains, as it arrived at the partner's server."


def _inbound(
    boundary: Boundary, block: HeaderBlock, witnesses: Witnesses, pair: Pair, mail_hosts: MailHosts
) -> Ownership:
    settings = pair.inbound.settings
    domains = tuple(dict.fromkeys((*settings.sender_domains, *pair.domains)))
    compared = [
        *_address(boundary, settings),
        *_spf(witnesses, domains),
        *_looked_up(boundary, settings, domains),
        *_mail_host(boundary, mail_hosts, (*domains, settings.tls_sender_certificate_name)),
        *_certificate(boundary, settings),
    ]
    envelope = _envelope(boundary, block, witnesses)
    compared += _claims(boundary, block, witnesses, (settings.tls_sender_certificate_name, *domains))
    if envelope:
        compared.append(Comparison(f"the envelope sender's domain {envelope}", _declared(envelope, domains), False))
    foreign = envelope if envelope and not _covered(envelope, settings.sender_domains) else None
    return Ownership(_connection(compared, witnesses, foreign), tuple(compared), foreign)


def _connection(compared: Sequence[Comparison], witnesses: Witnesses, foreign: str | None) -> Connection:
    if any(one.contradicts for one in compared):
        return Connection.CONTRADICTED
    if any(one.agrees and one.by_receiver for one in compared):
        return Connection.CONNECTED
    # The receiving side looked, and what it found is not the partner's: the sender's word does not outweigh it.
    looked = witnesses.spf is not None or any(not one.agrees and (one.by_receiver or one.is_report) for one in compared)
    if foreign or looked or not any(one.agrees for one in compared):
        return Connection.UNCONNECTED
    return Connection.CLAIMED


def _address(boundary: Boundary, settings: InboundSettings) -> Iterable[Comparison]:
    address = parsed_address(boundary.hop.address)
    if not settings.sender_ip_addresses:
        return
    if address is None:
        if settings.restricts_to_addresses:
            yield Comparison("no address of the sending host", agrees=False, by_receiver=True)
        return
    agrees = _in_list(str(address), settings.sender_ip_addresses)
    contradicts = not agrees and settings.restricts_to_addresses
    yield Comparison(f"the address {address}", agrees, by_receiver=True, contradicts=contradicts)


def _in_list(address: str, entries: Iterable[str]) -> bool:
    parsed = ipaddress.ip_address(address)
    return any(parsed in ipaddress.ip_network(entry, strict=False) for entry in entries if _NETWORK.fullmatch(entry))


def _spf(witnesses: Witnesses, domains: Sequence[str]) -> Iterable[Comparison]:
    spf = witnesses.spf
    if spf is None or not _declared(spf.domain, domains):
        return
    if spf.result == "pass":
        yield Comparison(f"SPF of {spf.domain}, which allows the address", agrees=True, by_receiver=True)
    elif spf.result in ("fail", "softfail"):
        what = f"SPF of {spf.domain}, which does not allow the address ({spf.result})"
        yield Comparison(what, agrees=False, by_receiver=True, contradicts=True)


def _looked_up(boundary: Boundary, settings: InboundSettings, domains: Sequence[str]) -> Iterable[Comparison]:
    name = (boundary.hop.reverse_name or "").lower()
    if name and not host_ends(name, MICROSOFT):
        agrees = _declared(name, domains) or _matches(name, settings.tls_sender_certificate_name)
        yield Comparison(f"the name {name} of the address", agrees, by_receiver=True)


def _mail_host(boundary: Boundary, mail_hosts: MailHosts, names: Sequence[str | None]) -> Iterable[Comparison]:
    """A host that receives for the partner sends for it too; one of a service may do so for others as well."""
    address = parsed_address(boundary.hop.address)
    for host in mail_hosts.at(str(address)) if address else ():
        own = _declared(host, [name for name in names if name])
        yield Comparison(f"the address {address} of its MX {host}", agrees=True, by_receiver=own)


def _certificate(boundary: Boundary, settings: InboundSettings) -> Iterable[Comparison]:
    session = boundary.hop.session
    shown = session.client_certificate if session else None
    wanted = settings.tls_sender_certificate_name
    if shown and wanted and shown.common_name and shown.state is ClientCertificateState.VERIFIED:
        agrees = _matches(shown.common_name.lower(), wanted)
        yield Comparison(f"the certificate for {shown.common_name}", agrees, by_receiver=True)


def _claims(
    boundary: Boundary, block: HeaderBlock, witnesses: Witnesses, names: Sequence[str | None]
) -> list[Comparison]:
    domains = tuple(name for name in names if name)
    claims = []
    if helo := (boundary.hop.helo or "").lower():
        claims.append(Comparison(f"the name {helo[:120]} that the host gave", _declared(helo, domains), False))
    if witnesses.reverse_name:
        what = f"the reverse name {witnesses.reverse_name} in X-Forefront-Antispam-Report"
        agrees = _declared(witnesses.reverse_name, domains)
        claims.append(Comparison(what, agrees, by_receiver=False, is_report=True))
    claims += [
        Comparison(f"From: {domain}", _declared(domain, domains), by_receiver=False)
        for domain in _mailboxes(block, "from")[:1]
    ]
    claims += [
        Comparison(f"the DKIM signature of {domain}, which is the text's", agrees=True, by_receiver=False)
        for domain in witnesses.signed_by
        if _declared(domain, domains)
    ]
    return claims


def _envelope(boundary: Boundary, block: HeaderBlock, witnesses: Witnesses) -> str | None:
    """The domain of the envelope sender: as the receiving side wrote it, or as the message was stored with."""
    if witnesses.spf is not None and "." in witnesses.spf.domain:
        return witnesses.spf.domain
    for found in (boundary.hop.envelope_sender, block.first("return-path")):
        if found and "@" in found:
            return domain_of(found)
    return None


def _outbound(boundary: Boundary, block: HeaderBlock, pair: Pair, mail_hosts: MailHosts) -> Ownership:
    settings = pair.outbound.settings
    written = [*_recipients(boundary, settings)]
    named = [
        Comparison(f"To: {domain}", _declared(domain, settings.recipient_domains), by_receiver=False)
        for domain in dict.fromkeys(
            (*_mailboxes(block, "to"), *_mailboxes(block, "cc"), *_mailboxes(block, "delivered-to"))
        )
    ]
    # A service receives for others, too: its host alone does not say for whom.
    is_to_partner = any(one.agrees for one in written or named)
    compared = [*_receiving_host(boundary, settings, mail_hosts if is_to_partner else MailHosts()), *written, *named]
    if any(one.contradicts for one in compared):
        return Ownership(Connection.CONTRADICTED, tuple(compared))
    if any(one.agrees and one.by_receiver for one in compared):
        return Ownership(Connection.CONNECTED, tuple(compared))
    claimed = any(one.agrees for one in compared) and not written
    return Ownership(Connection.CLAIMED if claimed else Connection.UNCONNECTED, tuple(compared))


def _receiving_host(boundary: Boundary, settings: OutboundSettings, mail_hosts: MailHosts) -> Iterable[Comparison]:
    host = (boundary.hop.by or "").rstrip(".")
    if host in mail_hosts.addresses:
        yield Comparison(f"the receiving host {host}, its MX", agrees=True, by_receiver=True)
        return
    names = (*settings.recipient_domains, *settings.smart_hosts)
    agrees = _declared(host, names) or _matches(host, settings.tls_domain)
    # Where neither a name nor a smart host is demanded, any host may be the one that the MX record names.
    compares = settings.tls_settings == TlsSettings.DOMAIN_VALIDATION.value or bool(settings.smart_hosts)
    yield Comparison(f"the receiving host {host or '?'}", agrees, by_receiver=agrees or compares)


def _recipients(boundary: Boundary, settings: OutboundSettings) -> Iterable[Comparison]:
    recipient = boundary.hop.recipient or ""
    if "@" in recipient:
        domain = domain_of(recipient)
        agrees = _declared(domain, settings.recipient_domains)
        yield Comparison(f"the recipient's domain {domain}", agrees, by_receiver=True)


def _mailboxes(block: HeaderBlock, name: str) -> tuple[str, ...]:
    found: list[str] = []
    for named, value in block.fields:
        if named == name:
            text = value[:4_000]
            found += _ANGLED.findall(text) or _BARE.findall(text)
    domains = (domain_of(domain) for domain in found[:_MOST_ADDRESSES])
    return tuple(dict.fromkeys(domain for domain in domains if domain))


def _declared(domain: str, names: Iterable[str]) -> bool:
    """Whether a host or domain is one of the declared ones, or under one.

    A server's host is under a domain that is declared without a wildcard: `mail.fabrikam.com` of `fabrikam.com`.
    """
    plain = domain.lower().rstrip(".")
    bare = [name.lower().removeprefix("*.") for name in names]
    return any(plain == name or plain.endswith(f".{name}") for name in bare if name and name != "*")


def _covered(domain: str, declared: Sequence[str]) -> bool:
    """Whether a connector applies to a sender domain: `*.fabrikam.com` is the domain and all under it."""
    plain = domain.lower().rstrip(".")
    exact = {name.lower() for name in declared}
    wild = [name.lower()[2:] for name in declared if name.startswith("*.")]
    return "*" in exact or plain in exact or any(plain == name or plain.endswith(f".{name}") for name in wild)


def _matches(host: str, wanted: str | None) -> bool:
    name = (wanted or "").lower()
    if name.startswith("*."):
        return host.endswith(name[1:])
    return bool(name) and host == name
