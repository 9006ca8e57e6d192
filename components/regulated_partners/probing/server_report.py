"""One probed server, judged by what an outbound connector demands. Pure."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cryptography import x509

from exchange_online.connectors import Direction, OutboundSettings, TlsSettings
from regulated_partners.probing.certificate_findings import NO_TLS as _ANSWER
from regulated_partners.probing.certificate_findings import certificate_findings
from regulated_partners.probing.certificates import CertificateFacts, ChainVerdict, certificate_facts, judge_chain
from regulated_partners.probing.deliverable import AS_OF, GROUPS, SOURCE, is_offered_group, suite_named
from regulated_partners.probing.names import MatchMode, NameOutcome, NameVerdict, match_names
from regulated_partners.probing.seen import Answered, Asked, Cause, ServerOutcome, ServerSeen
from regulated_partners.probing.strength import Effect
from regulated_partners.probing.verdicts import Check, Finding, Level, Party, Verdict, verdict_of

NO_TLS = _ANSWER
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
class ServerCertificate:
    """One certificate that Exchange Online may get from a server, judged.

    Attributes:
        chain: as the server sent it.
        facts, verdict: of it.
        names: the comparison that the connector makes; None where it makes none.
        findings: what there is to say.
        satisfies: the strictest connection security that it passes; None where no handshake works with it.
    """

    chain: tuple[x509.Certificate, ...]
    facts: CertificateFacts
    verdict: ChainVerdict
    names: NameVerdict | None
    findings: tuple[Finding, ...]
    satisfies: ConnectionSecurity | None

    @property
    def kind(self) -> str:
        """`RSA` or `EC`, as a rule."""
        return self.facts.key.split()[0]


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
        certificates: all that Exchange Online may get, the likeliest first, of which the others here are.
    """

    seen: ServerSeen
    verdict: Verdict
    findings: tuple[Finding, ...]
    chain: tuple[x509.Certificate, ...] = ()
    facts: CertificateFacts | None = None
    chain_verdict: ChainVerdict | None = None
    names: NameVerdict | None = None
    satisfies: ConnectionSecurity | None = None
    certificates: tuple[ServerCertificate, ...] = ()


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


_FROM_ELSEWHERE = "probe from where mail is sent, and use --from."
_REFUSES_US = f"It may refuse this machine (a block list, no reverse name, a limit on connections): {_FROM_ELSEWHERE}"
_NOBODY_BEHIND = (
    "So the port is open from here, and what took the connection ends it: a firewall, a proxy without a mail server "
    f"behind it, or a limit on connections. Try again; else ask the partner, or {_FROM_ELSEWHERE}"
)
#: What to do about what says nothing about TLS.
_UNDECIDED: dict[ServerOutcome | Cause, str] = {
    ServerOutcome.NOT_SMTP: "Something between here and the server answers for it, or the record points elsewhere.",
    ServerOutcome.REFUSED: f"It may refuse this machine's address only: {_FROM_ELSEWHERE}",
    ServerOutcome.NO_ANSWER: f"It may hold up strangers: try again, or {_FROM_ELSEWHERE}",
    Cause.RESET: _NOBODY_BEHIND,
    Cause.CLOSED_BEFORE_GREETING: _NOBODY_BEHIND,
    Cause.CLOSED_IN_DIALOGUE: _REFUSES_US,
}


def _undecided(seen: ServerSeen) -> Finding:
    advice = _UNDECIDED.get(seen.cause or seen.outcome) or _UNDECIDED[seen.outcome]
    return Finding(Check.SMTP, Level.INFO, f"{seen.detail} Whether TLS works is not known. {advice}", Party.EITHER)


