"""What there is to say about a certificate, by what a connector demands of it.

For an outbound connector it is the one of the partner's receiving server, for an inbound connector the one that the
partner's sending server presents as a client.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from exchange_online.connectors import WHAT_PROVES, ConnectorSettings, Direction, InboundSettings, shared_certificate
from regulated_partners.probing.certificates import CertificateFacts, ChainCause, ChainVerdict
from regulated_partners.probing.names import MatchMode, NameOutcome, NameVerdict, listed, match_names
from regulated_partners.probing.strength import Effect, Fault
from regulated_partners.probing.verdicts import Check, Finding, Level, Party

#: Days before the end, and what they mean. Source: tls-verification F1.
_EXPIRY = ((7, Level.ERROR), (14, Level.WARNING), (30, Level.INFO))
#: What Exchange Online puts into its NDR. Source: tls-verification 2.3; UntrustedRoot and CertificateExpired are
#: general knowledge there (K).
_NDR = "450 4.4.317 Cannot connect to remote server [Message={message}]"
#: The same where no TLS comes about. Source: ex-shell.com 2022 (tls-verification 2.3).
NO_TLS = _NDR.format(message="451 5.7.3 STARTTLS is required to send mail")
RESTRICTED = (
    "550 5.7.51 TenantInboundAttribution; There is a partner connector configured that matched the message's recipient "
    "domain. The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set"
)


def certificate_findings(
    facts: CertificateFacts,
    chain: ChainVerdict,
    settings: ConnectorSettings,
    now: datetime.datetime,
    mode: MatchMode = MatchMode.EITHER,
) -> tuple[NameVerdict | None, tuple[Finding, ...]]:
    """The comparison of names, None where the connector compares none; and what there is to say at `now` (UTC).

    A connector that takes any certificate takes an expired, a weak and a self-signed one: what is wrong with it is a
    note, except where no handshake can use it.
    """
    wanted = settings.demanded_name
    names = None if wanted is None else match_names(wanted, facts.names, settings.direction, mode)
    return names, (
        *(_name(names, facts, settings.direction) if names else ()),
        *_whose(names, facts, settings),
        *_chain(facts, chain, settings),
        *_expiry(facts, chain, now, settings),
        *_usage(facts, settings),
        *(_strength(fault, settings) for fault in facts.faults),
        *_revocation(facts, settings),
    )


def _found(
    settings: ConnectorSettings,
    check: Check,
    level: Level,
    what: str,
    advice: str = "",
    *,
    answer: str | None = None,
    source: str = "",
) -> Finding:
    """A finding about what only a connector minds that looks at certificates; for others it is a note."""
    if not settings.demands_trust:
        text = f"{what} The connector takes any certificate, so mail is not refused for it."
        return Finding(check, Level.INFO, text, source=source)
    who = None if level is Level.INFO else Party.PARTNER
    return Finding(check, level, f"{what} {advice}".rstrip(), who, answer, source)


def switched_off(settings: ConnectorSettings) -> Iterable[Finding]:
    """That a connector demands nothing, where it is declared so."""
    if not settings.enabled:
        text = f"The {settings.direction.word} connector is declared with enabled: false, so it demands nothing yet."
        yield Finding(Check.CONNECTOR, Level.WARNING, text, Party.WE)


def _name(verdict: NameVerdict, facts: CertificateFacts, direction: Direction) -> Iterable[Finding]:
    source = verdict.comparisons[0].source if verdict.comparisons else "Set-OutboundConnector TlsDomain"
    setting = "certificateName" if direction is Direction.INBOUND else "certificateName or tlsDomain"
    if verdict.outcome is NameOutcome.MISMATCH:
        advice = (
            f"The partner needs a certificate for it, or the declared {setting} must be one of the certificate's names."
        )
        presented = facts.names.subject or "(empty)"
        said = f"SubjectMismatch Expected Subject: {verdict.wanted}. Presented Subject: {presented}."
        answer = RESTRICTED if direction is Direction.INBOUND else _NDR.format(message=said)
        yield Finding(Check.NAME, Level.ERROR, f"{verdict.sentence} {advice}", Party.EITHER, answer, source)
    elif verdict.outcome is NameOutcome.UNDETERMINED:
        text = f"{verdict.sentence} Avoid it: declare the exact name in the certificate as {setting}."
        yield Finding(Check.NAME, Level.WARNING, text, Party.WE, source=source)
    elif verdict.only_one_place is not None:
        other = "SAN" if verdict.only_one_place == "CN" else "CN"
        text = (
            f"{verdict.wanted} matches by {verdict.only_one_place} only and not by {other}. Sources differ on which "
            "one Exchange Online compares, so it passes either way here; the safest certificate has the name in both."
        )
        level = Level.WARNING if other == "SAN" else Level.INFO
        yield Finding(Check.NAME, level, text, Party.PARTNER, source="connector-semantics 7 (CONFLICT; assumed)")


def _whose(names: NameVerdict | None, facts: CertificateFacts, settings: ConnectorSettings) -> Iterable[Finding]:
    """That a certificate is its service's and proves no partner: by the name that is asked for, or by what it shows."""
    wanted = shared_certificate(settings.demanded_name)
    if wanted is None and names is not None and names.outcome is NameOutcome.MATCH:
        return
    # A public CA gives nobody else a certificate for a name of the service.
    presented = dict.fromkeys((*facts.names.common_names, *facts.names.dns_names))
    of_a_service = {name: shared for name in presented if (shared := shared_certificate(name))}
    shared = wanted or next(iter(of_a_service.values()), None)
    if shared is None:
        return
    name = settings.demanded_name if wanted else listed(of_a_service, at_most=3)
    source = f"{shared.basis}: {shared.source}"
    if settings.direction is Direction.OUTBOUND:
        text = (
            f"The servers of every customer of {shared.service} have a certificate for {name}: it proves that mail "
            "goes to the service, which hands it to the customer that owns the recipient's domain there, and not that "
            "the customer is the partner."
        )
        yield Finding(Check.NAME, Level.INFO, text, source=source)
        return
    text = (
        f"Mail of every customer of {shared.service} comes with a certificate for {name}, so it does not prove the "
        f"partner: any other customer can send in its name. {WHAT_PROVES[0].upper()}{WHAT_PROVES[1:]}."
    )
    level = Level.WARNING if wanted else Level.INFO
    yield Finding(Check.NAME, level, text, Party.PARTNER, source=source)


