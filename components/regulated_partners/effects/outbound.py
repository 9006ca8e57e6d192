"""What a change of an outbound connector does to mail to the partner. Both settings are in use."""

from __future__ import annotations

from collections.abc import Iterator

from exchange_online.connectors import (
    MtaStsMode,
    OutboundSettings,
    SmtpDaneMode,
    TlsSettings,
    delivery,
    listed,
    recipients,
)
from exchange_online.connectors.coverage import NameRelation, domains_difference, name_covers, name_relation, spoken
from regulated_partners.effects.effect import Effect, Judge, neutral, outage_risk, strengthens, weakens

_TLS, _TLS_DOMAIN, _DOMAINS = "tlsSettings", "tlsDomain", "recipientDomains"
_MX, _HOSTS = "useMxRecord", "smartHosts"
_DANE, _MTA_STS = "smtpDaneMode", "mtaStsMode"
_BY_RULE, _ACCEPTED = "isTransportRuleScoped", "allAcceptedDomains"
_TYPE, _VIA_OWN, _HEADERS = "connectorType", "routeAllMessagesViaOnPremises", "cloudServicesMailEnabled"

#: The weakest first. A member that is newer than this code ranks below all: it cannot be judged.
_TLS_ORDER: tuple[str | None, ...] = (
    None,
    TlsSettings.ENCRYPTION_ONLY.value,
    TlsSettings.CERTIFICATE_VALIDATION.value,
    TlsSettings.DOMAIN_VALIDATION.value,
)
_DANE_ORDER = (SmtpDaneMode.NONE.value, SmtpDaneMode.OPPORTUNISTIC.value, SmtpDaneMode.MANDATORY.value)
_MTA_STS_ORDER = (MtaStsMode.NONE.value, MtaStsMode.OPPORTUNISTIC.value)


def nothing_demanded(settings: OutboundSettings) -> OutboundSettings:
    """What is true of the same recipients without any connector."""
    return OutboundSettings(
        name=settings.name,
        comment=settings.comment,
        connector_type=settings.connector_type,
        recipient_domains=settings.recipient_domains,
        is_transport_rule_scoped=settings.is_transport_rule_scoped,
        all_accepted_domains=settings.all_accepted_domains,
    )


def demands_something(s: OutboundSettings) -> bool:
    """Whether mail can wait or be returned because of the connector."""
    return s.demands_tls or s.demands_dane


def _waits(s: OutboundSettings) -> str:
    certificates = {
        TlsSettings.CERTIFICATE_VALIDATION.value: " with a certificate of a trusted CA",
        TlsSettings.DOMAIN_VALIDATION.value: f" with a trusted certificate for {s.tls_domain}",
    }
    needed = f"TLS{certificates.get(s.tls_settings or '', '')}"
    if s.tls_settings is None:
        needed = "DANE with DNSSEC"
    return f"waits, and is then returned, while the server does not offer {needed}"


def _rank(order: tuple[str | None, ...], value: str | None) -> int:
    return order.index(value) if value in order else -1


def _tls_rank(s: OutboundSettings) -> int:
    """What DANE demands is TLS with any certificate that it proves."""
    return _rank(
        _TLS_ORDER, TlsSettings.ENCRYPTION_ONLY.value if s.tls_settings is None and s.demands_tls else s.tls_settings
    )


def _tls(before: OutboundSettings, after: OutboundSettings) -> Iterator[Effect]:
    if before.tls_settings == after.tls_settings:
        return
    old, new = _tls_rank(before), _tls_rank(after)
    sentence = f"mail {recipients(after)} is delivered {delivery(after)}"
    if new == old:
        yield neutral("TLS is demanded by DANE too", _TLS)
    elif new > old:
        yield strengthens(sentence, _TLS, _TLS_DOMAIN)
        if new > 0:
            yield outage_risk(f"mail {recipients(after)} {_waits(after)}", _TLS, _TLS_DOMAIN)
    else:
        yield weakens(sentence, _TLS, _TLS_DOMAIN)


