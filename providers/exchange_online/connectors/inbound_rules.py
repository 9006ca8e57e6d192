"""Rules for inbound connectors. Their numbers and sources are those of the connector reference, section 5."""

from __future__ import annotations

from exchange_online.connectors.addresses import holds_private, unroutable
from exchange_online.connectors.names import ConnectorType, camel_case, snake_case
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
from exchange_online.connectors.shared_certificates import SHARED
from exchange_online.connectors.words import listed

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
    if not (s.restrict_domains_to_certificate and s.restrict_domains_to_ip_addresses and s.is_partner):
        return None
    return (
        "one connector restricts to a certificate and to IP addresses, which Microsoft advises against",
        "keep the certificate restriction, or declare two connectors, one for each, and switch the one for addresses "
        "off when mail comes with the certificate",
    )


def _name_not_compared(s: InboundSettings, _: Options) -> Answer:
    # On a connector of type OnPremises the name says whose mail it is, whatever the flag.
    if not s.tls_sender_certificate_name or s.restrict_domains_to_certificate or not s.is_partner:
        return None
    if not (s.require_tls or s.restrict_domains_to_ip_addresses):
        return None  # V13 says more: nothing at all is demanded
    reason = "the name is stored, and no mail is refused because of it, since restrictDomainsToCertificate is false"
    if s.restrict_domains_to_ip_addresses:
        # Both in one connector is advised against (V11).
        return reason, "leave the name out, or restrict to it in a connector of its own"
    return reason, "set that to true (of a partner restrictDomainsBy: certificate), or leave the name out"


def _addresses_beside_certificate(s: InboundSettings, _: Options) -> Answer:
    listed_only = bool(s.sender_ip_addresses) and not s.restrict_domains_to_ip_addresses
    if not (listed_only and s.restrict_domains_to_certificate and s.is_partner):
        return None
    return (
        "the list does not restrict where mail comes from, since restrictDomainsToIpAddresses is false: with the "
        "certificate mail of these senders passes from any address, and without it from none, these included",
        "leave the list out, or restrict to it in a connector of its own",
    )


def _unroutable_senders(s: InboundSettings, _: Options) -> Answer:
    found = unroutable(s.sender_ip_addresses)
    if not found:
        return None
    kinds = "; ".join(f"{listed(some, 'and')}: {what}" for what, some in found.items())
    return (
        f"no mail from the internet comes from some of the addresses ({kinds})",
        "list the public addresses that the sending servers have on the internet",
    )


def _only_for_partners(flag: str) -> Rule[InboundSettings]:
    """The rule that a restriction on a connector of type OnPremises restricts nothing."""
    attribute = snake_case(flag)

    def test(s: InboundSettings, _: Options) -> Answer:
        if s.is_partner or not getattr(s, attribute):
            return None
        reason = f"it has no effect while connectorType is {s.connector_type}: such a connector refuses no mail"
        return reason, "leave it out, or declare a connector of type Partner for the mail that is to be refused"

    source = f"{_NEW}, {flag}: applies only to Partner type connectors (2024-07-25, office-docs-powershell PR 12034)"
    return Rule("on-premises", WARNING, (camel_case(flag), "connectorType"), source, test)


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
    return (
        "the connector restricts nothing, so it has no effect",
        "require TLS with a certificate, or with addresses, or leave the connector out",
    )


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
    private = [text for text in s.ef_skip_ips if holds_private(text)]
    if not private:
        return None
    return (
        f"{listed(private, 'and')}: the service refuses private addresses (RFC 1918) here, and skips them by itself",
        "list public addresses",
    )


INBOUND: tuple[Rule[InboundSettings], ...] = (
    Rule("V1", ERROR, ("name",), f"{_NEW}, Name", name_needed),
    Rule("V3", ERROR, ("name",), f"{_NEW}, Name: no length documented, 64 assumed", name_length),
    *NAMES,
    *doubtful_domain("senderDomains", "tlsSenderCertificateName", "associatedAcceptedDomains"),
    HYBRID,
    *SHARED,
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
        (_CERTIFICATE, _ADDRESSES, "connectorType"),
        "Exchange Online mail flow pages (2022), OfficeDocs-Exchange issue 900; the order: EOP field notes, 2017-02-23",
        _one_restriction,
    ),
    Rule(
        "certificate",
        WARNING,
        ("tlsSenderCertificateName", _CERTIFICATE, _ADDRESSES, "requireTls", "connectorType"),
        f"{_NEW}, RestrictDomainsToCertificate: while it is false the certificate does not control which mail passes",
        _name_not_compared,
    ),
    Rule(
        "addresses",
        WARNING,
        ("senderIpAddresses", _ADDRESSES, _CERTIFICATE, "connectorType"),
        f"{_NEW}, RestrictDomainsToIPAddresses, RestrictDomainsToCertificate",
        _addresses_beside_certificate,
    ),
    Rule("addresses", WARNING, ("senderIpAddresses",), "IANA, special-purpose addresses", _unroutable_senders),
    _only_for_partners("RestrictDomainsToCertificate"),
    _only_for_partners("RestrictDomainsToIPAddresses"),
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
    Rule(
        "ef",
        ERROR,
        ("efSkipIps",),
        "OfficeDocs-Exchange issue 1960 (observed: refused), PR 1982; that a part of a range is enough is assumed",
        _private_skip,
    ),
)
