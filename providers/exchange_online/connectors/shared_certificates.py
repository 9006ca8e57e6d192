"""Names in certificates that every customer of a hosting service shows: they prove the service, not a partner.

Of an inbound connector that is warned about: who sends is any customer of the service. An outbound connector with such
a name in TlsDomain is right as it is, since the servers of a partner there have no other name, and mail goes to the
service, which hands it to the customer that owns the recipient's domain: `verify certificate` says that.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from exchange_online.connectors.options import Options
from exchange_online.connectors.rules import WARNING, Answer, Rule
from exchange_online.connectors.settings import InboundSettings
from exchange_online.connectors.words import listed


class Basis(StrEnum):
    """What the statement that a certificate is shared rests on."""

    OBSERVED = "observed"
    """In public headers or handshakes of several customers."""
    DOCUMENTED = "documented"
    """By the service itself."""
    ASSUMED = "assumed"
    """From the names of its hosts, which its certificates must hold."""


@dataclass(frozen=True)
class SharedCertificate:
    """The certificate that a service shows for all of its customers.

    Attributes:
        service: whose it is.
        names: in the certificate; `*.` stands for one label there.
        basis, source: why it is said to be shared.
        customers: domains below which each customer has a certificate of its own: only a wildcard for all of them
            is shared.
    """

    service: str
    names: tuple[str, ...]
    basis: Basis
    source: str
    customers: tuple[str, ...] = ()


_M365, _GOOGLE = "Microsoft 365", "Google Workspace and Gmail"

#: By service. Nothing is listed that no public source supports: of Barracuda, Hornetsecurity, Proofpoint Essentials,
#: MessageLabs, Trend Micro and Amazon SES none was found that shows the certificate of the sending servers.
SHARED_CERTIFICATES: tuple[SharedCertificate, ...] = (
    SharedCertificate(
        _M365,
        (
            "mail.protection.outlook.com",
            "*.mail.protection.outlook.com",
            "*.mail.eo.outlook.com",
            "outlook.com",
            "mail.messaging.microsoft.com",
        ),
        Basis.DOCUMENTED,
        "EOP field notes 2014-06-06, TLS, Connectors, and You: the names in the certificate that EOP presents; the CN "
        "mail.protection.outlook.com in public Received headers up to 2026",
    ),
    SharedCertificate(
        _M365,
        ("mx.microsoft", "*.mx.microsoft"),
        Basis.ASSUMED,
        "Microsoft 365 endpoints, ID 10: *.mx.microsoft; Exchange team blog 3939694 (2023-09-27): MX hosts below it "
        "for domains with DNSSEC",
    ),
    SharedCertificate(
        "Microsoft 365 (GCC High, DoD)",
        ("mail.protection.office365.us", "*.mail.protection.office365.us"),
        Basis.ASSUMED,
        "CSS-Exchange PR 2000 (2024): the siblings of mail.protection.outlook.com, 'AFAIK'; DNS records for Office 365 "
        "GCC High: MX hosts below it",
    ),
    SharedCertificate(
        "Microsoft 365 (21Vianet, China)",
        ("mail.protection.partner.outlook.cn", "*.mail.protection.partner.outlook.cn"),
        Basis.ASSUMED,
        "the sibling of mail.protection.outlook.com: MX hosts of this cloud's domains are below it",
    ),
    SharedCertificate(
        _GOOGLE,
        (
            "smtp.gmail.com",
            "smtp-relay.gmail.com",
            "mx.google.com",
            "aspmx.l.google.com",
            "*.aspmx.l.google.com",
            "smtp.google.com",
        ),
        Basis.OBSERVED,
        "Received headers of public mailing lists: client CN smtp.gmail.com for every domain hosted there, and "
        "CN mx.google.com of the receiving servers; Google Workspace help 6180220: 'shared across hosts'",
    ),
    SharedCertificate(
        "Mimecast",
        ("*.mimecast.com",),
        Basis.DOCUMENTED,
        "Mimecast, Microsoft 365 Mail Lockdown: *.mimecast.com is the name for every customer",
    ),
    SharedCertificate(
        "Proofpoint",
        ("*.pphosted.com", "*.gslb.pphosted.com"),
        Basis.OBSERVED,
        "Received headers of public mailing lists: client CN *.pphosted.com for several customers",
    ),
    SharedCertificate(
        "MailRoute",
        ("*.mailroute.net",),
        Basis.DOCUMENTED,
        "MailRoute's script for Exchange Online: TlsSenderCertificateName *.mailroute.net for every customer",
    ),
    SharedCertificate(
        "Cisco Secure Email Cloud Gateway",
        (),
        Basis.OBSERVED,
        "Received headers of public mailing lists: client CN mx1.CUSTOMER.iphmx.com",
        customers=("iphmx.com",),
    ),
)

#: From where Microsoft 365 sends the mail of all of its customers. Source: Microsoft 365 endpoints, ID 10 (TCP 25).
SHARED_ADDRESSES = tuple(
    map(ipaddress.IPv4Network, ("40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17"))
)

#: What proves a partner instead. Source: New-InboundConnector, TrustedOrganizations: "no other parameters are used".
WHAT_PROVES = (
    "a certificate of the partner's own, on its own last server, proves the partner, and so do addresses that it "
    "shares with nobody; of trustedOrganizations is documented only that mail between two such organizations uses no "
    "other parameter"
)


def shared_certificate(name: str | None) -> SharedCertificate | None:
    """The certificate that every customer of a service shows, if it meets a connector's certificate name.

    Args:
        name: as declared: a domain, `*.domain` (a domain and all subdomains), or a certificate's own name.
    """
    if not name:
        return None
    wanted = name.lower()
    for certificate in SHARED_CERTIFICATES:
        if any(_meets(wanted, shown) for shown in certificate.names) or any(
            wanted.startswith("*.") and _below(customers, wanted[2:]) for customers in certificate.customers
        ):
            return certificate
    return None


def _meets(wanted: str, shown: str) -> bool:
    if wanted == shown:
        return True
    if wanted.startswith("*."):
        return _below(shown.removeprefix("*."), wanted[2:])
    # A wildcard in a certificate stands for one label. Source: RFC 9525, 6.3.
    return shown.startswith("*.") and wanted.partition(".")[2] == shown[2:]


def _below(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith(f".{parent}")


def _certificate_of_everybody(s: InboundSettings, _: Options) -> Answer:
    # On a connector of type OnPremises the name says whose mail it is, whatever the flag. What is for every sender
    # asks for a gateway, not for a partner.
    if s.is_partner and (not s.restrict_domains_to_certificate or "*" in s.sender_domains):
        return None
    shared = shared_certificate(s.tls_sender_certificate_name)
    if shared is None:
        return None
    whose = "partner" if s.is_partner else "sender"
    return (
        f"every customer of {shared.service} shows a certificate for {s.tls_sender_certificate_name} ({shared.basis}), "
        f"so it does not prove the {whose}: mail that any other customer sends in the name of these domains passes",
        WHAT_PROVES,
    )


def _everybodys(address: str) -> bool:
    return any(map(ipaddress.IPv4Network(address, strict=False).overlaps, SHARED_ADDRESSES))


def _addresses_of_everybody(s: InboundSettings, _: Options) -> Answer:
    if not s.is_partner or "*" in s.sender_domains:
        return None
    shared = [item for item in s.sender_ip_addresses if _everybodys(item)]
    if not shared:
        return None
    return (
        f"every customer of {_M365} sends from {listed(shared, 'and')}, so that does not prove the partner: mail that "
        "any other customer sends in the name of these domains passes",
        WHAT_PROVES,
    )


#: For inbound connectors.
SHARED: tuple[Rule[InboundSettings], ...] = (
    Rule(
        "shared",
        WARNING,
        ("tlsSenderCertificateName", "restrictDomainsToCertificate", "senderDomains", "connectorType"),
        "exchange_online.connectors.shared_certificates: each with its source",
        _certificate_of_everybody,
    ),
    Rule(
        "shared",
        WARNING,
        ("senderIpAddresses", "senderDomains", "connectorType"),
        "Microsoft 365 endpoints, ID 10 (TCP 25)",
        _addresses_of_everybody,
    ),
)
