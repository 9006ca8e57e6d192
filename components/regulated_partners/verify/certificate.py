"""`verify certificate`: would the connector take this certificate?"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509

from exchange_online.connectors import ConnectorSettings, Direction
from exchange_online.connectors.words import mail_flow
from regulated_partners.probing.certificate_findings import (
    chain_findings,
    demanded_name,
    expiry_findings,
    name_findings,
    revocation_findings,
    revocation_hosts,
    strength_findings,
    usage_findings,
)
from regulated_partners.probing.certificates import CertificateFacts
from regulated_partners.probing.names import MatchMode, NameVerdict
from regulated_partners.probing.verdicts import (
    ChainCause,
    ChainVerdict,
    Fact,
    Finding,
    Judgement,
    Level,
    Party,
    verdict_of,
)
from regulated_partners.verify.declared import DeclaredPartner
from regulated_partners.verify.pem_file import CertificateFile

_USAGES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}


@dataclass(frozen=True)
class CertificateCheck:
    """How a certificate is judged.

    Attributes:
        partner: whose connector it is for.
        direction: inbound: the partner's sending server presents it; outbound: the receiving one.
        now: UTC.
        mode: which names count.
    """

    partner: DeclaredPartner
    direction: Direction
    now: datetime.datetime
    mode: MatchMode = MatchMode.EITHER

    @property
    def settings(self) -> ConnectorSettings:
        return self.partner.settings(self.direction)


def judge_certificate(
    name: str, file: CertificateFile, facts: CertificateFacts, chain: ChainVerdict, check: CertificateCheck
) -> Judgement:
    """Judges a certificate file against a partner's connector.

    Args:
        name: how outputs call the file.
        file: what was in it.
        facts: of its leaf.
        chain: what the check of the chain came to.
        check: the connector, the time, the mode.
    """
    verdict, about_names = name_findings(facts, check.settings, check.mode)
    findings = [
        *about_names,
        *chain_findings(chain, check.settings),
        *_dates(facts, chain, check),
        *usage_findings(facts, check.direction),
        *strength_findings(facts),
        *revocation_findings(facts, check.settings),
        *_file(file, check.direction),
        *_demands_nothing(check),
    ]
    return Judgement(
        kind="certificate",
        subject=name,
        verdict=verdict_of(findings),
        demand=mail_flow(check.settings),
        partner=check.partner.name,
        direction=check.direction,
        facts=(*certificate_facts_shown(facts, check.now), *_names(verdict), *_chain(file, chain)),
        findings=tuple(findings),
        not_after=facts.not_after,
    )


def certificate_facts_shown(facts: CertificateFacts, now: datetime.datetime) -> Iterable[Fact]:
    """A certificate for the evidence."""
    yield Fact("common name", ", ".join(facts.names.common_names) or "none")
    yield Fact("subject alternative names", _some(facts.names.dns_names) or "none")
    yield Fact("issuer", facts.issuer)
    yield Fact("valid from", f"{facts.not_before:%Y-%m-%d %H:%M} UTC")
    yield Fact("valid until", f"{facts.not_after:%Y-%m-%d %H:%M} UTC ({facts.days_left(now)} days left)")
    yield Fact("key", facts.key)
    yield Fact("signature", facts.signature_hash or "without a hash of its own")
    usages = facts.extended_key_usages
    yield Fact("extended key usage", "any" if usages is None else _some([_USAGES.get(each, each) for each in usages]))
    yield Fact("CRL", _some(facts.crl_urls) or "none")
    yield Fact("OCSP", _some(facts.ocsp_urls) or "none")
    yield Fact("revocation hosts", _some(revocation_hosts(facts)) or "none")
    yield Fact("SHA-256", facts.sha256)
    yield Fact("public key SHA-256", facts.spki_sha256)


def _some(items: Sequence[str], at_most: int = 20) -> str:
    more = f" and {len(items) - at_most} more" if len(items) > at_most else ""
    return ", ".join(items[:at_most]) + more


def _names(verdict: NameVerdict | None) -> Iterable[Fact]:
    if verdict is None:
        return
    yield Fact("name by CN", verdict.common_name.value)
    yield Fact("name by SAN", verdict.alternative_name.value)
    for each in verdict.comparisons[:20]:
        yield Fact(f"{each.place} {each.presented}", f"{each.outcome}: {each.reason}")


def _chain(file: CertificateFile, chain: ChainVerdict) -> Iterable[Fact]:
    yield Fact("chain", chain.sentence)
    yield Fact("certificates in the file", _some([_subject(each) for each in file.certificates]))


def _subject(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string() or "(no subject)"


def _dates(facts: CertificateFacts, chain: ChainVerdict, check: CertificateCheck) -> Iterable[Finding]:
    yield from expiry_findings(facts, check.now)
    # A chain is reported with one cause; that of the dates must not hide behind another one.
    if facts.not_after <= check.now and chain.cause is not ChainCause.EXPIRED:
        text = f"The certificate expired on {facts.not_after:%Y-%m-%d %H:%M} UTC. The partner must renew it."
        yield Finding("expiry", Level.ERROR, text, Party.PARTNER, source="tls-verification F1")
    if facts.not_before > check.now and chain.cause is not ChainCause.NOT_YET_VALID:
        text = f"The certificate is not valid before {facts.not_before:%Y-%m-%d %H:%M} UTC."
        yield Finding("expiry", Level.ERROR, text, Party.PARTNER, source="RFC 5280 4.1.2.5")


def _file(file: CertificateFile, direction: Direction) -> Iterable[Finding]:
    if file.holds_private_key:
        text = (
            "The file holds a private key beside the certificate. Whoever has it can pose as the partner's "
            "server: tell the partner to have the certificate revoked and replaced, and delete the file."
        )
        yield Finding("private-key", Level.ERROR, text, Party.PARTNER)
    if not file.leaf_is_first:
        text = (
            "The server's own certificate is not the first in the file. A server that sends them in this order is "
            "refused by peers that keep to TLS 1.2's rule."
        )
        yield Finding("order", Level.WARNING, text, Party.PARTNER, source="RFC 5246 7.4.2; RFC 8446 4.4.2")
    if direction is Direction.INBOUND and len(file.certificates) == 1 and file.leaf.issuer != file.leaf.subject:
        text = (
            "The file holds no intermediate certificate. The sending server must present its full chain; ask the "
            "partner whether it does."
        )
        yield Finding("order", Level.INFO, text, Party.PARTNER, source="EOP field notes (tls-verification 2.4)")


def _demands_nothing(check: CertificateCheck) -> Iterable[Finding]:
    if demanded_name(check.settings) is None:
        declared = check.partner.certificate_name(check.direction)
        beside = f"; the declared {declared} is not compared" if declared else ""
        text = f"The {check.direction.word} connector compares no name in a certificate{beside}."
        yield Finding("name", Level.INFO, text)
    if not check.settings.enabled:
        text = f"The {check.direction.word} connector is declared with enabled: false, so it demands nothing yet."
        yield Finding("connector", Level.WARNING, text, Party.WE)
