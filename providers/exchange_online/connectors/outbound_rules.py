"""Rules for outbound connectors. Their numbers and sources are those of the connector reference, section 5."""

from __future__ import annotations

from exchange_online.connectors.names import ConnectorType, MtaStsMode, SmtpDaneMode, TlsSettings
from exchange_online.connectors.options import Options
from exchange_online.connectors.rules import (
    ERROR,
    HYBRID,
    HYBRID_SOURCE,
    WARNING,
    Answer,
    Rule,
    hybrid_only,
    name_length,
    name_needed,
)
from exchange_online.connectors.settings import OutboundSettings

_NEW = "New-OutboundConnector"
_NEEDS_ON_PREMISES = ("it needs connectorType OnPremises", "leave it out for a partner")


def _rewriting(s: OutboundSettings, _: Options) -> Answer:
    return _NEEDS_ON_PREMISES if s.sender_rewriting_enabled and _not_on_premises(s) else None


def _all_accepted(s: OutboundSettings, _: Options) -> Answer:
    return _NEEDS_ON_PREMISES if s.all_accepted_domains and _not_on_premises(s) else None


def _centralized(s: OutboundSettings, _: Options) -> Answer:
    return _NEEDS_ON_PREMISES if s.route_all_messages_via_on_premises and _not_on_premises(s) else None


def _smart_hosts_needed(s: OutboundSettings, _: Options) -> Answer:
    if s.use_mx_record or s.smart_hosts:
        return None
    return "useMxRecord is false, and no smart host is listed", "list the servers to deliver to"


def _smart_hosts_or_mx(s: OutboundSettings, _: Options) -> Answer:
    if not (s.use_mx_record and s.smart_hosts):
        return None
    return "smart hosts are listed, and useMxRecord is true", "set useMxRecord to false, or drop the smart hosts"


def _tls_domain_needed(s: OutboundSettings, _: Options) -> Answer:
    if s.tls_settings != TlsSettings.DOMAIN_VALIDATION or s.tls_domain:
        return None
    return (
        "tlsSettings is DomainValidation, and no name is given",
        "write the name in the certificate of the partner's receiving server",
    )


def _tls_domain_used(s: OutboundSettings, _: Options) -> Answer:
    if not s.tls_domain or s.tls_settings == TlsSettings.DOMAIN_VALIDATION:
        return None
    shown = s.tls_settings or "unset"
    return f"it has no effect while tlsSettings is {shown}", "set tlsSettings to DomainValidation, or leave it out"


def _some_scope(s: OutboundSettings, _: Options) -> Answer:
    if s.recipient_domains or s.all_accepted_domains or s.is_transport_rule_scoped:
        return None
    return (
        "the connector has no recipient domains, so no mail would use it",
        "list the partner's domains, or set isTransportRuleScoped to true",
    )


def _one_scope(s: OutboundSettings, _: Options) -> Answer:
    if not (s.is_transport_rule_scoped and s.recipient_domains):
        return None
    return "a connector that transport rules use has no recipient domains of its own", "keep one of the two"


def _modes_with_smart_hosts(s: OutboundSettings, _: Options) -> Answer:
    default = s.smtp_dane_mode == SmtpDaneMode.OPPORTUNISTIC and s.mta_sts_mode == MtaStsMode.OPPORTUNISTIC
    if default or not s.smart_hosts:
        return None
    return "what DANE and MTA-STS modes do with smart hosts is not documented", "test it with the partner"


def _not_on_premises(s: OutboundSettings) -> bool:
    return s.connector_type != ConnectorType.ON_PREMISES


OUTBOUND: tuple[Rule[OutboundSettings], ...] = (
    Rule("V2", ERROR, ("name",), f"{_NEW}, Name", name_needed),
    Rule("V3", ERROR, ("name",), f"{_NEW}, Name: maximum 64", name_length),
    Rule("V15", ERROR, HYBRID, HYBRID_SOURCE, hybrid_only),
    Rule("V16", ERROR, ("senderRewritingEnabled", "connectorType"), "CIPP issue 3873 (observed)", _rewriting),
    Rule("V17", ERROR, ("allAcceptedDomains", "connectorType"), f"{_NEW}, AllAcceptedDomains", _all_accepted),
    Rule(
        "V17",
        ERROR,
        ("routeAllMessagesViaOnPremises", "connectorType"),
        f"{_NEW}, RouteAllMessagesViaOnPremises",
        _centralized,
    ),
    Rule("V18", ERROR, ("smartHosts", "useMxRecord"), f"{_NEW}, UseMXRecord", _smart_hosts_needed),
    Rule("V19", ERROR, ("smartHosts", "useMxRecord"), "admin centre (2022); assumed for the API", _smart_hosts_or_mx),
    Rule("V21", ERROR, ("tlsDomain", "tlsSettings"), f"{_NEW}, TlsSettings (assumed)", _tls_domain_needed),
    Rule("V22", WARNING, ("tlsDomain", "tlsSettings"), f"{_NEW}, TlsDomain", _tls_domain_used),
    Rule(
        "V23",
        ERROR,
        ("recipientDomains", "allAcceptedDomains", "isTransportRuleScoped"),
        f"{_NEW}, RecipientDomains (assumed)",
        _some_scope,
    ),
    Rule("V24", ERROR, ("recipientDomains", "isTransportRuleScoped"), "admin centre (2022)", _one_scope),
    Rule(
        "dane",
        WARNING,
        ("smtpDaneMode", "mtaStsMode", "smartHosts"),
        f"{_NEW}, SmtpDaneMode, MtaStsMode: both look at the MX host; with smart hosts unknown",
        _modes_with_smart_hosts,
    ),
)