_SUITES = "with a cipher suite that Exchange Online offers, best ECDHE with AES-GCM"
#: What the partner must do for TLS, and where that stands.
_REMEDIES: dict[ServerOutcome | Cause, tuple[str, str]] = {
    ServerOutcome.NO_STARTTLS: ("must switch on STARTTLS, with TLS 1.2 or newer.", "RFC 3207 4"),
    ServerOutcome.STARTTLS_REFUSED: ("must find in its server's log why it refuses what it offers.", "RFC 3207 4"),
    ServerOutcome.OLD_TLS_ONLY: ("must switch on TLS 1.2 or newer.", "techcommunity 2065089"),
    ServerOutcome.HANDSHAKE_FAILED: (
        f"must find in its server's log why the handshake ends. Needed are TLS 1.2 or newer, {_SUITES}, and a "
        "certificate for an RSA, P-256 or P-384 key.",
        SOURCE,
    ),
    Cause.NO_EHLO: ("must let ESMTP through: without EHLO there is no STARTTLS.", "RFC 5321 2.2.1; RFC 3207 2"),
    Cause.FIREWALL: (
        "must switch off the inspection of SMTP in that firewall, or let it pass STARTTLS on.",
        "Cisco, inspection of ESMTP (tls-verification F9)",
    ),
    Cause.TEMPORARY: (
        "must look into its server's log: such an answer means that TLS is not to be had for the time being, as a rule "
        "because the server cannot read its key or certificate. Two connections got it. Exchange Online tries again "
        "for 24 hours, so probe again before you ask.",
        "RFC 3207 4 (454); how-smtp-dane-works (retries)",
    ),
    Cause.INJECTED: (
        "must update its mail server, or the proxy or virus scanner in front of it: what comes there in clear text "
        "could have been slipped in by others, and clients end the connection. What Exchange Online does is not "
        "documented.",
        "RFC 3207 4.2, 6; CVE-2011-0411",
    ),
    Cause.NO_COMMON_SUITE: (f"must switch on TLS 1.2 or newer {_SUITES}.", SOURCE),
}


def _without_tls(seen: ServerSeen, demand: Demand) -> ServerReport:
    refused = seen.outcome in (ServerOutcome.NO_STARTTLS, ServerOutcome.STARTTLS_REFUSED)
    remedy, source = _REMEDIES.get(seen.cause or seen.outcome) or _REMEDIES[seen.outcome]
    old = " Exchange Online sends with TLS 1.2 and 1.3 only." if seen.outcome is ServerOutcome.OLD_TLS_ONLY else ""
    finding = _no_tls(Check.STARTTLS if refused else Check.TLS, f"{seen.detail}{old}", remedy, source, demand)
    return ServerReport(seen, verdict_of([finding]), (finding,))


def _no_tls(check: Check, what: str, remedy: str, source: str, demand: Demand) -> Finding:
    """That no mail passes over TLS."""
    if demand.settings.tls_settings is None:
        text = f"{what} Mail goes to it in clear text, which opportunistic TLS allows. For TLS the partner {remedy}"
        return Finding(check, Level.WARNING, text, Party.PARTNER, source=f"{_SOURCE}; {source}")
    text = f"{what} The connector refuses to deliver to it. The partner {remedy}"
    return Finding(check, Level.ERROR, text, Party.PARTNER, NO_TLS, f"{_SOURCE}; {source}")


def _with_tls(seen: ServerSeen, demand: Demand) -> ServerReport:
    ended = [_hung_up(seen)] if seen.outcome is not ServerOutcome.ENCRYPTED else []
    otherwise = Verdict.UNKNOWN if ended else Verdict.PASSED
    if not seen.chain:
        text = "The server made TLS without showing a certificate."
        bare = Finding(Check.CHAIN, Level.ERROR, text, Party.PARTNER, NO_TLS)
        return ServerReport(seen, Verdict.UNKNOWN, tuple(ended or [bare]))
    shown = list(_shown(seen))
    try:
        looks = [_look(seen, certificates, demand) for certificates in (loaded() for loaded in shown)]
    except ValueError:
        text = "The server's certificate is malformed: its fields cannot be read. The partner must replace it."
        level = Level.ERROR if demand.settings.demands_trust else Level.WARNING
        found = (Finding(Check.CHAIN, level, text, Party.PARTNER), *ended)
        return ServerReport(seen, verdict_of(found, otherwise=otherwise), found)
    about = (*_handshake(seen, looks[0].facts, demand), *_of_all(looks))
    findings = (*ended, *about)
    satisfied = [look.satisfies for look in looks if look.satisfies is not None]
    fits = len(satisfied) == len(looks) and not any(one.check is Check.TLS for one in about) and not ended
    return ServerReport(
        seen=seen,
        verdict=verdict_of(findings, otherwise=otherwise),
        findings=findings,
        chain=looks[0].chain,
        facts=looks[0].facts,
        chain_verdict=looks[0].verdict,
        names=looks[0].names,
        satisfies=min(satisfied, key=lambda security: security.rank) if fits else None,
        certificates=tuple(looks),
    )


def _shown(seen: ServerSeen) -> Iterable[Callable[[], tuple[x509.Certificate, ...]]]:
    """The chains that Exchange Online may get, the likeliest first: what only others get is not judged."""
    whole, alone = seen.answer(Asked.WHOLE), seen.answer(Asked.RSA_ALONE)
    yield lambda: whole.certificates if whole is not None and whole.chain else seen.certificates
    if alone is not None and alone.chain and alone.chain != (whole.chain if whole and whole.chain else seen.chain):
        yield lambda: alone.certificates