def _chain(facts: CertificateFacts, chain: ChainVerdict, settings: ConnectorSettings) -> Iterable[Finding]:
    said = chain.cause is ChainCause.WEAK and chain.depth == 0 and any(fault.is_grave for fault in facts.faults)
    if chain.is_trusted or said:
        return
    message = {
        ChainCause.EXPIRED: "CertificateExpired",
        ChainCause.SELF_SIGNED: "UntrustedRoot",
        ChainCause.UNKNOWN_ROOT: "UntrustedRoot",
        ChainCause.INCOMPLETE: "UntrustedRoot",
    }.get(chain.cause, "CertificateValidationFailed")
    inbound = settings.direction is Direction.INBOUND
    answer = RESTRICTED if inbound else _NDR.format(message=message)
    source = "tls-verification 2.4 (assumed for Partner)" if inbound else "tls-verification 2.3 (codes in part assumed)"
    advice = _CHAIN_ADVICE.get(chain.cause, "The partner must replace it.")
    advice = advice.format(otherwise=_WITHOUT_A_CA[settings.direction])
    yield _found(settings, Check.CHAIN, Level.ERROR, chain.sentence, advice, answer=answer, source=source)


#: What a connector can do without a certificate of a public CA.
_WITHOUT_A_CA = {
    Direction.INBOUND: "go by ipAddresses",
    Direction.OUTBOUND: "be declared with connectionSecurity: selfSignedCertificate, for which the policies ask for a "
    "waiver",
}
_CHAIN_ADVICE = {
    ChainCause.EXPIRED: "The partner must renew it.",
    ChainCause.NOT_YET_VALID: "The partner must use a certificate that is valid already, or set its clock.",
    ChainCause.SELF_SIGNED: "The partner needs a certificate of a public CA, or the connector must {otherwise}.",
    ChainCause.UNKNOWN_ROOT: "The partner needs a certificate of a CA that Microsoft trusts, or the connector must "
    "{otherwise}.",
    ChainCause.INCOMPLETE: "The partner must send the CA's intermediate certificates with its own. Where the issuer is "
    "a CA of the partner's own, it needs a certificate of a public one, or the connector must {otherwise}.",
    ChainCause.WEAK: "The partner needs a certificate whose issuers have current keys and signatures.",
}


def _expiry(
    facts: CertificateFacts, chain: ChainVerdict, now: datetime.datetime, settings: ConnectorSettings
) -> Iterable[Finding]:
    """When a certificate expires soon. One that lives shortly is not reported for its whole life."""
    # A chain is reported with one cause; that of the dates must not hide behind another one.
    if facts.not_before > now and chain.cause is not ChainCause.NOT_YET_VALID:
        text = f"The certificate is not valid before {facts.not_before:%Y-%m-%d %H:%M} UTC."
        yield _found(settings, Check.EXPIRY, Level.ERROR, text, source="RFC 5280 4.1.2.5")
    if facts.not_after <= now:
        if chain.cause is not ChainCause.EXPIRED:
            text = f"The certificate expired on {facts.not_after:%Y-%m-%d %H:%M} UTC."
            advice, source = "The partner must renew it.", "tls-verification F1"
            yield _found(settings, Check.EXPIRY, Level.ERROR, text, advice, source=source)
        return
    left, lifetime = facts.days_left(now), facts.not_after - facts.not_before
    for days, level in _EXPIRY:
        if left < days and lifetime >= datetime.timedelta(days=2 * days):
            text = f"The certificate expires in {_days(left)}, on {facts.not_after:%Y-%m-%d %H:%M} UTC."
            advice = "Mail is refused from then on. The partner must renew it, with the same names."
            source = "tls-verification F1: 30, 14, 7 days"
            found = _found(settings, Check.EXPIRY, level, text, advice, source=source)
            yield replace(found, who=Party.PARTNER if settings.demands_trust else None)
            return


