"""Policies about encryption: what must be true of every connection with a partner."""

from __future__ import annotations

from exchange_online.connectors import MtaStsMode, SmtpDaneMode, TlsSettings
from regulated_partners.policies.rule import ConnectorRule, InboundRule, Level, OutboundRule, Severity

RULES: tuple[ConnectorRule, ...] = (
    InboundRule(
        id="inbound-tls-required",
        severity=Severity.CRITICAL,
        description="Mail from a partner is refused unless it comes over TLS.",
        remediation="Set requireTls to true (inbound.connectionSecurity: forceTls).",
        why="Without it the partner's mail crosses the internet in clear text whenever its server, or somebody in "
        "between who removes STARTTLS, does not encrypt.",
        source="New-InboundConnector, RequireTls",
        reads=("requireTls",),
        of_partners=True,
        test=lambda s: not s.require_tls and "mail from the partner is accepted without TLS (RequireTls is false)",
    ),
    OutboundRule(
        id="outbound-tls-required",
        severity=Severity.CRITICAL,
        description="Mail to a partner is delivered only over TLS.",
        remediation="Set tlsSettings (outbound.connectionSecurity) to anything but opportunistic TLS, or declare a "
        "waiver.",
        why="Opportunistic TLS falls back to clear text; who can remove STARTTLS from the answer reads the mail.",
        source="New-OutboundConnector, TlsSettings",
        reads=("tlsSettings",),
        of_partners=True,
        test=lambda s: (
            not s.tls_settings
            and "mail to the partner goes out without TLS when the server offers none (TlsSettings is unset)"
        ),
    ),
    OutboundRule(
        id="outbound-certificate-trusted",
        severity=Severity.HIGH,
        description="The receiving server's certificate is issued by a trusted CA; self-signed ones need a waiver.",
        remediation="Set tlsSettings to CertificateValidation or DomainValidation, or declare a waiver with a reason "
        "and a day on which it expires.",
        why="Encryption to any certificate does not say with whom: who answers for the partner's server gets the mail.",
        source="New-OutboundConnector, TlsSettings EncryptionOnly",
        reads=("tlsSettings",),
        of_partners=True,
        test=lambda s: (
            s.tls_settings == TlsSettings.ENCRYPTION_ONLY
            and "mail to the partner is delivered to any certificate, also self-signed (TlsSettings EncryptionOnly)"
        ),
    ),
    OutboundRule(
        id="outbound-certificate-name-checked",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        description="The name in the receiving server's certificate is checked.",
        remediation="Set tlsSettings to DomainValidation with tlsDomain.",
        why="A trusted CA issues certificates to everybody; only the name says that it is the partner.",
        source="New-OutboundConnector, TlsSettings DomainValidation, TlsDomain",
        reads=("tlsSettings",),
        of_partners=True,
        test=lambda s: (
            s.tls_settings == TlsSettings.CERTIFICATE_VALIDATION
            and "the name in the receiving server's certificate is not checked (TlsSettings CertificateValidation)"
        ),
    ),
    OutboundRule(
        id="outbound-dane-on",
        severity=Severity.MEDIUM,
        description="DANE for SMTP is not switched off.",
        remediation="Leave smtpDaneMode out (Opportunistic), or declare a waiver.",
        why="Where the partner publishes TLSA records, DANE finds a forged server that a CA's certificate would hide.",
        source="New-OutboundConnector, SmtpDaneMode; RFC 7672",
        reads=("smtpDaneMode",),
        test=lambda s: s.smtp_dane_mode == SmtpDaneMode.NONE and "DANE for SMTP is switched off (SmtpDaneMode None)",
    ),
    OutboundRule(
        id="outbound-mta-sts-on",
        severity=Severity.MEDIUM,
        description="MTA-STS is not switched off.",
        remediation="Leave mtaStsMode out (Opportunistic), or declare a waiver.",
        why="A partner's MTA-STS policy names its servers; without it a forged MX record is believed.",
        source="New-OutboundConnector, MtaStsMode; RFC 8461",
        reads=("mtaStsMode",),
        test=lambda s: s.mta_sts_mode == MtaStsMode.NONE and "MTA-STS is switched off (MtaStsMode None)",
    ),
)
