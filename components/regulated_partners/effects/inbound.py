"""What a change of an inbound connector does to mail from the partner, and to the trust in it.

Both settings are in use. What a connector of type OnPremises says about TLS and restrictions is not enforced.

Source: New-InboundConnector, RequireTls, RestrictDomainsToCertificate: "applies only to Partner type connectors".
"""

from __future__ import annotations

from collections.abc import Iterator

from exchange_online.connectors import InboundSettings, listed, senders
from exchange_online.connectors.coverage import (
    NameRelation,
    addresses_difference,
    domains_difference,
    name_covers,
    name_relation,
    spoken,
)
from regulated_partners.effects.effect import Effect, Judge, neutral, outage_risk, strengthens, weakens

_TLS, _TYPE = "requireTls", "connectorType"
_CERTIFICATE, _NAME = "restrictDomainsToCertificate", "tlsSenderCertificateName"
_IP, _ADDRESSES = "restrictDomainsToIpAddresses", "senderIpAddresses"
_DOMAINS, _RECIPIENTS, _ORGANIZATIONS = "senderDomains", "associatedAcceptedDomains", "trustedOrganizations"
_SKIP = ("efSkipLastIp", "efSkipIps", "efUsers")
_RESTRICTION = (_CERTIFICATE, _IP, _NAME, _ADDRESSES)
#: By what mail of one's own servers is known.
_KNOWN = (_NAME, _ADDRESSES, _DOMAINS)


def nothing_demanded(settings: InboundSettings) -> InboundSettings:
    """What is true of the same senders without any connector."""
    return InboundSettings(
        name=settings.name, comment=settings.comment, sender_domains=settings.sender_domains, require_tls=False
    )


def demands_something(s: InboundSettings) -> bool:
    """Whether mail can be refused because of the connector."""
    return s.demands_tls or s.restricts


