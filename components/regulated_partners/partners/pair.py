"""One partner's declaration as the inputs of two connectors. Pure: the same declaration gives the same pair."""

from __future__ import annotations

from dataclasses import dataclass

from exchange_online.connectors import Direction
from exchange_online.connectors.canonical import InputValue
from exchange_online.connectors.names import ConnectorType, TlsSettings
from regulated_partners.partners.declaration import (
    Inbound,
    InboundSecurity,
    Outbound,
    OutboundSecurity,
    Partner,
    RestrictDomainsBy,
)

#: Source: map of the admin centre's options (the equation of words with values is assumed by meaning).
_TLS_SETTINGS: dict[OutboundSecurity, str | None] = {
    OutboundSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN: TlsSettings.DOMAIN_VALIDATION.value,
    OutboundSecurity.TRUSTED_CERTIFICATION_AUTHORITY: TlsSettings.CERTIFICATE_VALIDATION.value,
    OutboundSecurity.SELF_SIGNED_CERTIFICATE: TlsSettings.ENCRYPTION_ONLY.value,
    OutboundSecurity.OPPORTUNISTIC_TLS: None,
}

ConnectorInputs = dict[str, InputValue | None]


@dataclass(frozen=True)
class Half:
    """One connector of a pair.

    Attributes:
        direction: which one.
        inputs: Pulumi properties, not canonical yet.
        paths: for each property, where in the declaration its value stands.
    """

    direction: Direction
    inputs: ConnectorInputs
    paths: dict[str, str]


def inbound_half(partner: Partner) -> Half:
    """The inbound connector: mail from the partner."""
    declared = partner.inbound
    by = declared.restrict_domains_by
    # Addresses and a certificate do not belong into one connector (V11), unless somebody writes both.
    name = declared.certificate_name or (None if by is RestrictDomainsBy.IP_ADDRESSES else partner.certificate_name)
    decided: ConnectorInputs = {
        **_common(partner, Direction.INBOUND),
        "senderDomains": list(partner.domains),
        "requireTls": declared.connection_security is InboundSecurity.FORCE_TLS,
        "restrictDomainsToCertificate": by is RestrictDomainsBy.CERTIFICATE,
        "restrictDomainsToIpAddresses": by is RestrictDomainsBy.IP_ADDRESSES,
        "tlsSenderCertificateName": name,
        "senderIpAddresses": list(declared.sender_ip_addresses),
    }
    paths = {
        **_common_paths(partner, Direction.INBOUND),
        "senderDomains": "domains",
        "requireTls": "inbound.connectionSecurity",
        "restrictDomainsToCertificate": "inbound.restrictDomainsBy",
        "restrictDomainsToIpAddresses": "inbound.restrictDomainsBy",
        "tlsSenderCertificateName": "inbound.certificateName" if declared.certificate_name else "certificateName",
        "senderIpAddresses": "inbound.senderIpAddresses",
    }
    return _with_settings(Direction.INBOUND, decided, paths, partner)


def outbound_half(partner: Partner) -> Half:
    """The outbound connector: mail to the partner."""
    declared = partner.outbound
    matches = declared.connection_security is OutboundSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN
    decided: ConnectorInputs = {
        **_common(partner, Direction.OUTBOUND),
        "recipientDomains": list(partner.domains),
        "tlsSettings": _TLS_SETTINGS[declared.connection_security],
        "tlsDomain": declared.tls_domain or (partner.certificate_name if matches else None),
        "useMxRecord": not declared.smart_hosts,
        "smartHosts": list(declared.smart_hosts),
        "validationRecipients": list(declared.validation_recipients),
    }
    paths = {
        **_common_paths(partner, Direction.OUTBOUND),
        "recipientDomains": "domains",
        "tlsSettings": "outbound.connectionSecurity",
        "tlsDomain": "outbound.tlsDomain" if declared.tls_domain else "certificateName",
        "useMxRecord": "outbound.smartHosts",
        "smartHosts": "outbound.smartHosts",
        "validationRecipients": "outbound.validationRecipients",
    }
    return _with_settings(Direction.OUTBOUND, decided, paths, partner)


def _common(partner: Partner, direction: Direction) -> ConnectorInputs:
    own = _own(partner, direction)
    return {
        "name": own.name or f"{partner.name} - {direction.word}",
        "connectorType": ConnectorType.PARTNER.value,
        "enabled": partner.enabled,
        "comment": own.comment or partner.comment,
    }


def _common_paths(partner: Partner, direction: Direction) -> dict[str, str]:
    own = _own(partner, direction)
    return {
        "name": f"{direction.word}.name" if own.name else "name",
        "connectorType": "name",
        "enabled": "enabled",
        "comment": f"{direction.word}.comment" if own.comment else "comment",
    }


def _own(partner: Partner, direction: Direction) -> Inbound | Outbound:
    return partner.inbound if direction is Direction.INBOUND else partner.outbound


def _with_settings(direction: Direction, decided: ConnectorInputs, paths: dict[str, str], partner: Partner) -> Half:
    """Adds what is passed through. What the declaration decides itself is never overridden."""
    settings = _own(partner, direction).settings
    passed = {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}
    own = {key: f"{direction.word}.settings.{key}" for key in passed if key not in decided}
    if partner.adopt_existing:
        decided = {**decided, "adoptExisting": True}
    return Half(direction, {**passed, **decided}, {**own, **paths})
