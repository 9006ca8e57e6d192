"""What a connector does to mail, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from exchange_online.connectors.names import TlsSettings
from exchange_online.connectors.settings import ConnectorSettings, InboundSettings, OutboundSettings


def mail_flow(settings: ConnectorSettings) -> str:
    """For example `mail from fabrikam.com is refused unless it comes over TLS, with a certificate for …`."""
    sentence = _inbound(settings) if isinstance(settings, InboundSettings) else _outbound(settings)
    return sentence if settings.enabled else f"(switched off) {sentence}"


def _inbound(s: InboundSettings) -> str:
    demands = []
    if s.require_tls:
        demands.append("over TLS")
    if s.restrict_domains_to_certificate:
        demands.append(f"with a certificate for {s.tls_sender_certificate_name}")
    if s.restrict_domains_to_ip_addresses:
        demands.append(f"from {listed(s.sender_ip_addresses, 'or')}")
    who = listed(s.sender_domains, "and")
    if not demands:
        return f"mail from {who} is accepted with or without TLS"
    return f"mail from {who} is refused unless it comes {', '.join(demands)}"


def _outbound(s: OutboundSettings) -> str:
    where = f"through {listed(s.smart_hosts, 'or')}" if s.smart_hosts else "by the MX record"
    demands = {
        None: "with TLS if the server offers it, else without",
        TlsSettings.ENCRYPTION_ONLY.value: "only over TLS, with any certificate",
        TlsSettings.CERTIFICATE_VALIDATION.value: "only over TLS, with a certificate of a trusted CA",
        TlsSettings.DOMAIN_VALIDATION.value: f"only over TLS, with a trusted certificate for {s.tls_domain}",
    }
    demand = demands.get(s.tls_settings, f"with TlsSettings {s.tls_settings}")
    everybody = "all accepted domains" if s.all_accepted_domains else "recipients of a rule"
    return f"mail to {listed(s.recipient_domains, 'and') or everybody} is delivered {where} {demand}"


def listed(items: Sequence[str], word: str) -> str:
    """For example `a.com, b.com and 7 more`; `word` joins the last two, `and` or `or`."""
    if len(items) < 2:
        return "".join(items)
    if len(items) > 5:
        return f"{', '.join(items[:4])} {word} {len(items) - 4} more"
    return f"{', '.join(items[:-1])} {word} {items[-1]}"
