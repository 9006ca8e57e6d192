"""Other ways that a connector's mail can take: other connectors of the tenant, and transport rules.

Outbound, the exact domain wins over all accepted domains, and these over a wildcard (documented). Inbound no whole
order is documented: a connector that restricts is found by certificate or address, and wins over one that is found by
the sender's domain. Source: Exchange Online mail flow pages (2022); OfficeDocs-Exchange issue 900.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from exchange_online.connectors.coverage import addresses_difference, addresses_overlap, domain_covers, name_covers
from exchange_online.connectors.names import Direction
from exchange_online.connectors.settings import ConnectorSettings, InboundSettings, OutboundSettings
from exchange_online.connectors.words import listed, mail_flow


class Weight(StrEnum):
    """What another way does to the mail of a connector."""

    REFUSES = "refuses"
    """Mail of the connector is refused by the other one."""
    TAKES = "takes"
    """Mail of the connector may go the other way, past its demands."""
    NOTE = "note"
    """It is for the same mail, and as documented it does not take it as things are."""


class WayKind(StrEnum):
    """What the other way is."""

    RESTRICTION = "tenant-wide restriction"
    SAME_MAIL = "connector for the same mail"
    WIDER = "connector for more mail"
    OWN_SERVERS = "connector for servers of one's own"
    CENTRALIZED = "centralized mail transport"
    ORGANIZATION = "trusted organization"
    RULE = "transport rule"
    NOT_IN_USE = "connector that is not in use"


@dataclass(frozen=True)
class Way:
    """One other way that the mail of a connector can take.

    Attributes:
        kind: what it is.
        weight: what it does to the mail.
        direction: of the connector whose mail it is.
        name: of the other connector, or of the transport rule.
        guid: its Guid, as the tenant writes it.
        text: a sentence without the name of the connector whose mail it is.
        told_apart: whether the two connectors are for mail that their certificates or addresses tell apart.
    """

    kind: WayKind
    weight: Weight
    direction: Direction
    name: str
    guid: str
    text: str
    told_apart: bool = False

    @property
    def is_alarm(self) -> bool:
        """Whether mail can be refused by it, or go past the connector's demands."""
        return self.weight is not Weight.NOTE

    def consented(self, known: Iterable[str]) -> Way:
        """The same as a note, where its name or Guid is among those that are known and meant.

        Args:
            known: names and Guids, in any case.
        """
        meant = _folded(tuple(known))
        if not meant & {self.name.casefold(), self.guid.casefold()} or not self.is_alarm:
            return self
        return replace(self, weight=Weight.NOTE, text=f"{self.text} It is known and meant (knownWays).")


@dataclass(frozen=True)
class OtherConnector:
    """A connector that the mail may take: its Guid, empty where it is only declared, and its settings."""

    guid: str
    settings: ConnectorSettings


@dataclass(frozen=True)
class RoutingRule:
    """A transport rule that routes mail to an outbound connector.

    Attributes:
        name: the rule's.
        guid: the rule's.
        connector: the name or the Guid of the connector.
        in_force: whether it is enabled and enforced.
        recipient_domains: the recipients' domains that it asks for, with their subdomains; empty is no such condition.
        spared_domains: the recipients' domains that are its exception.
    """

    name: str
    guid: str
    connector: str
    in_force: bool = True
    recipient_domains: tuple[str, ...] = ()
    spared_domains: tuple[str, ...] = ()

    def is_for(self, domain: str) -> bool:
        """Whether it can route mail to a domain, or to what `*.domain` covers."""
        bare = domain.removeprefix("*.")
        if any(_is_below(bare, spared) for spared in self.spared_domains):
            return False
        asked = self.recipient_domains
        below = domain.startswith("*.") and any(_is_below(one, bare) for one in asked)
        return not asked or below or any(_is_below(bare, one) for one in asked)