def _tls(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    who = listed(after.sender_domains, "and")
    if after.demands_tls and not before.demands_tls:
        yield strengthens(f"mail {senders(after)} is refused unless it comes over TLS", _TLS, _CERTIFICATE)
        yield outage_risk(f"mail that servers of {who} still send without TLS is refused", _TLS, _CERTIFICATE)
    elif before.demands_tls and not after.demands_tls:
        yield weakens(f"mail from {who} is accepted without TLS too", _TLS, _CERTIFICATE)
    elif before.require_tls != after.require_tls and after.is_partner and before.is_partner:
        yield neutral("a certificate is demanded, and comes only over TLS", _TLS)


def _recognised(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    """Of whose mail TLS is demanded, where addresses are listed without a restriction to them."""
    old, new = before.recognised_by_addresses, after.recognised_by_addresses
    if old == new or not (before.demands_tls and after.demands_tls):
        return
    keys = (_ADDRESSES, *_RESTRICTION)
    if not old:
        yield weakens(f"TLS is demanded only of mail that comes from {listed(new, 'or')}", *keys)
        return
    if not new:
        yield strengthens(f"TLS is demanded of mail from {listed(after.sender_domains, 'and')}, wherever from", *keys)
        yield outage_risk("mail that is still sent without TLS, from other addresses, is refused", *keys)
        return
    difference = addresses_difference(old, new)
    if difference.lost:
        yield weakens(f"mail that comes from {listed(difference.lost, 'or')} is accepted without TLS too", _ADDRESSES)
    if difference.gained:
        gained = listed(difference.gained, "or")
        yield strengthens(f"mail that comes from {gained} is refused unless it comes over TLS", _ADDRESSES)
        yield outage_risk(f"mail that is still sent without TLS from {gained} is refused", _ADDRESSES)


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
    flags = {_CERTIFICATE: s.demands_trust, _IP: s.restricts_to_addresses}
    return frozenset(key for key, on in flags.items() if on)


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
    if relation is NameRelation.SAME or _CERTIFICATE not in _demanded(before) & _demanded(after):
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
    old, new = before.sender_ip_addresses, after.sender_ip_addresses
    if old == new or _IP not in _demanded(before) & _demanded(after):
        return
    difference = addresses_difference(old, new)
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
        yield weakens(f"mail from {spoken(lost)} is accepted without any of the connector's demands", _DOMAINS)
    if gained and demands_something(after):
        yield strengthens(f"mail from {spoken(gained)} is held to the connector's demands", _DOMAINS)
        yield outage_risk(f"mail from {spoken(gained)} that does not meet the connector's demands is refused", _DOMAINS)
    if not lost and not gained:
        yield neutral("the same domains, written differently", _DOMAINS)


def _recipients(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    """An empty list is all of the tenant's domains. Source: New-InboundConnector, AssociatedAcceptedDomains."""
    old, new = before.associated_accepted_domains, after.associated_accepted_domains
    if old == new or not (demands_something(before) or demands_something(after)):
        return
    lost = tuple(name for name in old if name not in new) if old and new else ()
    gained = tuple(name for name in new if name not in old) if old and new else ()
    if lost or not old:
        spared = f"your domain {listed(lost, 'and')}" if lost else f"your domains other than {listed(new, 'and')}"
        yield weakens(f"mail to {spared} is accepted without the connector's demands", _RECIPIENTS)
    if gained or not new:
        held = f"your domain {listed(gained, 'and')}" if gained else "all your domains"
        yield strengthens(f"mail to {held} is held to the connector's demands", _RECIPIENTS)
        yield outage_risk(f"mail to {held} that does not meet the connector's demands is refused", _RECIPIENTS)


def _own_servers(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    """What is known as mail of one's own servers, which may relay."""
    if before.is_partner or after.is_partner:
        return
    old, new = _known_by(before), _known_by(after)
    if gained := [known for known in new if known not in old]:
        yield weakens(
            f"mail {listed(gained, 'or')} counts as coming from servers of your own, which may relay", *_KNOWN
        )
    if lost := [known for known in old if known not in new]:
        yield strengthens(f"mail {listed(lost, 'or')} no longer counts as coming from servers of your own", *_KNOWN)
        yield outage_risk(f"servers of your own that send {listed(lost, 'or')} can no longer relay", *_KNOWN)


def _known_by(s: InboundSettings) -> list[str]:
    name = s.tls_sender_certificate_name
    known = [*([f"with a certificate for {name}"] if name else []), *(f"from {one}" for one in s.sender_ip_addresses)]
    return known or [f"from {domain}" for domain in s.sender_domains]


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


def _of_addresses(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    yield from _addresses(before, after)
    yield from _recognised(before, after)


def _of_own_servers(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    yield from _type(before, after)
    yield from _own_servers(before, after)


def _organizations(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    if not (demands_something(before) or demands_something(after)):
        return
    added = tuple(name for name in after.trusted_organizations if name not in before.trusted_organizations)
    removed = tuple(name for name in before.trusted_organizations if name not in after.trusted_organizations)
    if added:
        yield weakens(
            f"mail of the organization {listed(added, 'and')} is trusted whatever else is demanded", _ORGANIZATIONS
        )
    if removed:
        yield strengthens(
            f"mail of the organization {listed(removed, 'and')} is held to the demands again", _ORGANIZATIONS
        )
        yield outage_risk(f"mail of {listed(removed, 'or')} that does not meet the demands is refused", _ORGANIZATIONS)


def _internal(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    flags = (
        ("treatMessagesAsInternal", before.treat_messages_as_internal, after.treat_messages_as_internal),
        ("cloudServicesMailEnabled", before.cloud_services_mail_enabled, after.cloud_services_mail_enabled),
    )
    for key, old, new in flags:
        if new and not old:
            yield weakens("mail through the connector counts as internal, and is filtered less", key)
        elif old and not new:
            yield strengthens("mail through the connector no longer counts as internal", key)


def _filtering(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    """Off < for some recipients < for all. Source: New-InboundConnector, EFSkipLastIP, EFSkipIPs, EFUsers."""
    old, new = _filtered(before), _filtered(after)
    was, now = ((s.ef_skip_last_ip, s.ef_skip_ips, s.ef_users) for s in (before, after))
    if new > old:
        yield strengthens("spam filtering sees the address of the sender behind the relay, for more recipients", *_SKIP)
    elif new < old:
        yield weakens("spam filtering sees the relay instead of the sender behind it, for more recipients", *_SKIP)
    elif was != now:
        yield neutral("spam filtering looks behind other relays, or for other recipients; TLS is as before", *_SKIP)


def _filtered(s: InboundSettings) -> int:
    if not (s.ef_skip_last_ip or s.ef_skip_ips):
        return 0
    return 1 if s.ef_users else 2


_PARTNER_ONLY = "it is enforced by connectors of type Partner only"

#: Who judges which parameter, in the order in which the effects are told.
JUDGES: tuple[Judge[InboundSettings], ...] = (
    Judge((_TLS,), _tls, _PARTNER_ONLY),
    Judge((_CERTIFICATE, _IP), _restriction, _PARTNER_ONLY),
    Judge(
        (_NAME,), _certificate_name, "the certificate's name is not enforced: mail is not restricted to a certificate"
    ),
    Judge((_ADDRESSES,), _of_addresses, "the addresses are not enforced: mail is not restricted to addresses"),
    Judge((_DOMAINS,), _scope, "the connector demands nothing of these domains"),
    Judge((_RECIPIENTS,), _recipients, "the connector demands nothing of mail to these domains"),
    Judge((_TYPE,), _of_own_servers, "neither type is Partner, and no other difference between them is known"),
    Judge((_ORGANIZATIONS,), _organizations, "the connector demands nothing that they would be spared"),
    Judge(("treatMessagesAsInternal", "cloudServicesMailEnabled"), _internal),
    Judge(_SKIP, _filtering),
)
