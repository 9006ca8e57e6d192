"""Rules for outbound connectors. Their numbers and sources are those of the connector reference, section 5."""

from __future__ import annotations

from exchange_online.connectors.addresses import unroutable
from exchange_online.connectors.names import MtaStsMode, SmtpDaneMode, TlsSettings
from exchange_online.connectors.options import Options
from exchange_online.connectors.rules import (
    ERROR,
    HYBRID,
    NAMES,
    WARNING,
    Answer,
    Rule,
    doubtful_domain,
    name_length,
    name_needed,
    on_premises_only,
)
from exchange_online.connectors.settings import OutboundSettings
from exchange_online.connectors.words import listed

_NEW = "New-OutboundConnector"


def _smart_hosts_needed(s: OutboundSettings, _: Options) -> Answer:
    if s.use_mx_record or s.smart_hosts:
        return None
    return "useMxRecord is false, and no smart host is listed", "list the servers to deliver to"


def _smart_hosts_or_mx(s: OutboundSettings, _: Options) -> Answer:
    if not (s.use_mx_record and s.smart_hosts):
        return None
    return "smart hosts are listed, and useMxRecord is true", "set useMxRecord to false, or drop the smart hosts"


def _unreachable_smart_hosts(s: OutboundSettings, _: Options) -> Answer:
    found = unroutable(s.smart_hosts)
    if not found:
        return None
    kinds = "; ".join(f"{listed(some, 'and')}: {what}" for what, some in found.items())
    return (
        f"no server on the internet has some of the addresses ({kinds}), so that mail cannot be delivered to them",
        "list the public addresses, or the names, of the servers",
    )


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


def _accepted_domains_and_others(s: OutboundSettings, _: Options) -> Answer:
    if s.is_partner or not s.all_accepted_domains or not s.recipient_domains:
        return None
    if "*" in s.recipient_domains:
        return (
            "recipientDomains holds '*', which wins: all mail to the internet takes this connector, not only mail to "
            "the tenant's accepted domains",
            "leave recipientDomains empty, or leave this out if all mail is meant",
        )
    return (
        f"recipientDomains are listed too ({listed(s.recipient_domains, 'and')}), and whether mail to the other "
        "accepted domains then takes this connector is not documented",
        "keep one of the two",
    )


def _accepted_domains_and_rules(s: OutboundSettings, _: Options) -> Answer:
    if s.is_partner or not (s.all_accepted_domains and s.is_transport_rule_scoped):
        return None
    return (
        "transport rules decide which mail takes this connector, and whether mail to all accepted domains takes it "
        "without a rule is not documented",
        "keep one of the two",
    )


def _test_mode(s: OutboundSettings, _: Options) -> Answer:
    if not s.test_mode:
        return None
    return (
        "a connector in test mode is not used for people's mail (assumed), so that nothing it demands is demanded",
        "leave it out when the test is over",
    )


def _modes_with_smart_hosts(s: OutboundSettings, _: Options) -> Answer:
    default = s.smtp_dane_mode == SmtpDaneMode.OPPORTUNISTIC and s.mta_sts_mode == MtaStsMode.OPPORTUNISTIC
    if default or not s.smart_hosts:
        return None
    return "what DANE and MTA-STS modes do with smart hosts is not documented", "test it with the partner"


OUTBOUND: tuple[Rule[OutboundSettings], ...] = (
    Rule("V2", ERROR, ("name",), f"{_NEW}, Name", name_needed),
    Rule("V3", ERROR, ("name",), f"{_NEW}, Name: maximum 64", name_length),
    *NAMES,
    *doubtful_domain("recipientDomains", "tlsDomain", "smartHosts"),
    HYBRID,
    on_premises_only("V16", "SenderRewritingEnabled", "CIPP issue 3873 (observed)"),
    on_premises_only("V17", "AllAcceptedDomains", f"{_NEW}, AllAcceptedDomains"),
    on_premises_only("V17", "RouteAllMessagesViaOnPremises", f"{_NEW}, RouteAllMessagesViaOnPremises"),
    Rule("V18", ERROR, ("smartHosts", "useMxRecord"), f"{_NEW}, UseMXRecord", _smart_hosts_needed),
    Rule("V19", ERROR, ("smartHosts", "useMxRecord"), "admin centre (2022); assumed for the API", _smart_hosts_or_mx),
    Rule("addresses", WARNING, ("smartHosts",), "IANA, special-purpose addresses", _unreachable_smart_hosts),
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
        "scope",
        WARNING,
        ("allAcceptedDomains", "recipientDomains", "connectorType"),
        "office-docs-powershell issue 8739 (observed)",
        _accepted_domains_and_others,
    ),
    Rule(
        "scope",
        WARNING,
        ("allAcceptedDomains", "isTransportRuleScoped", "connectorType"),
        "admin centre (2022): exclusive",
        _accepted_domains_and_rules,
    ),
    Rule("test", WARNING, ("testMode",), f"{_NEW}, TestMode: says no more than its name (assumed)", _test_mode),
    Rule(
        "dane",
        WARNING,
        ("smtpDaneMode", "mtaStsMode", "smartHosts"),
        f"{_NEW}, SmtpDaneMode, MtaStsMode: both look at the MX host; with smart hosts unknown",
        _modes_with_smart_hosts,
    ),
)