class OtherWays:
    """The connectors and rules that are there beside those whose mail is looked at.

    What each applies to is looked up, so that asking for thousands of connectors takes no longer for each.

    Args:
        connectors: all but those of the stack itself.
        rules: those that route to a connector.
    """

    def __init__(self, connectors: Iterable[OtherConnector], rules: Iterable[RoutingRule] = ()) -> None:
        self._rules = [rule for rule in rules if rule.in_force]
        # By each domain, and by each domain above it, those that name it.
        self._named: dict[Direction, dict[str, list[OtherConnector]]] = {way: defaultdict(list) for way in Direction}
        self._below: dict[Direction, dict[str, list[OtherConnector]]] = {way: defaultdict(list) for way in Direction}
        self._for_all: dict[Direction, list[OtherConnector]] = {way: [] for way in Direction}
        self._own_servers: list[OtherConnector] = []
        self._organizations: dict[str, list[OtherConnector]] = defaultdict(list)
        for other in sorted(connectors, key=lambda one: (one.settings.name.casefold(), one.guid)):
            self._enter(other)

    def _enter(self, other: OtherConnector) -> None:
        s = other.settings
        if isinstance(s, InboundSettings):
            for organization in s.trusted_organizations if s.in_use else ():
                self._organizations[organization.casefold()].append(other)
            if not s.is_partner:
                self._own_servers += [other] if s.in_use else []
                return
            tenant_wide = "*" in s.sender_domains
        else:
            tenant_wide = s.takes_all_mail or (not s.is_transport_rule_scoped and _is_for_more(s))
        if tenant_wide and s.in_use:
            self._for_all[s.direction].append(other)
        for domain in _named_domains(s):
            self._named[s.direction][domain].append(other)
            for parent in _parents(domain):
                self._below[s.direction][parent].append(other)

    def of(self, settings: ConnectorSettings, guid: str = "") -> tuple[Way, ...]:
        """The other ways of the mail of a connector, the gravest first.

        Args:
            settings: as it is, or will be.
            guid: its own, where it is among the others.
        """
        found = _Looked(self, settings, guid.casefold()).ways() if settings.in_use else ()
        return tuple(sorted(dict.fromkeys(found), key=lambda way: (_GRAVITY[way.weight], way.name.casefold())))

    def naming(self, direction: Direction, domain: str) -> Iterator[tuple[OtherConnector, str]]:
        """The others that name a domain, one above it by wildcard, or one below a wildcard; and the name that does."""
        named, below = self._named[direction], self._below[direction]
        candidates = [domain, *(f"*.{parent}" for parent in _parents(domain))]
        # Whether a wildcard stands for the domain itself depends on the direction, and on the source.
        candidates.append(domain[2:] if domain.startswith("*.") else f"*.{domain}")
        for candidate in candidates:
            for other in named.get(candidate, ()):
                yield other, candidate
        if domain.startswith("*."):
            for other in below.get(domain[2:], ()):
                for name in _named_domains(other.settings):
                    if name not in candidates and domain_covers(domain, name):
                        yield other, name

    def for_all(self, direction: Direction) -> Sequence[OtherConnector]:
        """Those for every domain, for all accepted domains, and for all mail of the tenant."""
        return self._for_all[direction]

    @property
    def own_servers(self) -> Sequence[OtherConnector]:
        """Inbound connectors for servers of one's own."""
        return self._own_servers

    def trusting(self, domains: Iterable[str]) -> Iterator[tuple[OtherConnector, str]]:
        """Inbound connectors that trust an organization of one of these names."""
        for domain in domains:
            for other in self._organizations.get(domain.removeprefix("*.").casefold(), ()):
                yield other, domain.removeprefix("*.")

    @property
    def rules(self) -> Sequence[RoutingRule]:
        """Rules in force."""
        return self._rules


