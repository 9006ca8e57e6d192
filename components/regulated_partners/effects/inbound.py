"""What a change of an inbound connector does to mail from the partner.

Both settings are in use. What a connector of type OnPremises says about TLS and restrictions is not enforced.
Source: New-InboundConnector, RequireTls, RestrictDomainsToCertificate: "applies only to Partner type connectors".
"""

from __future__ import annotations

from collections.abc import Iterator

from exchange_online.connectors import InboundSettings
from exchange_online.connectors.words import listed
from regulated_partners.effects.coverage import (
    NameRelation,
    addresses_difference,
    domains_difference,
    name_covers,
    name_relation,
)
from regulated_partners.effects.effect import Effect, Effects, neutral, outage_risk, strengthens, weakens

_TLS, _TYPE = "requireTls", "connectorType"
_CERTIFICATE, _NAME = "restrictDomainsToCertificate", "tlsSenderCertificateName"
_IP, _ADDRESSES = "restrictDomainsToIpAddresses", "senderIpAddresses"
_DOMAINS = "senderDomains"
_RESTRICTION = (_CERTIFICATE, _IP, _NAME, _ADDRESSES)


def inbound_effects(before: InboundSettings, after: InboundSettings) -> Effects:
    """The effects of changing one into the other."""
    for aspect in (_tls, _restriction, _certificate_name, _addresses, _scope, _recipients, _type):
        yield from aspect(before, after)


def nothing_demanded(settings: InboundSettings) -> InboundSettings:
    """What is true of the same senders without any connector."""
    return InboundSettings(
        name=settings.name,
        comment=settings.comment,
        sender_domains=settings.sender_domains,
        require_tls=False,
    )


def demands_something(s: InboundSettings) -> bool:
    """Whether mail can be refused because of the connector."""
    return s.is_partner and (s.require_tls or s.restrict_domains_to_certificate or s.restrict_domains_to_ip_addresses)


