"""One probed server, judged by what an outbound connector demands. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cryptography import x509

from exchange_online.connectors import Direction, OutboundSettings, TlsSettings
from regulated_partners.probing.certificate_findings import NO_TLS, certificate_findings
from regulated_partners.probing.certificates import CertificateFacts, ChainVerdict, certificate_facts, judge_chain
from regulated_partners.probing.names import MatchMode, NameOutcome, NameVerdict, match_names
from regulated_partners.probing.seen import ServerOutcome, ServerSeen
from regulated_partners.probing.strength import Effect
from regulated_partners.probing.verdicts import Check, Finding, Level, Party, Verdict, verdict_of

_SOURCE = "Set-OutboundConnector, TlsSettings; tls-verification 2.3"

#: Outcomes without usable TLS, that the partner answers for.
_NO_TLS = (
    ServerOutcome.NO_STARTTLS,
    ServerOutcome.STARTTLS_REFUSED,
    ServerOutcome.HANDSHAKE_FAILED,
    ServerOutcome.OLD_TLS_ONLY,
)
_UNREACHED = (ServerOutcome.NOT_REACHABLE, ServerOutcome.NO_ROUTE, ServerOutcome.NOT_TRIED)


class ConnectionSecurity(StrEnum):
    """What a server satisfies; the words of the declaration, the least first."""

    OPPORTUNISTIC_TLS = "opportunisticTls"
    SELF_SIGNED_CERTIFICATE = "selfSignedCertificate"
    TRUSTED_CERTIFICATION_AUTHORITY = "trustedCertificationAuthority"
    RECIPIENT_CERTIFICATE_MATCHES_DOMAIN = "recipientCertificateMatchesDomain"

    @property
    def rank(self) -> int:
        return list(ConnectionSecurity).index(self)


#: Source: map of the admin centre's options (assumed by meaning), as in regulated_partners.partners.pair.
_DEMANDS = {
    TlsSettings.ENCRYPTION_ONLY.value: ConnectionSecurity.SELF_SIGNED_CERTIFICATE,
    TlsSettings.CERTIFICATE_VALIDATION.value: ConnectionSecurity.TRUSTED_CERTIFICATION_AUTHORITY,
    TlsSettings.DOMAIN_VALIDATION.value: ConnectionSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN,
}


@dataclass(frozen=True)
class Demand:
    """By what a server is judged.

    Attributes:
        settings: of the outbound connector.
        roots: trusted ones.
        now: UTC.
        mode: which names of a certificate count.
    """

    settings: OutboundSettings
    roots: Sequence[x509.Certificate]
    now: datetime.datetime
    mode: MatchMode = MatchMode.EITHER

    @property
    def security(self) -> ConnectionSecurity:
        return _DEMANDS.get(self.settings.tls_settings or "", ConnectionSecurity.OPPORTUNISTIC_TLS)


@dataclass(frozen=True)
class ServerReport:
    """What there is to say about one address.

    Attributes:
        seen: the probe.
        verdict, findings: by what the connector demands.
        chain: certificates as sent; empty without TLS.
        facts, chain_verdict: of them; None without TLS.
        names: the comparison that the connector makes; None where it makes none.
        satisfies: the strictest connection security that this server passes; None where TLS was not seen to work.
    """

    seen: ServerSeen
    verdict: Verdict
    findings: tuple[Finding, ...]
    chain: tuple[x509.Certificate, ...] = ()
    facts: CertificateFacts | None = None
    chain_verdict: ChainVerdict | None = None
    names: NameVerdict | None = None
    satisfies: ConnectionSecurity | None = None


def report_server(seen: ServerSeen, demand: Demand) -> ServerReport:
    """Judges one address."""
    if seen.outcome in _UNREACHED:
        return ServerReport(seen, Verdict.NOT_REACHABLE, (_unreached(seen),))
    if seen.outcome in (ServerOutcome.NOT_SMTP, ServerOutcome.REFUSED, ServerOutcome.NO_ANSWER):
        return ServerReport(seen, Verdict.UNKNOWN, (_undecided(seen),))
    if seen.outcome in _NO_TLS and not (seen.asks_client_certificate and not seen.chain):
        return _without_tls(seen, demand)
    return _with_tls(seen, demand)


def _unreached(seen: ServerSeen) -> Finding:
    advice = "" if seen.outcome is ServerOutcome.NOT_TRIED else " Port 25 is closed in most clouds and CI networks."
    text = (
        f"{seen.detail}{advice} This says nothing about the partner: probe from a network that may send mail, and "
        "judge that probe here with --from."
    )
    return Finding(Check.REACHABLE, Level.INFO, text, source="tls-verification 0.11")


def _undecided(seen: ServerSeen) -> Finding:
    advice = {
        ServerOutcome.NOT_SMTP: "Something between here and the server answers for it, or the record points elsewhere.",
        ServerOutcome.REFUSED: "It may refuse this machine's address only: probe from where mail is sent, and use "
        "--from.",
        ServerOutcome.NO_ANSWER: "It may hold up strangers: try again, or probe from where mail is sent and use "
        "--from.",
    }[seen.outcome]
    return Finding(Check.SMTP, Level.INFO, f"{seen.detail} Whether TLS works is not known. {advice}", Party.EITHER)


def _without_tls(seen: ServerSeen, demand: Demand) -> ServerReport:
    refused = seen.outcome in (ServerOutcome.NO_STARTTLS, ServerOutcome.STARTTLS_REFUSED)
    check = Check.STARTTLS if refused else Check.TLS
    if demand.settings.tls_settings is None:
        text = f"{seen.detail} Mail goes to it in clear text, which opportunistic TLS allows."
        finding = Finding(check, Level.WARNING, text, Party.PARTNER, source=_SOURCE)
    else:
        old = seen.outcome is ServerOutcome.OLD_TLS_ONLY
        needs = "Exchange Online sends with TLS 1.2 and 1.3 only." if old else "The connector refuses to deliver to it."
        text = f"{seen.detail} {needs} The partner must switch on TLS 1.2 or newer, with a current cipher."
        finding = Finding(check, Level.ERROR, text, Party.PARTNER, NO_TLS, f"{_SOURCE}; techcommunity 2065089")
    return ServerReport(seen, verdict_of([finding]), (finding,))


def _with_tls(seen: ServerSeen, demand: Demand) -> ServerReport:
    ended = [_hung_up(seen)] if seen.outcome is not ServerOutcome.ENCRYPTED else []
    otherwise = Verdict.UNKNOWN if ended else Verdict.PASSED
    if not seen.chain:
        text = "The server made TLS without showing a certificate."
        bare = Finding(Check.CHAIN, Level.ERROR, text, Party.PARTNER, NO_TLS)
        return ServerReport(seen, Verdict.UNKNOWN, tuple(ended or [bare]))
    try:
        chain = seen.certificates
        facts = certificate_facts(chain[0])
    except ValueError:
        text = "The server's certificate is malformed: its fields cannot be read. The partner must replace it."
        level = Level.ERROR if demand.settings.demands_trust else Level.WARNING
        found = (Finding(Check.CHAIN, level, text, Party.PARTNER), *ended)
        return ServerReport(seen, verdict_of(found, otherwise=otherwise), found)
    verdict = judge_chain(chain, demand.roots, demand.now)
    names, about = certificate_findings(facts, verdict, demand.settings, demand.now, demand.mode)
    findings = (*ended, *about)
    return ServerReport(
        seen=seen,
        verdict=verdict_of(findings, otherwise=otherwise),
        findings=findings,
        chain=chain,
        facts=facts,
        chain_verdict=verdict,
        names=names,
        satisfies=None if ended else _satisfied(facts, verdict, demand),
    )


def _hung_up(seen: ServerSeen) -> Finding:
    """Exchange Online presents a certificate of its own; this probe has none that the partner could know."""
    asks = "It asks for a client certificate" if seen.asks_client_certificate else "It may demand a client certificate"
    text = (
        f"{seen.detail} {asks}, and this probe shows none, whereas Exchange Online shows one for "
        "mail.protection.outlook.com. Only a test message tells whether the partner takes it: see `verify message`."
    )
    return Finding(Check.CLIENT_CERTIFICATE, Level.INFO, text, Party.EITHER, source="tls-verification 0.10, 2.4")


def _satisfied(facts: CertificateFacts, chain: ChainVerdict, demand: Demand) -> ConnectionSecurity | None:
    if any(fault.effect is Effect.NO_TLS for fault in facts.faults):
        return None
    if not chain.is_trusted or not facts.serves_as_server or any(fault.is_grave for fault in facts.faults):
        return ConnectionSecurity.SELF_SIGNED_CERTIFICATE
    name = demand.settings.tls_domain
    if name and match_names(name, facts.names, Direction.OUTBOUND, demand.mode).outcome is NameOutcome.MATCH:
        return ConnectionSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN
    return ConnectionSecurity.TRUSTED_CERTIFICATION_AUTHORITY