class _Looked:
    """One look at the mail of one connector."""

    def __init__(self, others: OtherWays, settings: ConnectorSettings, guid: str) -> None:
        self._others, self._settings, self._guid = others, settings, guid

    def ways(self) -> Iterator[Way]:
        s = self._settings
        if isinstance(s, InboundSettings):
            if s.is_partner:
                yield from self._inbound(s)
        else:
            yield from self._outbound(s)

    def _way(
        self, kind: WayKind, weight: Weight, other: OtherConnector, text: str, *, told_apart: bool = False
    ) -> Iterator[Way]:
        if other.guid and other.guid.casefold() == self._guid:
            return
        s = other.settings
        yield Way(kind, weight, self._settings.direction, s.name, other.guid, f"{text}.", told_apart)

    def _same_mail(self) -> Iterator[tuple[OtherConnector, list[str]]]:
        """The others that name domains of this connector, each once, with the names that do."""
        found: dict[int, tuple[OtherConnector, list[str]]] = {}
        for domain in self._settings.domains:
            if domain != "*":
                for other, name in self._others.naming(self._settings.direction, domain):
                    names = found.setdefault(id(other), (other, []))[1]
                    if name not in names:
                        names.append(name)
        yield from found.values()

    def _inbound(self, s: InboundSettings) -> Iterator[Way]:
        for other in self._others.for_all(Direction.INBOUND):
            if isinstance(other.settings, InboundSettings):
                yield from self._every_sender(s, other, other.settings)
        for other, names in self._same_mail():
            o = other.settings
            if not isinstance(o, InboundSettings):
                continue
            if not o.in_use:
                text = f"the connector '{o.name}', which is not in use, is for mail from {listed(names, 'and')} too"
                yield from self._way(WayKind.NOT_IN_USE, Weight.NOTE, other, text)
                continue
            apart = told_apart(s, o)
            which = "what meets its demands passes, whatever this one demands" if apart else _UNDOCUMENTED
            text = f"the connector '{o.name}' is for mail from {listed(names, 'and')} too: {mail_flow(o)}; {which}"
            yield from self._way(WayKind.SAME_MAIL, Weight.TAKES, other, text, told_apart=apart)
        for other in self._others.own_servers:
            if isinstance(other.settings, InboundSettings):
                yield from self._own_server(s, other, other.settings)
        for other, organization in self._others.trusting(s.sender_domains):
            text = (
                f"the connector '{other.settings.name}' trusts the organization {organization}: its mail is accepted "
                "whatever this one demands"
            )
            yield from self._way(WayKind.ORGANIZATION, Weight.TAKES, other, text)

    def _every_sender(self, s: InboundSettings, other: OtherConnector, o: InboundSettings) -> Iterator[Way]:
        if "*" in s.sender_domains and told_apart(s, o):
            return
        if o.restricts:
            to = f" to {listed(o.associated_accepted_domains, 'and')}" if o.associated_accepted_domains else ""
            if meets(s, o):
                text = f"the connector '{o.name}' restricts all senders{to}, and this one's mail meets its restriction"
                yield from self._way(WayKind.WIDER, Weight.NOTE, other, text)
            else:
                text = (
                    f"the connector '{o.name}' restricts all senders of the tenant and wins over connectors by domain: "
                    f"mail{to} is refused unless it also comes {_restriction(o)}"
                )
                yield from self._way(WayKind.RESTRICTION, Weight.REFUSES, other, text)
        elif o.recognised_by_addresses:
            apart = told_apart(s, o)
            text = f"the connector '{o.name}' is for every sender: {mail_flow(o)}"
            yield from self._way(WayKind.WIDER, Weight.NOTE if apart else Weight.TAKES, other, text, told_apart=apart)
        else:
            text = f"the connector '{o.name}' is for every sender: {mail_flow(o)}; {_UNDOCUMENTED}"
            yield from self._way(WayKind.WIDER, Weight.NOTE, other, text)

    def _own_server(self, s: InboundSettings, other: OtherConnector, o: InboundSettings) -> Iterator[Way]:
        by_name = name_covers(o.tls_sender_certificate_name, s.demanded_name)
        by_address = addresses_overlap(o.sender_ip_addresses, s.sender_ip_addresses)
        named = [
            name
            for name in o.sender_domains
            if any(
                domain_covers(*pair, wildcard_holds_domain=True)
                for domain in s.sender_domains
                if name != "*" and domain != "*"
                for pair in ((name, domain), (domain, name))
            )
        ]
        if by_name or by_address or named:
            text = f"the connector '{o.name}' may take this mail for that of servers of your own: {mail_flow(o)}"
            yield from self._way(WayKind.OWN_SERVERS, Weight.TAKES, other, text)

    def _outbound(self, s: OutboundSettings) -> Iterator[Way]:
        for other in self._others.for_all(Direction.OUTBOUND):
            if isinstance(other.settings, OutboundSettings):
                yield from self._every_recipient(other, other.settings)
        if s.is_transport_rule_scoped:
            return
        for other, names in self._same_mail():
            yield from self._same_recipients(s, other, names)
        yield from self._by_rule(s)

    def _every_recipient(self, other: OtherConnector, o: OutboundSettings) -> Iterator[Way]:
        if o.takes_all_mail:
            text = (
                f"the connector '{o.name}' takes all mail that leaves the tenant to servers of your own first "
                "(centralized mail transport): it does not go by this one"
            )
            yield from self._way(WayKind.CENTRALIZED, Weight.TAKES, other, text)
        elif o.all_accepted_domains and "*" not in o.recipient_domains:
            text = f"the connector '{o.name}' takes mail to all accepted domains of the tenant, before any wildcard"
            yield from self._way(WayKind.WIDER, Weight.NOTE, other, text)
        elif "*" not in self._settings.domains:
            text = f"the connector '{o.name}' takes mail to every domain that has no connector of its own in use"
            yield from self._way(WayKind.WIDER, Weight.NOTE, other, text)
        else:
            text = f"the connector '{o.name}' is for mail to every domain too: {mail_flow(o)}; {_UNDOCUMENTED}"
            yield from self._way(WayKind.SAME_MAIL, Weight.TAKES, other, text)

    def _same_recipients(self, s: OutboundSettings, other: OtherConnector, names: Sequence[str]) -> Iterator[Way]:
        o = other.settings
        own = set(s.recipient_domains)
        # What `*.x` of this one does not promise: x itself.
        names = [name for name in names if name in own or f"*.{name}" not in own]
        if not names:
            return
        if not o.in_use:
            text = f"the connector '{o.name}', which is not in use, is for mail to {listed(names, 'and')} too"
            yield from self._way(WayKind.NOT_IN_USE, Weight.NOTE, other, text)
            return
        taken = [name for name in names if name in own or any(domain_covers(domain, name) for domain in own)]
        if not taken:
            text = f"the connector '{o.name}' is for {listed(names, 'and')}; the more exact domains of this one win"
            yield from self._way(WayKind.WIDER, Weight.NOTE, other, text)
            return
        which = _UNDOCUMENTED if own.intersection(taken) else "its domains are the more exact ones, and win"
        text = f"the connector '{o.name}' is for mail to {listed(taken, 'and')} too: {mail_flow(o)}; {which}"
        yield from self._way(WayKind.SAME_MAIL, Weight.TAKES, other, text)

    def _by_rule(self, s: OutboundSettings) -> Iterator[Way]:
        called = {self._guid, s.name.casefold()}
        for rule in self._others.rules:
            routed = [domain for domain in s.recipient_domains if rule.is_for(domain)]
            if routed and rule.connector.casefold() not in called:
                which = f"to {listed(routed, 'and')}" if rule.recipient_domains else "whatever its recipient"
                text = (
                    f"the transport rule '{rule.name}' routes mail {which} to the connector '{rule.connector}', where "
                    "its other conditions are met: it does not go by this one."
                )
                yield Way(WayKind.RULE, Weight.TAKES, Direction.OUTBOUND, rule.name, rule.guid, text)