def _look(seen: ServerSeen, chain: tuple[x509.Certificate, ...], demand: Demand) -> ServerCertificate:
    facts = certificate_facts(chain[0])
    verdict = judge_chain(chain, demand.roots, demand.now)
    names, about = certificate_findings(facts, verdict, demand.settings, demand.now, demand.mode)
    if _is_address(seen.host):
        about = tuple(_with_hint_at_sni(finding) for finding in about)
    return ServerCertificate(chain, facts, verdict, names, about, _satisfied(facts, verdict, demand))


def _of_all(looks: Sequence[ServerCertificate]) -> Iterable[Finding]:
    """What there is to say of every certificate, and of which one it is; what is true of all is said once."""
    everywhere = [finding for finding in looks[0].findings if all(finding in look.findings for look in looks)]
    yield from everywhere
    for look in looks:
        for finding in look.findings:
            if finding not in everywhere:
                article = f"Of its two certificates, the one with the {look.kind} key ({look.facts.names.subject}): "
                yield replace(finding, text=f"{article}{finding.text}")


def _handshake(seen: ServerSeen, facts: CertificateFacts, demand: Demand) -> Iterable[Finding]:
    """Whether Exchange Online can make the handshake that was seen, or another one with the same server."""
    if seen.earlier:
        text = f"At the first connection: {seen.earlier} At the second one TLS worked. Mail may be delayed by it."
        yield Finding(Check.STARTTLS, Level.WARNING, text, Party.PARTNER, source="RFC 3207 4 (454)")
    whole = seen.answer(Asked.WHOLE)
    cipher = seen.cipher if whole is None or whole.cipher is None else whole.cipher
    if whole is not None and not whole.chain:
        # Where the key is the reason, that is said of the certificate.
        if not any(fault.effect is Effect.NO_TLS for fault in facts.faults):
            yield _not_deliverable(seen, whole, demand)
        return
    suite = suite_named(cipher)
    if suite is not None and not suite.keeps_secrets:
        text = (
            f"The server chose {suite.openssl}, which {AS_OF} still holds, and which does not keep recorded mail "
            "secret once the server's key is lost. The partner should switch on ECDHE with AES-GCM."
        )
        yield Finding(Check.CIPHER, Level.WARNING, text, Party.PARTNER, source=f"RFC 9325 4.1; {SOURCE}")


def _not_deliverable(seen: ServerSeen, whole: Answered, demand: Demand) -> Finding:
    suite = "" if suite_named(seen.cipher) else f"the cipher suite {seen.cipher}"
    group = "" if is_offered_group(seen.group) else f"the group {seen.group}"
    used = " and ".join(part for part in (suite, group) if part) or f"{seen.version} and {seen.cipher}"
    if not whole.decided:
        text = (
            f"The TLS handshake used {used}, which Exchange Online does not offer, and whether the server takes what "
            f"it does offer was not seen: {whole.refusal}. Probe again."
        )
        return Finding(Check.TLS, Level.WARNING, text, Party.EITHER, source=SOURCE)
    what = (
        f"The TLS handshake works with {used}, and the server refuses what Exchange Online offers ({whole.refusal}): "
        f"TLS 1.2 or 1.3 with AES-GCM, keys by {', '.join(GROUPS.values())}."
    )
    remedy = (
        f"must switch on one of these groups: {', '.join(GROUPS.values())}."
        if group
        else f"must switch on TLS {_SUITES}."
    )
    return _no_tls(Check.TLS, what, remedy, SOURCE, demand)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _with_hint_at_sni(finding: Finding) -> Finding:
    if finding.check is not Check.NAME or finding.level is not Level.ERROR:
        return finding
    text = (
        f"{finding.text} The smart host is declared by its address, and to an address TLS names no server (SNI): one "
        "that has several certificates shows its default one. Declare the smart host by its name."
    )
    return replace(finding, text=text, source=f"{finding.source}; RFC 6066 3")


def _hung_up(seen: ServerSeen) -> Finding:
    """Exchange Online presents a certificate of its own; this probe has none that the partner could know."""
    asks = "It asks for a client certificate" if seen.asks_client_certificate else "It may demand a client certificate"
    detail = seen.detail.removesuffix(" It asks for a client certificate.")
    text = (
        f"{detail} {asks}, and this probe shows none, whereas Exchange Online shows one for "
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
