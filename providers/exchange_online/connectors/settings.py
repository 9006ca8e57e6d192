"""The settings of a connector: one field for each parameter that can be declared.

The fields are the only list of parameters in this project; their `Parameter` says everything else about them. Who adds
one adds the field and a judge in `regulated_partners.effects`, and runs `make generate`: arguments, outputs and their
documentation, the editor schema and the pages follow.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, TypeAlias

from exchange_online.connectors import addresses, domains
from exchange_online.connectors.characters import in_comment
from exchange_online.connectors.mistaken_names import several_names
from exchange_online.connectors.names import ConnectorType, Direction, MtaStsMode, SmtpDaneMode, TlsSettings
from exchange_online.connectors.parameters import Parameter
from exchange_online.connectors.values import Flag, Kind, Member, Text, Texts, Value

_OFF, _ON = Flag(False), Flag(True)
_TYPE = Member(ConnectorType, ConnectorType.PARTNER.value)
_NAME = Text(str.strip)
# A carriage return is the other half of a line break, which a portal may add.
# Spaces and line breaks at its end, which `|` in YAML adds and a service may drop, say nothing.
_COMMENT = Text(lambda text: text.replace("\r\n", "\n").replace("\r", "\n").rstrip(), in_comment)
_KEY = "parameter"


def declared(name: str, kind: Kind, doc: str, *, default: Value = None, **more: Any) -> Any:
    """A field for a parameter. Its default is what the kind makes of nothing, unless another is given.

    Args:
        name: the cmdlets' spelling.
    """
    return field(
        default=kind.empty if default is None else default, metadata={_KEY: Parameter(name, kind, doc, **more)}
    )


@dataclass(frozen=True, kw_only=True)
class CommonSettings:
    """What both directions have. Every value is canonical: `None` for no text, sorted tuples for lists."""

    direction: ClassVar[Direction]

    name: str = declared(
        "Name", _NAME, "The connector's name, unique in the tenant.", always_sent=True, required=True, default=""
    )
    connector_type: str = declared(
        "ConnectorType",
        _TYPE,
        "`Partner` for another organization, `OnPremises` for servers of one's own.",
        always_sent=True,
    )
    enabled: bool = declared("Enabled", _ON, "Whether the connector is in use.", always_sent=True)
    comment: str | None = declared("Comment", _COMMENT, "Free text: an owner, a ticket.", cleared_with="")
    cloud_services_mail_enabled: bool = declared(
        "CloudServicesMailEnabled", _OFF, "Hybrid only: keeps internal Exchange headers. Needs type `OnPremises`."
    )

    @property
    def is_partner(self) -> bool:
        return self.connector_type == ConnectorType.PARTNER

    @property
    def in_use(self) -> bool:
        """Whether mail of people takes it."""
        return self.enabled

    def value(self, parameter: Parameter) -> Value:
        """The value of one parameter."""
        value: Value = getattr(self, parameter.attribute)
        return value


@dataclass(frozen=True, kw_only=True)
class InboundSettings(CommonSettings):
    """Settings of an inbound connector. Source: New-InboundConnector, Set-InboundConnector."""

    direction: ClassVar[Direction] = Direction.INBOUND

    sender_domains: tuple[str, ...] = declared(
        "SenderDomains",
        Texts(domains.sender_domain, domains.domain_order),
        "The sender domains it applies to: `fabrikam.com`, `*.fabrikam.com` (and all subdomains) or `*`.",
        required=True,
        always_sent=True,
    )
    require_tls: bool = declared(
        "RequireTls", _ON, "Refuses mail of these senders that does not come over TLS.", always_sent=True
    )
    restrict_domains_to_certificate: bool = declared(
        "RestrictDomainsToCertificate",
        _OFF,
        "Refuses mail of these senders unless the certificate matches `tlsSenderCertificateName`.",
        always_sent=True,
    )
    restrict_domains_to_ip_addresses: bool = declared(
        "RestrictDomainsToIPAddresses",
        _OFF,
        "Refuses mail of these senders unless it comes from `senderIpAddresses`.",
        always_sent=True,
    )
    tls_sender_certificate_name: str | None = declared(
        "TlsSenderCertificateName",
        Text(domains.certificate_name, several=several_names),
        "The name in the certificate that the partner's server presents: a domain or `*.domain`.",
    )
    sender_ip_addresses: tuple[str, ...] = declared(
        "SenderIPAddresses",
        Texts(addresses.sender_ip_addresses, addresses.address_order),
        "The partner's sending addresses: IPv4, or IPv4 CIDR. A range from /18 to /23 becomes its /24s: the service "
        "takes none that is wider.",
    )
    treat_messages_as_internal: bool = declared(
        "TreatMessagesAsInternal", _OFF, "Marks mail as internal. Needs type `OnPremises`."
    )
    associated_accepted_domains: tuple[str, ...] = declared(
        "AssociatedAcceptedDomains",
        Texts(domains.accepted_domain),
        "Limits the connector to mail for these accepted domains of the tenant; for trials on a subset.",
    )
    ef_skip_last_ip: bool = declared("EFSkipLastIP", _OFF, "Enhanced Filtering: skips only the last source address.")
    ef_skip_ips: tuple[str, ...] = declared(
        "EFSkipIPs",
        Texts(addresses.skip_address, addresses.address_order),
        "Enhanced Filtering: addresses to skip; IPv4, CIDR or a dash range.",
    )
    ef_users: tuple[str, ...] = declared(
        "EFUsers", Texts(domains.mail_address), "Enhanced Filtering: the recipients it applies to; empty is all."
    )
    trusted_organizations: tuple[str, ...] = declared(
        "TrustedOrganizations",
        Texts(domains.organization),
        "Other Microsoft 365 organizations that are trusted sources of mail.",
    )

    @property
    def domains(self) -> tuple[str, ...]:
        """The partner's domains."""
        return self.sender_domains

    @property
    def restricts(self) -> bool:
        """Whether it refuses mail of these senders that comes from anybody else.

        Source: New-InboundConnector: the Restrict flags and RequireTls apply only to connectors of type Partner.
        """
        return self.demands_trust or self.restricts_to_addresses

    @property
    def restricts_to_addresses(self) -> bool:
        """Whether it refuses mail of these senders from other addresses than `sender_ip_addresses`."""
        return self.is_partner and self.restrict_domains_to_ip_addresses

    @property
    def demands_tls(self) -> bool:
        """Whether no mail that it is for passes without TLS; a certificate comes only over TLS (rule V10)."""
        return self.is_partner and (self.require_tls or self.restrict_domains_to_certificate)

    @property
    def recognised_by_addresses(self) -> tuple[str, ...]:
        """Addresses that are listed without the restriction to them: then its demands are made of mail from these only.

        Source: Exchange Online mail flow pages (2022), partner example 5: identified by address, with RequireTls.
        """
        return () if self.restricts else self.sender_ip_addresses

    @property
    def demands_trust(self) -> bool:
        """Whether the certificate's chain is checked.

        Documented for the relay case only; that a name counts only in a trusted certificate is assumed.
        """
        return self.is_partner and self.restrict_domains_to_certificate

    @property
    def demanded_name(self) -> str | None:
        """The name that the certificate must hold; None where no name is compared."""
        return self.tls_sender_certificate_name if self.demands_trust else None