#: The gravest first.
_GRAVITY = {weight: place for place, weight in enumerate(Weight)}
_UNDOCUMENTED = "which of the two a message takes is not documented"


@lru_cache(maxsize=8)
def _folded(known: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text.strip().casefold() for text in known)


def told_apart(one: InboundSettings, other: InboundSettings) -> bool:
    """Whether certificates or addresses decide which of two connectors a message falls to, so that none meets both.

    Source: OfficeDocs-Exchange issue 900: partner connectors are found by address or certificate.
    """
    names = one.demanded_name, other.demanded_name
    addresses = _addresses(one), _addresses(other)
    if all(names):
        return not (name_covers(*names) or name_covers(*reversed(names)))
    if all(addresses):
        return not addresses_overlap(*addresses)
    return bool((names[0] and addresses[1]) or (names[1] and addresses[0]))


def meets(s: InboundSettings, restriction: InboundSettings) -> bool:
    """Whether what a connector demands of its mail is enough for the restriction of another."""
    name = restriction.demanded_name
    if name and not name_covers(name, s.demanded_name):
        return False
    if not restriction.restricts_to_addresses:
        return True
    allowed = restriction.sender_ip_addresses
    own = s.sender_ip_addresses if s.restricts_to_addresses else ()
    return bool(own) and not addresses_difference(own, allowed).lost


def _named_domains(s: ConnectorSettings) -> Sequence[str]:
    """The domains that it is for by name; none of a connector that transport rules alone use, nor `*`."""
    if isinstance(s, OutboundSettings) and s.is_transport_rule_scoped:
        return ()
    return [domain for domain in s.domains if domain != "*"]


def _is_for_more(s: OutboundSettings) -> bool:
    return s.all_accepted_domains or "*" in s.recipient_domains


def _addresses(s: InboundSettings) -> tuple[str, ...]:
    return s.sender_ip_addresses if s.restricts_to_addresses else s.recognised_by_addresses


def _restriction(s: InboundSettings) -> str:
    parts = [f"with a certificate for {s.demanded_name}"] if s.demanded_name else []
    if s.restricts_to_addresses:
        parts.append(f"from {listed(s.sender_ip_addresses, 'or')}")
    return " and ".join(parts)


def _parents(domain: str) -> Iterator[str]:
    """`b.c` and `c` of `a.b.c`; of `*.b.c` only `c`, because it stands for that itself."""
    labels = domain.removeprefix("*.").split(".")
    for start in range(1, len(labels)):
        yield ".".join(labels[start:])


def _is_below(domain: str, above: str) -> bool:
    return domain == above or domain.endswith(f".{above}")