def _tls(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    old, new = before.is_partner and before.require_tls, after.is_partner and after.require_tls
    who = listed(after.sender_domains, "and")
    if new and not old:
        yield strengthens(f"mail from {who} is refused unless it comes over TLS", _TLS)
        yield outage_risk(f"mail that servers of {who} still send without TLS is refused", _TLS)
    elif old and not new:
        yield weakens(f"mail from {who} is accepted without TLS too", _TLS)


def _restriction(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    old, new = _demanded(before), _demanded(after)
    if old == new:
        return
    who = listed(after.sender_domains, "and")
    if _level(new) > _level(old):
        yield strengthens(f"mail from {who} is refused unless it comes {_with(after)}", *_RESTRICTION)
    elif new:
        yield weakens(
            f"mail from {who} is judged only by whether it comes {_with(after)}, no longer by whether it comes "
            f"{_with(before)}",
            *_RESTRICTION,
        )
    else:
        yield weakens(
            f"anybody's server can send mail from {who}: it need no longer come {_with(before)}", *_RESTRICTION
        )
    if new - old:
        yield outage_risk(f"mail of the partner that does not come {_with(after)} is refused", *_RESTRICTION)


def _demanded(s: InboundSettings) -> frozenset[str]:
    flags = {_CERTIFICATE: s.restrict_domains_to_certificate, _IP: s.restrict_domains_to_ip_addresses}
    return frozenset(key for key, on in flags.items() if on and s.is_partner)


def _level(demanded: frozenset[str]) -> int:
    """None < IP addresses < certificate < both (the last is assumed: a message must meet both)."""
    return 2 * (_CERTIFICATE in demanded) + (_IP in demanded)


def _with(s: InboundSettings) -> str:
    demanded = _demanded(s)
    parts = []
    if _CERTIFICATE in demanded:
        parts.append(f"with a certificate for {s.tls_sender_certificate_name}")
    if _IP in demanded:
        parts.append(f"from {listed(s.sender_ip_addresses, 'or')}")
    return " and ".join(parts)


def _certificate_name(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    old, new = before.tls_sender_certificate_name, after.tls_sender_certificate_name
    relation = name_relation(old, new)
    if relation is NameRelation.SAME:
        return
    if _CERTIFICATE not in _demanded(before) & _demanded(after):
        if _CERTIFICATE not in _demanded(before) | _demanded(after):
            yield neutral("the certificate's name is not enforced: mail is not restricted to a certificate", _NAME)
        return
    who = listed(after.sender_domains, "and")
    if relation is NameRelation.WIDER:
        yield weakens(f"mail from {who} is accepted with any certificate under {(new or '')[2:]}", _NAME)
    elif relation is NameRelation.NARROWER:
        yield strengthens(f"mail from {who} is accepted with a certificate for {new} only", _NAME)
    if not name_covers(new, old):
        yield outage_risk(
            f"mail from {who} is refused until the partner's servers show a certificate for {new} instead of {old}",
            _NAME,
        )


def _addresses(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    if before.sender_ip_addresses == after.sender_ip_addresses:
        return
    if _IP not in _demanded(before) & _demanded(after):
        if _IP not in _demanded(before) | _demanded(after):
            yield neutral("the addresses are not enforced: mail is not restricted to addresses", _ADDRESSES)
        return
    difference = addresses_difference(before.sender_ip_addresses, after.sender_ip_addresses)
    who = listed(after.sender_domains, "and")
    if difference.gained:
        yield weakens(f"mail from {who} is accepted from {listed(difference.gained, 'and')} too", _ADDRESSES)
    if difference.lost:
        lost = listed(difference.lost, "or")
        yield strengthens(f"mail from {who} is no longer accepted from {lost}", _ADDRESSES)
        yield outage_risk(f"mail that the partner still sends from {lost} is refused", _ADDRESSES)
    if not difference.gained and not difference.lost:
        yield neutral("the same addresses, written differently", _ADDRESSES)


def _scope(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    if before.sender_domains == after.sender_domains:
        return
    difference = domains_difference(before.sender_domains, after.sender_domains, wildcard_holds_domain=True)
    lost, gained = difference.lost, difference.gained
    if lost and demands_something(before):
        yield weakens(f"mail from {_spoken(lost)} is accepted without any of the connector's demands", _DOMAINS)
    if gained and demands_something(after):
        yield strengthens(f"mail from {_spoken(gained)} is held to the connector's demands", _DOMAINS)
        yield outage_risk(
            f"mail from {_spoken(gained)} that does not meet the connector's demands is refused", _DOMAINS
        )
    if not lost and not gained:
        yield neutral("the same domains, written differently", _DOMAINS)
    elif not demands_something(before) and not demands_something(after):
        yield neutral("the connector demands nothing of these domains", _DOMAINS)


def _spoken(domains: tuple[str, ...]) -> str:
    if "*" in domains:
        return "every other domain in the world"
    return listed([f"subdomains of {each[2:]}" if each.startswith("*.") else each for each in domains], "and")


def _recipients(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    """An empty list is all of the tenant's domains. Source: New-InboundConnector, AssociatedAcceptedDomains."""
    key = "associatedAcceptedDomains"
    old, new = before.associated_accepted_domains, after.associated_accepted_domains
    if old == new:
        return
    if not demands_something(before) and not demands_something(after):
        yield neutral("the connector demands nothing of mail to these domains", key)
        return
    lost = tuple(each for each in old if each not in new) if old and new else ()
    gained = tuple(each for each in new if each not in old) if old and new else ()
    if lost or not old:
        spared = f"your domain {listed(lost, 'and')}" if lost else f"your domains other than {listed(new, 'and')}"
        yield weakens(f"mail to {spared} is accepted without the connector's demands", key)
    if gained or not new:
        held = f"your domain {listed(gained, 'and')}" if gained else "all your domains"
        yield strengthens(f"mail to {held} is held to the connector's demands", key)
        yield outage_risk(f"mail to {held} that does not meet the connector's demands is refused", key)


def _type(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    """Source: Exchange Online mail flow pages: only OnPremises connectors let mail be relayed to other domains."""
    if before.is_partner == after.is_partner:
        return
    who = listed(after.sender_domains, "and")
    if before.is_partner:
        yield weakens(f"mail from {who} is treated as coming from servers of your own, which may relay", _TYPE)
    else:
        yield strengthens(f"mail from {who} is treated as coming from a partner, no longer from your servers", _TYPE)
        yield outage_risk("servers of your own that send through this connector can no longer relay", _TYPE)