def _days(count: int) -> str:
    return "less than a day" if count < 1 else "1 day" if count == 1 else f"{count} days"


def _usage(facts: CertificateFacts, settings: ConnectorSettings) -> Iterable[Finding]:
    """Whether the certificate may be used in its role."""
    advice = "The partner must replace it."
    if facts.is_ca and not facts.self_signed:
        text = "The certificate is that of a CA, not of a server."
        yield _found(settings, Check.USAGE, Level.WARNING, text, advice)
    if settings.direction is Direction.OUTBOUND and not facts.serves_as_server:
        text = "The certificate's extended key usage does not hold serverAuth, so it is not one for a receiving server."
        yield _found(settings, Check.USAGE, Level.ERROR, text, advice, source="RFC 5280 4.2.1.12")
    if settings.direction is Direction.INBOUND and not facts.serves_as_client:
        text = (
            "The certificate's extended key usage does not hold clientAuth, and a sending server presents it as a "
            "client. Public CAs leave clientAuth out (most by 1 May 2026). Postfix and Sendmail peers refuse to verify "
            "it; whether Exchange Online does is not documented."
        )
        other = "The partner needs a certificate with clientAuth from a CA that still issues it, or the connector must "
        source = "tls-verification 0.9, F10, open question 1"
        yield _found(
            settings, Check.USAGE, Level.WARNING, text, f"{other}{_WITHOUT_A_CA[settings.direction]}.", source=source
        )
    if facts.digital_signature is False:
        text = "The certificate's key usage does not allow digital signatures, which every TLS 1.3 handshake needs."
        yield _found(settings, Check.USAGE, Level.WARNING, text, advice, source="RFC 8446 4.4.2.2")


_LEVELS = {
    Effect.NO_TLS: Level.ERROR,
    Effect.NOT_TRUSTED: Level.ERROR,
    Effect.RISK: Level.WARNING,
    Effect.REMARK: Level.INFO,
}


def _strength(fault: Fault, settings: ConnectorSettings) -> Finding:
    """Whether others take key and signature; without a handshake no connector gets anywhere."""
    what, level = f"The certificate {fault.clause}.", _LEVELS[fault.effect]
    if level is Level.INFO:
        return Finding(Check.STRENGTH, level, f"{what} {fault.advice}", source=fault.source)
    answer = None
    if fault.is_grave:
        answer = RESTRICTED if settings.direction is Direction.INBOUND else NO_TLS
    if isinstance(settings, InboundSettings) or settings.demands_trust or fault.effect is not Effect.NO_TLS:
        return _found(settings, Check.STRENGTH, level, what, fault.advice, answer=answer, source=fault.source)
    if settings.tls_settings is None:
        level, answer = Level.WARNING, None
        what = f"{what} Mail goes to such a server in clear text, which opportunistic TLS allows."
    return Finding(Check.STRENGTH, level, f"{what} {fault.advice}", Party.PARTNER, answer, fault.source)


def _revocation(facts: CertificateFacts, settings: ConnectorSettings) -> Iterable[Finding]:
    """Whether Exchange Online can ask about revocation. What it does where it cannot is not documented.

    Source: Set-OutboundConnector, TlsSettings CertificateValidation: "chain validation and revocation lists checks".
    """
    urls = (*facts.crl_urls, *facts.ocsp_urls)
    private = [url for url in urls if not _is_public(url)]
    if settings.demands_trust and urls and len(private) == len(urls):
        text = (
            f"Nobody outside can ask whether the certificate is revoked: {', '.join(private[:3])}. Exchange "
            "Online checks that, and what it does when it cannot is not documented."
        )
        source = "tls-verification 2.3, open question 2"
        yield Finding(Check.REVOCATION, Level.WARNING, text, Party.PARTNER, source=source)


def revocation_hosts(facts: CertificateFacts) -> tuple[str, ...]:
    """The hosts that a checking side must reach by HTTP, each once."""
    hosts = (_host(url) for url in (*facts.crl_urls, *facts.ocsp_urls))
    return tuple(dict.fromkeys(host for host in hosts if host))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_public(url: str) -> bool:
    """Whether others can be expected to reach a URL: HTTP, and a public name or address."""
    host = _host(url)
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    private = (".local", ".internal", ".lan", ".corp", ".home.arpa", ".localhost", ".intra")
    return url.lower().startswith(("http:", "https:")) and "." in host and not host.endswith(private)
