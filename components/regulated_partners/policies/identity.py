"""Policies about identity: how a server shows that it is the partner's."""

from __future__ import annotations

from exchange_online.connectors import InboundSettings, OutboundSettings, TlsSettings, shared_certificate
from regulated_partners.policies.rule import Clause, ConnectorRule, InboundRule, Level, OutboundRule, Severity

_CERTIFICATE, _ADDRESSES = "restrictDomainsToCertificate", "restrictDomainsToIpAddresses"


def _inbound_wildcard(s: InboundSettings) -> Clause:
    name = s.tls_sender_certificate_name or ""
    return f"every certificate under {name[2:]} is accepted as the partner's" if name.startswith("*.") else None


def _certificate_of_everybody(s: InboundSettings) -> Clause:
    shared = shared_certificate(s.tls_sender_certificate_name)
    if shared is None or not s.restrict_domains_to_certificate or "*" in s.sender_domains:
        return None
    return (
        f"every customer of {shared.service} shows a certificate for {s.tls_sender_certificate_name}, and can send in "
        "the name of the partner"
    )


def _outbound_wildcard(s: OutboundSettings) -> Clause:
    name = (s.tls_domain or "") if s.tls_settings == TlsSettings.DOMAIN_VALIDATION else ""
    return f"every certificate under {name[2:]} is accepted for the receiving server" if name.startswith("*.") else None


RULES: tuple[ConnectorRule, ...] = (
    InboundRule(
        id="inbound-sender-restricted",
        severity=Severity.CRITICAL,
        description="Mail from a partner's domains is accepted only with the partner's certificate, or from its IP "
        "addresses.",
        remediation="Set restrictDomainsToCertificate with tlsSenderCertificateName (inbound.restrictDomainsBy: "
        "certificate), or restrictDomainsToIpAddresses with senderIpAddresses.",
        why="TLS alone hides the mail on its way, and says nothing about who sent it; only the Restrict flags make the "
        "service refuse.",
        source="New-InboundConnector, RestrictDomainsToCertificate, RestrictDomainsToIPAddresses",
        reads=(_CERTIFICATE, _ADDRESSES),
        of_partners=True,
        test=lambda s: (
            not (s.restrict_domains_to_certificate or s.restrict_domains_to_ip_addresses)
            and "anybody's server may send mail in the name of the partner's domains (neither Restrict flag is true)"
        ),
    ),
    InboundRule(
        id="inbound-restricted-by-certificate",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        description="A partner is known by its certificate rather than by its IP addresses.",
        remediation="Ask the partner for the name in its certificate, and set restrictDomainsToCertificate.",
        why="Addresses are shared and change hands; a certificate is issued to the partner.",
        source="connector-semantics order of restrictions: none, IP addresses, certificate (assumed by meaning)",
        reads=(_CERTIFICATE, _ADDRESSES),
        of_partners=True,
        test=lambda s: (
            s.restrict_domains_to_ip_addresses
            and not s.restrict_domains_to_certificate
            and "the partner is known by its addresses only"
        ),
    ),
    InboundRule(
        id="inbound-one-restriction",
        severity=Severity.MEDIUM,
        description="One connector restricts to a certificate or to IP addresses, not to both.",
        remediation="Keep the certificate, or declare two connectors.",
        why="Microsoft advises separate connectors; which of the two a message was judged by cannot be told.",
        source="Exchange Online mail flow pages (2022), OfficeDocs-Exchange issue 900",
        reads=(_CERTIFICATE, _ADDRESSES),
        test=lambda s: (
            s.restrict_domains_to_certificate
            and s.restrict_domains_to_ip_addresses
            and "it restricts to a certificate and to IP addresses in one"
        ),
    ),
    InboundRule(
        id="inbound-no-certificate-wildcard",
        severity=Severity.MEDIUM,
        description="An inbound connector names the partner's certificate without a wildcard.",
        remediation="Write the name in the certificate of the sending server, or declare a waiver.",
        why="With a wildcard every host that holds any certificate under the domain can send as the partner.",
        source="New-InboundConnector, TlsSenderCertificateName",
        reads=("tlsSenderCertificateName",),
        test=_inbound_wildcard,
    ),
    InboundRule(
        id="inbound-certificate-is-the-partners",
        severity=Severity.HIGH,
        description="The certificate that mail is restricted to is the partner's, not that of a service which shows it "
        "for all of its customers.",
        remediation="Ask the partner for a certificate of its own, restrict to addresses that it shares with nobody, "
        "or declare a waiver.",
        why="Whoever is a customer of the same service can send as the partner, over TLS and with the right name. "
        "Between two Microsoft 365 organizations trustedOrganizations names the organization; what it checks is not "
        "documented beyond that no other parameter of the connector is used.",
        source="exchange_online.connectors.shared_certificates: each service with its source; New-InboundConnector, "
        "TrustedOrganizations",
        reads=("tlsSenderCertificateName", _CERTIFICATE, "senderDomains"),
        of_partners=True,
        test=_certificate_of_everybody,
    ),
    OutboundRule(
        id="outbound-no-certificate-wildcard",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        description="An outbound connector names the partner's certificate without a wildcard.",
        remediation="Write the name in the certificate of the receiving server, if all servers share one.",
        why="A wildcard accepts every certificate under the domain; partners with several servers need it.",
        source="New-OutboundConnector, TlsDomain",
        reads=("tlsDomain", "tlsSettings"),
        test=_outbound_wildcard,
    ),
)