def _tls_domain(before: OutboundSettings, after: OutboundSettings) -> Iterator[Effect]:
    relation = name_relation(before.tls_domain, after.tls_domain)
    checked = all(s.tls_settings == TlsSettings.DOMAIN_VALIDATION for s in (before, after))
    if relation is NameRelation.SAME or not checked:
        return
    if relation is NameRelation.WIDER:
        host = (after.tls_domain or "")[2:]
        yield weakens(f"mail {recipients(after)} is delivered to any certificate under {host}", _TLS_DOMAIN)
    elif relation is NameRelation.NARROWER:
        yield strengthens(f"mail {recipients(after)} needs a certificate for {after.tls_domain} itself", _TLS_DOMAIN)
    if not name_covers(after.tls_domain, before.tls_domain):
        yield outage_risk(
            f"mail {recipients(after)} waits, and is then returned, until the partner's server shows a certificate for "
            f"{after.tls_domain} instead of {before.tls_domain}",
            _TLS_DOMAIN,
        )


def _dane(before: OutboundSettings, after: OutboundSettings) -> Iterator[Effect]:
    old, new = before.smtp_dane_mode, after.smtp_dane_mode
    if old == new:
        return
    if _rank(_DANE_ORDER, new) < _rank(_DANE_ORDER, old):
        said = {
            SmtpDaneMode.NONE.value: "DANE records of the partner are no longer looked at",
            SmtpDaneMode.OPPORTUNISTIC.value: "DANE is used where the partner has it, and no longer demanded",
        }
        yield weakens(said.get(new, f"SmtpDaneMode {new} is not known to this version"), _DANE)
        if not after.demands_tls:
            yield weakens(f"mail {recipients(after)} is delivered {delivery(after)}", _DANE)
    elif new == SmtpDaneMode.MANDATORY and after.smart_hosts:
        yield strengthens("DANE with DNSSEC is demanded, as far as it counts for smart hosts: not documented", _DANE)
        yield outage_risk("mail may wait, and be dropped: what DANE demands of smart hosts is not documented", _DANE)
    elif new == SmtpDaneMode.MANDATORY:
        yield strengthens(f"mail {recipients(after)} is delivered only to servers that DANE with DNSSEC proves", _DANE)
        yield outage_risk("mail waits 24 hours, and is then dropped, where the partner has no DANE with DNSSEC", _DANE)
    else:
        yield strengthens("DANE records of the partner are used where there are some", _DANE)
        yield outage_risk("mail waits where the partner's DANE records do not fit its server", _DANE)


def _mta_sts(before: OutboundSettings, after: OutboundSettings) -> Iterator[Effect]:
    old, new = before.mta_sts_mode, after.mta_sts_mode
    if old == new:
        return
    if _rank(_MTA_STS_ORDER, new) > _rank(_MTA_STS_ORDER, old):
        yield strengthens("the partner's MTA-STS policy is kept", _MTA_STS)
        yield outage_risk("mail waits where the partner's MTA-STS policy does not fit its servers", _MTA_STS)
    else:
        yield weakens("the partner's MTA-STS policy is no longer looked at", _MTA_STS)


def _named(s: OutboundSettings) -> tuple[str, ...]:
    """Source: New-OutboundConnector, IsTransportRuleScoped: such a connector is used by rules only."""
    return () if s.is_transport_rule_scoped else s.recipient_domains


def _scope(before: OutboundSettings, after: OutboundSettings) -> Iterator[Effect]:
    old, new = _named(before), _named(after)
    if old == new:
        return
    difference = domains_difference(old, new, wildcard_holds_domain=False)
    if difference.lost:
        yield from _leaves(spoken(difference.lost), before, _DOMAINS, _BY_RULE)
    if difference.gained:
        yield from _enters(spoken(difference.gained), after, _DOMAINS, _BY_RULE)
    if not difference.lost and not difference.gained:
        yield neutral("the same domains, written differently", _DOMAINS)


