"""`verify listen`: would the inbound connector take the partner's mail as it came to the capture listener?"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509

from exchange_online.connectors import InboundSettings
from regulated_partners.partners import Pair
from regulated_partners.probing.certificate_findings import RESTRICTED, certificate_findings
from regulated_partners.probing.certificates import CertificateFacts, certificate_facts, judge_chain
from regulated_partners.probing.names import MatchMode
from regulated_partners.probing.verdicts import Check, Fact, Finding, Judgement, Level, Party, Verdict, verdict_of
from regulated_partners.verify.certificate import certificate_facts_shown, subjects
from regulated_partners.verify.listener import Captured

_STARTTLS = "451 5.7.3 STARTTLS is required to send mail"


@dataclass(frozen=True)
class ListenCheck:
    """How a captured message is judged. `now` is UTC, `roots` are the trusted ones, `mode` says which names count."""

    partner: Pair
    roots: Sequence[x509.Certificate]
    now: datetime.datetime
    mode: MatchMode = MatchMode.EITHER

    @property
    def settings(self) -> InboundSettings:
        return self.partner.inbound.settings


def judge_captured(
    captured: Captured | None, check: ListenCheck, waited: str
) -> tuple[Judgement, CertificateFacts | None]:
    """Judges what came.

    Args:
        captured: None where nothing did.
        check: the connector, the roots, the time.
        waited: how long, in words.

    Returns:
        The judgement, and the facts of the client's certificate where one was shown.
    """
    if captured is None:
        text = f"Nothing came within {waited}. Does the partner's server reach this address, and has mail been sent?"
        nothing = ("message", "no message", Verdict.NOT_REACHABLE, check.partner.name, check.settings)
        return Judgement.by_connector(*nothing, findings=[Finding(Check.MESSAGE, Level.INFO, text, Party.EITHER)]), None
    facts, about = _certificate(captured.chain or captured.refused_chain, check)
    findings = (*_transport(captured, check.settings), *_sender(captured, check.settings), *about)
    judgement = Judgement.by_connector(
        "message",
        f"message from {captured.helo or '?'} [{captured.address}]" if captured.delivered else "handshake",
        verdict_of(findings, otherwise=Verdict.PASSED if captured.delivered else Verdict.UNKNOWN),
        check.partner.name,
        check.settings,
        facts=_facts(captured, facts, check),
        findings=findings,
        not_after=facts.not_after if facts else None,
    )
    return judgement, facts


def _transport(captured: Captured, settings: InboundSettings) -> Iterable[Finding]:
    if not captured.delivered:
        text = (
            "A TLS handshake was begun and ended, and no message came. The certificate that was shown was recorded all "
            "the same; what is wrong with it, if anything, follows."
        )
        yield Finding(Check.MESSAGE, Level.INFO, text, Party.PARTNER)
    elif captured.version is None:
        earlier = " A TLS handshake before it had failed." if captured.refused_chain else ""
        text = f"The message came in clear text, although the listener offers STARTTLS.{earlier}"
        level = Level.ERROR if settings.require_tls else Level.WARNING
        answer = _STARTTLS if settings.require_tls else None
        yield Finding(Check.STARTTLS, level, text, Party.PARTNER, answer, "New-InboundConnector, RequireTls")
    if not (captured.chain or captured.refused_chain):
        yield from _no_certificate(settings)


def _no_certificate(settings: InboundSettings) -> Iterable[Finding]:
    text = "The sending server showed no certificate, although it was asked for one."
    if settings.restrict_domains_to_certificate:
        text += " The partner must configure a client certificate at its sending servers."
        source = "New-InboundConnector, RestrictDomainsToCertificate"
        yield Finding(Check.CLIENT_CERTIFICATE, Level.ERROR, text, Party.PARTNER, RESTRICTED, source)
    else:
        yield Finding(Check.CLIENT_CERTIFICATE, Level.INFO, f"{text} The connector demands none.")


def _sender(captured: Captured, settings: InboundSettings) -> Iterable[Finding]:
    if settings.restrict_domains_to_ip_addresses and captured.address is not None:
        address = ipaddress.ip_address(captured.address)
        networks = [ipaddress.ip_network(network, strict=False) for network in settings.sender_ip_addresses]
        if not any(address in network for network in networks):
            text = (
                f"The message came from {captured.address}, which is not among the declared senderIpAddresses. Behind "
                "NAT this listener sees another address than Exchange Online does."
            )
            source = "New-InboundConnector, RestrictDomainsToIPAddresses"
            yield Finding(Check.ADDRESS, Level.ERROR, text, Party.EITHER, RESTRICTED, source)
    domain = captured.mail_from.rpartition("@")[2].lower()
    if domain and not any(_covers(pattern, domain) for pattern in settings.sender_domains):
        text = f"The message came from {domain}, to which the connector does not apply: it has other senderDomains."
        yield Finding(Check.DOMAIN, Level.WARNING, text, Party.EITHER, source="New-InboundConnector, SenderDomains")


def _covers(pattern: str, domain: str) -> bool:
    """Source: New-InboundConnector, SenderDomains: `*.contoso.com` is the domain and all subdomains."""
    return pattern in ("*", domain) or (pattern.startswith("*.") and f".{domain}".endswith(pattern[1:]))


def _certificate(
    chain: tuple[x509.Certificate, ...], check: ListenCheck
) -> tuple[CertificateFacts | None, tuple[Finding, ...]]:
    if not chain:
        return None, ()
    try:
        facts = certificate_facts(chain[0])
    except ValueError:
        text = "The certificate that the sending server showed is malformed. The partner must replace it."
        return None, (Finding(Check.CLIENT_CERTIFICATE, Level.ERROR, text, Party.PARTNER),)
    verdict = judge_chain(chain, check.roots, check.now)
    _, findings = certificate_findings(facts, verdict, check.settings, check.now, check.mode)
    return facts, findings


def _facts(captured: Captured, facts: CertificateFacts | None, check: ListenCheck) -> Iterable[Fact]:
    if captured.delivered:
        yield Fact("from", f"{captured.helo or '?'} [{captured.address}]")
        yield Fact("envelope", f"{captured.mail_from or '<>'} to {', '.join(captured.recipients[:5])}")
        yield Fact("protocol", captured.version or "clear text")
        yield Fact("cipher", captured.cipher or "none")
    yield Fact("client certificate", "shown" if facts else "not shown")
    if facts is not None:
        yield from certificate_facts_shown(facts, check.now)
        yield Fact("certificates sent", subjects(captured.chain or captured.refused_chain))
