"""What a change of an inbound connector does to the trust in mail: internal headers, organizations, filtering."""

from __future__ import annotations

from collections.abc import Iterator

from exchange_online.connectors import InboundSettings
from exchange_online.connectors.words import listed
from regulated_partners.effects.effect import Effect, Effects, neutral, outage_risk, strengthens, weakens

_SKIP_LAST, _SKIP_IPS, _USERS = "efSkipLastIp", "efSkipIps", "efUsers"


def trust_effects(before: InboundSettings, after: InboundSettings) -> Effects:
    """The effects of changing one into the other; both are in use."""
    for aspect in (_organizations, _internal, _filtering):
        yield from aspect(before, after)


def _organizations(before: InboundSettings, after: InboundSettings) -> Iterator[Effect]:
    key = "trustedOrganizations"
    added = tuple(each for each in after.trusted_organizations if each not in before.trusted_organizations)
    removed = tuple(each for each in before.trusted_organizations if each not in after.trusted_organizations)
    if added:
        yield weakens(f"mail of the organization {listed(added, 'and')} is trusted whatever else is demanded", key)
    if removed:
        yield strengthens(f"mail of the organization {listed(removed, 'and')} is held to the demands again", key)
        yield outage_risk(f"mail of {listed(removed, 'or')} that does not meet the demands is refused", key)


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
    keys = tuple(
        key
        for key, old, new in (
            (_SKIP_LAST, before.ef_skip_last_ip, after.ef_skip_last_ip),
            (_SKIP_IPS, before.ef_skip_ips, after.ef_skip_ips),
            (_USERS, before.ef_users, after.ef_users),
        )
        if old != new
    )
    if not keys:
        return
    old, new = _filtered(before), _filtered(after)
    if new > old:
        yield strengthens("spam filtering sees the address of the sender behind the relay, for more recipients", *keys)
    elif new < old:
        yield weakens("spam filtering sees the relay instead of the sender behind it, for more recipients", *keys)
    else:
        yield neutral("spam filtering looks behind other relays, or for other recipients; TLS is as before", *keys)


def _filtered(s: InboundSettings) -> int:
    if not (s.ef_skip_last_ip or s.ef_skip_ips):
        return 0
    return 1 if s.ef_users else 2
