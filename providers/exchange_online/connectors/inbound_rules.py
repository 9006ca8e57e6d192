"""Rules for inbound connectors. Their numbers and sources are those of the connector reference, section 5."""

from __future__ import annotations

import ipaddress

from exchange_online.connectors.names import ConnectorType
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
)
from exchange_online.connectors.settings import InboundSettings

_NEW = "New-InboundConnector"
_CERTIFICATE = "restrictDomainsToCertificate"
_ADDRESSES = "restrictDomainsToIpAddresses"


def _sender_domains_needed(s: InboundSettings, _: Options) -> Answer:
    return None if s.sender_domains else ("an inbound connector needs sender domains", "list the partner's domains")


def _no_slash(s: InboundSettings, _: Options) -> Answer:
    return ("the name holds a slash, which some tenants refuse", "leave the slash out") if "/" in s.name else None


def _addresses_needed(s: InboundSettings, _: Options) -> Answer:
    if not s.restrict_domains_to_ip_addresses or s.sender_ip_addresses:
        return None
    return "mail is restricted to IP addresses, and senderIpAddresses is empty", "list the partner's sending addresses"


def _certificate_name_needed(s: InboundSettings, _: Options) -> Answer:
    if not s.restrict_domains_to_certificate or s.tls_sender_certificate_name:
        return None
    return (
        "mail is restricted to a certificate, and tlsSenderCertificateName is empty",
        "write the name in the certificate of the partner's sending server",
    )


def _certificate_needs_tls(s: InboundSettings, _: Options) -> Answer:
    if not s.restrict_domains_to_certificate or s.require_tls:
        return None
    return "mail is restricted to a certificate, and requireTls is false", "set requireTls to true"


def _one_restriction(s: InboundSettings, _: Options) -> Answer:
    if not (s.restrict_domains_to_certificate and s.restrict_domains_to_ip_addresses):
        return None
    return (
        "one connector restricts to a certificate and to IP addresses, which Microsoft advises against",
        "keep the certificate restriction, or declare two connectors",
    )


def _tenant_wide(s: InboundSettings, options: Options) -> Answer:
    if not s.restricts or "*" not in s.sender_domains or options.allow_tenant_wide_restriction or not s.is_partner:
        return None
    return (
        "'*' with a restriction refuses all other inbound mail of the tenant",
        "list the partner's domains, or set allowTenantWideRestriction to true if that is meant",
    )


def _some_restriction(s: InboundSettings, _: Options) -> Answer:
    if s.require_tls or s.restricts or not s.is_partner:
        return None
    return "the connector restricts nothing, so it has no effect", "require TLS, or leave the connector out"


def _internal_messages(s: InboundSettings, _: Options) -> Answer:
    if not s.treat_messages_as_internal:
        return None
    if s.connector_type != ConnectorType.ON_PREMISES:
        return "it needs connectorType OnPremises", "leave it out for a partner"
    if s.cloud_services_mail_enabled:
        return "it excludes cloudServicesMailEnabled", "keep one of the two"
    return None


def _skip_either(s: InboundSettings, _: Options) -> Answer:
    if not (s.ef_skip_last_ip and s.ef_skip_ips):
        return None
    return "the list has no effect while efSkipLastIp is true", "keep one of the two"


def _private_skip(s: InboundSettings, _: Options) -> Answer:
    private = [text for text in s.ef_skip_ips if _is_rfc1918(text)]
    if not private:
        return None
    return f"{', '.join(private)} is a private address (RFC 1918), which is unsupported", "list public addresses"


def _is_rfc1918(text: str) -> bool:
    try:
        first = ipaddress.IPv4Network(text.partition("-")[0], strict=False).network_address
    except ValueError:
        return False
    blocks = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    return any(first in ipaddress.IPv4Network(block) for block in blocks)


INBOUND: tuple[Rule[InboundSettings], ...] = (
    Rule("V1", ERROR, ("name",), f"{_NEW}, Name", name_needed),
    Rule("V3", ERROR, ("name",), f"{_NEW}, Name: no length documented, 64 assumed", name_length),
    *NAMES,
    *doubtful_domain("senderDomains", "tlsSenderCertificateName", "associatedAcceptedDomains"),
    HYBRID,
    Rule("V1", ERROR, ("senderDomains",), f"{_NEW}, SenderDomains", _sender_domains_needed),
    Rule("name", ERROR, ("name",), "SEPPmail365cloud 0.9.6: refused in some tenants (observed)", _no_slash),
    Rule("V8", ERROR, (_ADDRESSES, "senderIpAddresses"), f"{_NEW} (assumed)", _addresses_needed),
    Rule("V9", ERROR, (_CERTIFICATE, "tlsSenderCertificateName"), f"{_NEW} (assumed)", _certificate_name_needed),
    Rule(
        "V10", ERROR, (_CERTIFICATE, "requireTls"), "assumed: a certificate comes only over TLS", _certificate_needs_tls
    ),
    Rule(
        "V11",
        WARNING,
        (_CERTIFICATE, _ADDRESSES),
        "Exchange Online mail flow pages (2022), OfficeDocs-Exchange issue 900",
        _one_restriction,
    ),
    Rule(
        "V12",
        ERROR,
        ("senderDomains", _CERTIFICATE, _ADDRESSES, "connectorType", "allowTenantWideRestriction"),
        "Exchange Online mail flow pages (2022)",
        _tenant_wide,
    ),
    Rule(
        "V13",
        WARNING,
        ("requireTls", _CERTIFICATE, _ADDRESSES, "connectorType"),
        "text of the admin centre, OfficeDocs-Exchange issue 600 (observed)",
        _some_restriction,
    ),
    Rule(
        "V14",
        ERROR,
        ("treatMessagesAsInternal", "connectorType", "cloudServicesMailEnabled"),
        f"{_NEW}, TreatMessagesAsInternal",
        _internal_messages,
    ),
    Rule(
        "ef",
        WARNING,
        ("efSkipIps", "efSkipLastIp"),
        f"{_NEW}, EFSkipIPs: used only when EFSkipLastIP is false",
        _skip_either,
    ),
    Rule("ef", WARNING, ("efSkipIps",), f"{_NEW}, EFSkipIPs: private addresses are unsupported", _private_skip),
)
