"""Declarations that reproduce settings exactly, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from exchange_online.connectors import (
    Checked,
    ConnectorSettings,
    Direction,
    InboundSettings,
    InputValue,
    OutboundSettings,
    Value,
    check,
    parameters,
)
from regulated_partners.partners.declaration import InboundSecurity, OutboundSecurity, Partner, RestrictDomainsBy
from regulated_partners.partners.pair import TLS_SETTINGS, Pair, judge
from regulated_partners.partners.partner import read_partner

#: The consent that a connector for all senders with a restriction needs (V12).
_TENANT_WIDE = "allowTenantWideRestriction"


@dataclass(frozen=True)
class ConnectorDeclaration:
    """A connector that belongs to no partner, as a stack file lists it.

    Attributes:
        properties: what is not at its default.
        checked: what the rules make of it.
    """

    properties: Mapping[str, InputValue]
    checked: Checked


class NotDeclarableError(Exception):
    """No declaration reproduces a connector, and why, a clause."""


def connector_declaration(settings: ConnectorSettings) -> ConnectorDeclaration:
    """The declaration of a connector by its own parameters. Raises NotDeclarableError."""
    properties: dict[str, InputValue] = {
        parameter.key: _written(settings.value(parameter))
        for parameter in parameters(settings.direction)
        if parameter.required or settings.value(parameter) != parameter.kind.empty
    }
    checked = check(settings.direction, properties)
    if [finding.rule for finding in checked.errors] == ["V12"]:
        # The connector is there, so the consent only says what is true already.
        properties[_TENANT_WIDE] = True
        checked = check(settings.direction, properties)
    if checked.errors:
        raise NotDeclarableError("; ".join(str(finding) for finding in checked.errors))
    if checked.settings != settings:
        raise NotDeclarableError("the service shows values that no declaration reproduces exactly")
    if not _encodable(properties):
        raise NotDeclarableError("it holds text that is not valid Unicode, which no file can hold")
    return ConnectorDeclaration(properties, checked)


def partner_declaration(name: str, inbound: InboundSettings, outbound: OutboundSettings) -> Pair:
    """The declaration of a partner whose pair of connectors is exactly this one.

    Args:
        name: the partner's name; connectors that are not named after it get their own names.
        inbound, outbound: canonical, both of type Partner and for the same domains.

    Raises:
        NotDeclarableError: where no partner's declaration gives exactly these.
    """
    if inbound.enabled != outbound.enabled:
        raise NotDeclarableError("only one connector of the pair is enabled")
    if inbound.restrict_domains_to_certificate and inbound.restrict_domains_to_ip_addresses:
        raise NotDeclarableError("it restricts to a certificate and to IP addresses")
    if outbound.tls_settings not in _SECURITIES:
        raise NotDeclarableError(f"a partner has no option for tlsSettings {outbound.tls_settings}")
    common = _common_certificate_name(inbound, outbound)
    same_comment = inbound.comment == outbound.comment
    declared = {
        "name": name,
        "domains": outbound.recipient_domains,
        "certificateName": common,
        "comment": inbound.comment if same_comment else None,
        "enabled": inbound.enabled,
        "inbound": {**_inbound(inbound, common), **_names(inbound, name, same_comment)},
        "outbound": {**_outbound(outbound, common), **_names(outbound, name, same_comment)},
    }
    pair, findings = read_partner(declared)
    errors = [str(finding) for finding in findings if finding.is_error]
    if pair is None or errors:
        raise NotDeclarableError(f"a partner's rules refuse the pair ({'; '.join(errors)})")
    if (pair.inbound.settings, pair.outbound.settings) != (inbound, outbound):
        raise NotDeclarableError("no partner's declaration reproduces the pair exactly")
    return pair


def _inbound(s: InboundSettings, common: str | None) -> dict[str, object]:
    by = RestrictDomainsBy.NONE
    if s.restrict_domains_to_certificate:
        by = RestrictDomainsBy.CERTIFICATE
    elif s.restrict_domains_to_ip_addresses:
        by = RestrictDomainsBy.IP_ADDRESSES
    security = InboundSecurity.FORCE_TLS if s.require_tls else InboundSecurity.OPPORTUNISTIC_TLS
    own = s.tls_sender_certificate_name
    return {
        "connectionSecurity": security,
        "restrictDomainsBy": by,
        "senderIpAddresses": s.sender_ip_addresses,
        "certificateName": own if own != common or by is not RestrictDomainsBy.CERTIFICATE else None,
        "settings": _further(s),
    }


def _outbound(s: OutboundSettings, common: str | None) -> dict[str, object]:
    security = _SECURITIES[s.tls_settings]
    matches = security is OutboundSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN
    return {
        "connectionSecurity": security,
        "tlsDomain": None if matches and s.tls_domain == common else s.tls_domain,
        "smartHosts": s.smart_hosts,
        "validationRecipients": s.validation_recipients,
        "settings": _further(s),
    }


def _common_certificate_name(inbound: InboundSettings, outbound: OutboundSettings) -> str | None:
    """The name to write at the partner: a direction that shows no name must not get it."""
    if not inbound.restrict_domains_to_certificate:
        return outbound.tls_domain
    return inbound.tls_sender_certificate_name


def _names(settings: ConnectorSettings, partner: str, same_comment: bool) -> dict[str, object]:
    usual = f"{partner} - {settings.direction.word}"
    return {
        "name": None if settings.name == usual else settings.name,
        "comment": None if same_comment else settings.comment,
    }


def _further(settings: ConnectorSettings) -> dict[str, object]:
    """The parameters that a partner only passes through."""
    return {
        parameter.key: settings.value(parameter)
        for parameter in parameters(settings.direction)
        if parameter.key not in _decided(settings.direction) and settings.value(parameter) != parameter.kind.empty
    }


#: The option of the declaration for each value of TlsSettings.
_SECURITIES: Mapping[Value, OutboundSecurity] = {value: word for word, value in TLS_SETTINGS.items()}


@cache
def _decided(direction: Direction) -> frozenset[str]:
    pair = judge(Partner(name="Fabrikam", domains=("fabrikam.com",)))
    return frozenset((pair.inbound if direction is Direction.INBOUND else pair.outbound).declared)


def _written(value: Value) -> InputValue:
    return list(value) if isinstance(value, tuple) else "" if value is None else value


def _encodable(properties: Mapping[str, InputValue]) -> bool:
    """Whether UTF-8 can hold it: JSON can carry halves of a surrogate pair, a file cannot."""
    texts = "".join("".join(value) for value in properties.values() if not isinstance(value, bool))
    return not any("\ud800" <= character <= "\udfff" for character in texts)
