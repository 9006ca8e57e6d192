"""What a connector does to mail, in one sentence that holds for every combination of settings.

Whatever says it, an export of a stack, a review, an inventory, a proof, says it with `mail_flow`. Domains of senders
are compared with the envelope sender. Source: New-InboundConnector, New-OutboundConnector; connector-semantics 3, 6, 9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exchange_online.connectors.addresses import collapsed
from exchange_online.connectors.names import MtaStsMode, SmtpDaneMode, TlsSettings
from exchange_online.connectors.settings import ConnectorSettings, InboundSettings, OutboundSettings


def mail_flow(settings: ConnectorSettings) -> str:
    """For example `mail from fabrikam.com (envelope sender) is refused unless it comes over TLS`."""
    sentence = _inbound(settings) if isinstance(settings, InboundSettings) else _outbound(settings)
    if isinstance(settings, OutboundSettings) and settings.test_mode:
        sentence = f"(test mode, no mail of people takes it) {sentence}"
    return sentence if settings.enabled else f"(switched off) {sentence}"


def senders(s: InboundSettings) -> str:
    """The mail that an inbound connector is for, without the word `mail`: `from fabrikam.com (envelope sender)`."""
    if not s.is_partner:
        return _of_own_servers(s)
    parts = []
    if not s.recognised_by_addresses or "*" not in s.sender_domains:
        parts.append(_from_domains(s))
    if s.recognised_by_addresses:
        parts.append(f"that comes from {listed(s.recognised_by_addresses, 'or')}")
    if s.associated_accepted_domains:
        parts.append(f"to {listed(s.associated_accepted_domains, 'and')}")
    return " ".join(parts)


def _from_domains(s: InboundSettings) -> str:
    named = listed(s.sender_domains, "and")
    return "from every sender" if "*" in s.sender_domains else f"from {named} (envelope sender)"


def recipients(s: OutboundSettings) -> str:
    """The mail that an outbound connector is for, without the word `mail`: `to fabrikam.com and *.fabrikam.com`."""
    if s.is_transport_rule_scoped:
        return "that a transport rule routes to it"
    others = [] if "*" not in s.recipient_domains else ["every domain that has no connector of its own"]
    named = [] if others else list(s.recipient_domains)
    accepted = ["all accepted domains"] if s.all_accepted_domains else []
    return f"to {listed([*named, *others, *accepted], 'and')}" if named or others or accepted else "to nobody"


def _inbound(s: InboundSettings) -> str:
    return "; ".join([_demand(s), *_beside(s)])


def _demand(s: InboundSettings) -> str:
    if not s.is_partner:
        return f"mail {_of_own_servers(s)} counts as coming from servers of your own, with or without TLS"
    demands = []
    if s.demands_tls:
        demands.append("over TLS")
    if s.demands_trust:
        demands.append(f"with a certificate for {s.tls_sender_certificate_name}")
    if s.restricts_to_addresses:
        demands.append(f"from {listed(s.sender_ip_addresses, 'or')}")
    if not demands:
        return f"mail {senders(s)} is accepted with or without TLS"
    return f"mail {senders(s)} is refused unless it comes {', '.join(demands)}"


def _beside(s: InboundSettings) -> Iterator[str]:
    """What must be added, so that nobody takes a stored value for a demand."""
    if s.is_partner and s.recognised_by_addresses and s.demands_tls and "*" not in s.sender_domains:
        yield "whether it is for mail from other addresses too is not documented"
    if s.is_partner and s.tls_sender_certificate_name and not s.demands_trust:
        yield f"the certificate name {s.tls_sender_certificate_name} is stored and not enforced"
    if s.sender_ip_addresses and s.demands_trust and not s.restricts_to_addresses:
        yield f"the addresses {listed(s.sender_ip_addresses, 'and')} are stored and not enforced"
    if s.trusted_organizations:
        yield f"mail of the organization {listed(s.trusted_organizations, 'or')} is accepted whatever else is demanded"
    if s.treat_messages_as_internal or s.cloud_services_mail_enabled:
        yield "the mail counts as internal"


def _of_own_servers(s: InboundSettings) -> str:
    """By what a connector for servers of one's own knows their mail. Source: MC1226222; OfficeDocs-Exchange."""
    known = []
    if s.tls_sender_certificate_name:
        known.append(f"with a certificate for {s.tls_sender_certificate_name}")
    if s.sender_ip_addresses:
        known.append(f"that comes from {listed(s.sender_ip_addresses, 'or')}")
    if known:
        return " or ".join(known)
    return (
        "from every sender" if "*" in s.sender_domains else f"from {listed(s.sender_domains, 'and')} (envelope sender)"
    )


def delivery(s: OutboundSettings) -> str:
    """What delivery is bound to: `only over TLS, with any certificate`."""
    demands = {
        TlsSettings.ENCRYPTION_ONLY.value: "only over TLS, with any certificate",
        TlsSettings.CERTIFICATE_VALIDATION.value: "only over TLS, with a certificate of a trusted CA",
        TlsSettings.DOMAIN_VALIDATION.value: f"only over TLS, with a trusted certificate for {s.tls_domain}",
    }
    proven = s.demands_dane and not s.smart_hosts
    if s.tls_settings is not None:
        demand = demands.get(s.tls_settings, f"with TlsSettings {s.tls_settings}, which this version does not know")
        return f"{demand}{', and that DANE with DNSSEC proves' if proven else ''}"
    if proven:
        return "only over TLS, to a server that DANE with DNSSEC proves"
    # With smart hosts it is not documented whether they are looked at.
    modes = {"DANE": s.smtp_dane_mode != SmtpDaneMode.NONE, "MTA-STS": s.mta_sts_mode != MtaStsMode.NONE}
    looked_at = [name for name, on in modes.items() if on]
    records = f", unless its {' or '.join(looked_at)} demands TLS" if looked_at else ""
    return f"with TLS if the server offers it, else without{records}"


def _outbound(s: OutboundSettings) -> str:
    return "; ".join([f"mail {recipients(s)} is delivered {_way(s)} {delivery(s)}", *_beside_outbound(s)])


def _way(s: OutboundSettings) -> str:
    if not s.smart_hosts:
        return "by the MX record"
    through = f"through {listed(s.smart_hosts, 'or')}"
    return f"{through} or by the MX record (both are set)" if s.use_mx_record else through


def _beside_outbound(s: OutboundSettings) -> Iterator[str]:
    if s.demands_dane and s.smart_hosts:
        # Whether it counts there at all is as open as what it demands.
        yield "what DANE does with smart hosts is not documented"
    if s.takes_all_mail:
        yield "all other mail that leaves the tenant goes this way too (centralized mail transport)"
    if s.cloud_services_mail_enabled:
        yield "internal Exchange headers stay in the mail"
    if s.sender_rewriting_enabled and not s.is_partner:
        yield "senders are rewritten"


def listed(items: Sequence[str], word: str) -> str:
    """For example `a.com, b.com and 7 more`; `word` joins the last two, `and` or `or`.

    Ranges that were written out for the service are the wider range again.
    """
    items = collapsed(items)
    if len(items) < 2:
        return "".join(items)
    if len(items) > 5:
        return f"{', '.join(items[:4])} {word} {len(items) - 4} more"
    return f"{', '.join(items[:-1])} {word} {items[-1]}"
