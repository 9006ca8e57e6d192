"""Policies about encryption: what must be true of every connection with a partner."""

from __future__ import annotations

from exchange_online.connectors import Direction, InboundSettings, OutboundSettings
from exchange_online.connectors.names import MtaStsMode, SmtpDaneMode, TlsSettings
from regulated_partners.policies.configuration import Configuration
from regulated_partners.policies.rule import ConnectorRule, Level, Severity
from regulated_partners.policies.subjects import Connector, Stack

_IN, _OUT = (Direction.INBOUND,), (Direction.OUTBOUND,)


def _tls_required(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, InboundSettings) or not s.is_partner or s.require_tls:
        return None
    return "mail from the partner is accepted without TLS (RequireTls is false)"


def _opportunistic(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, OutboundSettings) or not s.is_partner or s.tls_settings:
        return None
    return "mail to the partner goes out without TLS when the server offers none (TlsSettings is unset)"


def _any_certificate(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, OutboundSettings) or s.tls_settings != TlsSettings.ENCRYPTION_ONLY or not s.is_partner:
        return None
    return "mail to the partner is delivered to any certificate, also a self-signed one (TlsSettings EncryptionOnly)"


def _name_unchecked(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, OutboundSettings) or s.tls_settings != TlsSettings.CERTIFICATE_VALIDATION or not s.is_partner:
        return None
    return "the name in the receiving server's certificate is not checked (TlsSettings CertificateValidation)"


def _dane_off(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, OutboundSettings) or s.smtp_dane_mode != SmtpDaneMode.NONE:
        return None
    return "DANE for SMTP is switched off (SmtpDaneMode None)"


def _mta_sts_off(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, OutboundSettings) or s.mta_sts_mode != MtaStsMode.NONE:
        return None
    return "MTA-STS is switched off (MtaStsMode None)"


RULES = (
    ConnectorRule(
        id="inbound-tls-required",
        severity=Severity.CRITICAL,
        level=Level.MANDATORY,
        description="Mail from a partner is refused unless it comes over TLS.",
        remediation="Set requireTls to true (inbound.connectionSecurity: forceTls).",
        why="Without it the partner's mail crosses the internet in clear text whenever its server, or somebody in "
        "between who removes STARTTLS, does not encrypt.",
        source="New-InboundConnector, RequireTls",
        directions=_IN,
        reads=("requireTls", "connectorType"),
        test=_tls_required,
    ),
    ConnectorRule(
        id="outbound-tls-required",
        severity=Severity.CRITICAL,
        level=Level.MANDATORY,
        description="Mail to a partner is delivered only over TLS.",
        remediation="Set tlsSettings (outbound.connectionSecurity) to anything but opportunistic TLS, or declare a "
        "waiver.",
        why="Opportunistic TLS falls back to clear text; who can remove STARTTLS from the answer reads the mail.",
        source="New-OutboundConnector, TlsSettings",
        directions=_OUT,
        reads=("tlsSettings", "connectorType"),
        test=_opportunistic,
    ),
    ConnectorRule(
        id="outbound-certificate-trusted",
        severity=Severity.HIGH,
        level=Level.MANDATORY,
        description="The receiving server's certificate is issued by a trusted CA; self-signed ones need a waiver.",
        remediation="Set tlsSettings to CertificateValidation or DomainValidation, or declare a waiver with a reason "
        "and a day on which it expires.",
        why="Encryption to any certificate does not say with whom: who answers for the partner's server gets the mail.",
        source="New-OutboundConnector, TlsSettings EncryptionOnly",
        directions=_OUT,
        reads=("tlsSettings", "connectorType"),
        test=_any_certificate,
    ),
    ConnectorRule(
        id="outbound-certificate-name-checked",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        description="The name in the receiving server's certificate is checked.",
        remediation="Set tlsSettings to DomainValidation with tlsDomain.",
        why="A trusted CA issues certificates to everybody; only the name says that it is the partner.",
        source="New-OutboundConnector, TlsSettings DomainValidation, TlsDomain",
        directions=_OUT,
        reads=("tlsSettings", "connectorType"),
        test=_name_unchecked,
    ),
    ConnectorRule(
        id="outbound-dane-on",
        severity=Severity.MEDIUM,
        level=Level.MANDATORY,
        description="DANE for SMTP is not switched off.",
        remediation="Leave smtpDaneMode out (Opportunistic), or declare a waiver.",
        why="Where the partner publishes TLSA records, DANE finds a forged server that a CA's certificate would hide.",
        source="New-OutboundConnector, SmtpDaneMode; RFC 7672",
        directions=_OUT,
        reads=("smtpDaneMode",),
        test=_dane_off,
    ),
    ConnectorRule(
        id="outbound-mta-sts-on",
        severity=Severity.MEDIUM,
        level=Level.MANDATORY,
        description="MTA-STS is not switched off.",
        remediation="Leave mtaStsMode out (Opportunistic), or declare a waiver.",
        why="A partner's MTA-STS policy names its servers; without it a forged MX record is believed.",
        source="New-OutboundConnector, MtaStsMode; RFC 8461",
        directions=_OUT,
        reads=("mtaStsMode",),
        test=_mta_sts_off,
    ),
)