@dataclass(frozen=True, kw_only=True)
class OutboundSettings(CommonSettings):
    """Settings of an outbound connector. Source: New-OutboundConnector, Set-OutboundConnector."""

    direction: ClassVar[Direction] = Direction.OUTBOUND

    recipient_domains: tuple[str, ...] = declared(
        "RecipientDomains",
        Texts(domains.recipient_domain, domains.domain_order),
        "The recipient domains it applies to: `fabrikam.com`, `*.fabrikam.com` or `*`.",
    )
    use_mx_record: bool = declared(
        "UseMXRecord",
        _ON,
        "Delivers by the MX record of the recipient domain; false needs `smartHosts`.",
        always_sent=True,
    )
    smart_hosts: tuple[str, ...] = declared(
        "SmartHosts",
        Texts(addresses.smart_host, addresses.address_order),
        "The servers to deliver to, host names or IPv4 addresses; always port 25.",
    )
    tls_settings: str | None = declared(
        "TlsSettings",
        Member(TlsSettings),
        "`EncryptionOnly` (any certificate), `CertificateValidation` (a trusted CA), `DomainValidation` (that, "
        "and the name in `tlsDomain`). Unset is opportunistic TLS.",
    )
    tls_domain: str | None = declared(
        "TlsDomain",
        Text(domains.tls_domain, several=several_names),
        "The name that the receiving server's certificate must hold: a domain or `*.domain`.",
    )
    smtp_dane_mode: str = declared(
        "SmtpDaneMode",
        Member(SmtpDaneMode, SmtpDaneMode.OPPORTUNISTIC.value),
        "DANE for SMTP (RFC 7672): `Opportunistic`, `Mandatory` or `None`. Sent only when it is not the default.",
        shown_at_default=False,
    )
    mta_sts_mode: str = declared(
        "MtaStsMode",
        Member(MtaStsMode, MtaStsMode.OPPORTUNISTIC.value),
        "MTA-STS (RFC 8461): `Opportunistic` or `None`. Sent only when it is not the default.",
        shown_at_default=False,
    )
    is_transport_rule_scoped: bool = declared(
        "IsTransportRuleScoped", _OFF, "Used only by a transport rule that routes to this connector."
    )
    all_accepted_domains: bool = declared(
        "AllAcceptedDomains", _OFF, "Applies to all accepted domains. Needs type `OnPremises`."
    )
    route_all_messages_via_on_premises: bool = declared(
        "RouteAllMessagesViaOnPremises", _OFF, "Centralized mail transport. Needs type `OnPremises`."
    )
    sender_rewriting_enabled: bool = declared(
        "SenderRewritingEnabled", _OFF, "Rewrites senders. Needs type `OnPremises`."
    )
    test_mode: bool = declared("TestMode", _OFF, "Test mode; such connectors are hidden from a plain `Get-`.")
    validation_recipients: tuple[str, ...] = declared(
        "ValidationRecipients",
        Texts(domains.mail_address),
        "Addresses at the partner for `Validate-OutboundConnector`. Only `Set-` takes them.",
        on_new=False,
    )

    @property
    def domains(self) -> tuple[str, ...]:
        """The partner's domains."""
        return self.recipient_domains

    @property
    def in_use(self) -> bool:
        """Whether mail of people takes it. Source: New-OutboundConnector, TestMode; that it takes none is assumed."""
        return self.enabled and not self.test_mode

    @property
    def demands_dane(self) -> bool:
        """Whether mail is delivered only to servers that DANE with DNSSEC proves, which is over TLS."""
        return self.smtp_dane_mode == SmtpDaneMode.MANDATORY

    @property
    def demands_tls(self) -> bool:
        """Whether no mail passes without TLS; what DANE does with smart hosts is not documented, and does not count."""
        return self.tls_settings is not None or (self.demands_dane and not self.smart_hosts)

    @property
    def takes_all_mail(self) -> bool:
        """Whether all mail that leaves the tenant goes to one's own servers through it: centralized mail transport."""
        return self.route_all_messages_via_on_premises and not self.is_partner

    @property
    def demands_trust(self) -> bool:
        """Whether the certificate's chain is checked."""
        return self.tls_settings in (TlsSettings.CERTIFICATE_VALIDATION, TlsSettings.DOMAIN_VALIDATION)

    @property
    def demanded_name(self) -> str | None:
        """The name that the certificate must hold; None where no name is compared."""
        return self.tls_domain if self.tls_settings == TlsSettings.DOMAIN_VALIDATION else None


#: Settings of either direction; `direction` tells which.
ConnectorSettings: TypeAlias = InboundSettings | OutboundSettings


def settings_class(direction: Direction) -> type[InboundSettings] | type[OutboundSettings]:
    """The settings of a direction."""
    return InboundSettings if direction is Direction.INBOUND else OutboundSettings


@cache
def parameters(direction: Direction) -> tuple[Parameter, ...]:
    """Every parameter that can be declared for a direction, in the order of the fields."""
    cls = settings_class(direction)
    found: dict[str, Parameter] = {known.name: known.metadata[_KEY] for known in fields(cls)}
    for attribute, parameter in found.items():
        if attribute != parameter.attribute:
            raise AssertionError(f"field {attribute} holds {parameter.name}")
    return tuple(found.values())