def _wider_scope(before: OutboundSettings, after: OutboundSettings) -> Iterator[Effect]:
    by_rule, accepted = "recipients that a transport rule routes here", "your accepted domains"
    for key, these, old, new in (
        (_BY_RULE, by_rule, before.is_transport_rule_scoped, after.is_transport_rule_scoped),
        (_ACCEPTED, accepted, _accepted(before), _accepted(after)),
    ):
        if old and not new:
            yield from _leaves(these, before, key)
        elif new and not old:
            yield from _enters(these, after, key)


def _accepted(s: OutboundSettings) -> bool:
    return s.all_accepted_domains and not s.is_transport_rule_scoped


def _leaves(these: str, before: OutboundSettings, *keys: str) -> Iterator[Effect]:
    if demands_something(before):
        yield weakens(f"mail to {these} is delivered with TLS only if the server offers it", *keys)
    if before.smart_hosts:
        yield outage_risk(f"mail to {these} goes by the MX record, no longer through the smart hosts", *keys)
    if not demands_something(before) and not before.smart_hosts:
        yield neutral(f"the connector demanded nothing of mail to {these}", *keys)


def _enters(these: str, after: OutboundSettings, *keys: str) -> Iterator[Effect]:
    if demands_something(after):
        yield strengthens(f"mail to {these} is delivered {delivery(after)}", *keys)
        yield outage_risk(f"mail to {these} {_waits(after)}", *keys)
    if after.smart_hosts:
        yield outage_risk(f"mail to {these} goes through {listed(after.smart_hosts, 'or')}", *keys)
    if not demands_something(after) and not after.smart_hosts:
        yield neutral(f"the connector demands nothing of mail to {these}", *keys)


def _route(before: OutboundSettings, after: OutboundSettings) -> Iterator[Effect]:
    if (before.use_mx_record, before.smart_hosts) == (after.use_mx_record, after.smart_hosts):
        return
    way = f"through {listed(after.smart_hosts, 'or')}" if after.smart_hosts else "by the MX record"
    old = f"through {listed(before.smart_hosts, 'or')}" if before.smart_hosts else "by the MX record"
    yield outage_risk(
        f"mail {recipients(after)} goes {way} instead of {old}; it is returned if it is not accepted there", _MX, _HOSTS
    )


def _own_servers(before: OutboundSettings, after: OutboundSettings) -> Iterator[Effect]:
    if before.connector_type != after.connector_type:
        whose = "a partner's servers" if after.is_partner else "servers of your own"
        yield outage_risk(f"the service treats the way as one to {whose}", _TYPE)
    if before.takes_all_mail != after.takes_all_mail:
        via = "through" if after.takes_all_mail else "no longer through"
        yield outage_risk(f"all mail of the tenant goes {via} servers of your own", _VIA_OWN, _TYPE)
        if before.takes_all_mail and demands_something(before):
            yield weakens("mail to all other domains is no longer held to the connector's demands", _VIA_OWN, _TYPE)
    if after.cloud_services_mail_enabled and not before.cloud_services_mail_enabled:
        yield weakens("internal headers leave the organization with the mail", _HEADERS)
    elif before.cloud_services_mail_enabled and not after.cloud_services_mail_enabled:
        yield strengthens("internal headers no longer leave the organization", _HEADERS)


#: Who judges which parameter, in the order in which the effects are told.
JUDGES: tuple[Judge[OutboundSettings], ...] = (
    Judge((_TLS,), _tls),
    Judge((_TLS_DOMAIN,), _tls_domain, "the certificate's name is not checked"),
    Judge((_DANE,), _dane),
    Judge((_MTA_STS,), _mta_sts),
    Judge((_DOMAINS,), _scope, "transport rules alone use the connector, whatever its domains"),
    Judge((_BY_RULE, _ACCEPTED), _wider_scope, "transport rules alone use the connector, whatever its domains"),
    Judge((_MX, _HOSTS), _route),
    Judge((_TYPE, _VIA_OWN, _HEADERS), _own_servers, "it counts for connectors of type OnPremises only"),
    Judge(("validationRecipients",), None, "addresses for a validation message"),
    Judge(("senderRewritingEnabled",), None, "senders are rewritten for servers of your own; protection is as before"),
)
