"""`verify certificate`: would the connector take this certificate?"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs7

from exchange_online.connectors import ConnectorSettings, Direction
from regulated_partners.errors import CannotRunError
from regulated_partners.partners import Pair
from regulated_partners.probing.certificate_findings import certificate_findings, revocation_hosts, switched_off
from regulated_partners.probing.certificates import CertificateFacts, ChainVerdict, certificate_facts, quiet
from regulated_partners.probing.names import MatchMode, NameVerdict, listed
from regulated_partners.probing.verdicts import Check, Fact, Finding, Judgement, Level, Party, verdict_of

_USAGES = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "2.5.29.37.0": "anyExtendedKeyUsage",
}
#: A chain has about 6 kB.
_LARGEST = 1024 * 1024
_MOST = 100
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----")
_ADVICE = "Ask the partner for the certificate with its intermediates as PEM (or DER, or PKCS #7)."


@dataclass(frozen=True)
class CertificateCheck:
    """How a certificate is judged.

    Attributes:
        partner: whose connector it is for.
        direction: inbound: the partner's sending server presents it; outbound: the receiving one.
        now: UTC.
        mode: which names count.
    """

    partner: Pair
    direction: Direction
    now: datetime.datetime
    mode: MatchMode = MatchMode.EITHER

    @property
    def settings(self) -> ConnectorSettings:
        return self.partner.half(self.direction).settings


def judge_certificate(
    name: str, file: CertificateFile, facts: CertificateFacts, chain: ChainVerdict, check: CertificateCheck
) -> Judgement:
    """Judges a certificate file, which outputs call by `name`, by its leaf's facts and chain against a connector."""
    names, about = certificate_findings(facts, chain, check.settings, check.now, check.mode)
    findings = [*about, *_file(file, check.direction), *_compares_nothing(check), *switched_off(check.settings)]
    return Judgement.by_connector(
        "certificate",
        name,
        verdict_of(findings),
        check.partner.name,
        check.settings,
        facts=(
            *certificate_facts_shown(facts, check.now),
            *names_shown(names),
            Fact("chain", chain.sentence),
            Fact("certificates in the file", subjects(file.certificates)),
        ),
        findings=findings,
        not_after=facts.not_after,
    )


def certificate_facts_shown(facts: CertificateFacts, now: datetime.datetime) -> Iterable[Fact]:
    """A certificate for the evidence."""
    yield Fact("common name", ", ".join(facts.names.common_names) or "none")
    yield Fact("subject alternative names", listed(facts.names.dns_names) or "none")
    yield Fact("issuer", facts.names.issuer)
    yield Fact("valid from", f"{facts.not_before:%Y-%m-%d %H:%M} UTC")
    yield Fact("valid until", f"{facts.not_after:%Y-%m-%d %H:%M} UTC ({facts.days_left(now)} days left)")
    yield Fact("key", facts.key)
    yield Fact("signature", facts.signature_hash or "without a hash of its own")
    usages = facts.extended_key_usages
    yield Fact("extended key usage", "any" if usages is None else listed(_USAGES.get(usage, usage) for usage in usages))
    yield Fact("CRL", listed(facts.crl_urls) or "none")
    yield Fact("OCSP", listed(facts.ocsp_urls) or "none")
    yield Fact("revocation hosts", listed(revocation_hosts(facts)) or "none")
    yield Fact("SHA-256", facts.sha256)
    yield Fact("public key SHA-256", facts.spki_sha256)


def names_shown(verdict: NameVerdict | None) -> Iterable[Fact]:
    """Every name that was compared, with the reason."""
    if verdict is None:
        return
    yield Fact("name by CN", verdict.common_name.value)
    yield Fact("name by SAN", verdict.alternative_name.value)
    for name in verdict.comparisons[:20]:
        yield Fact(f"{name.place} {name.presented}", f"{name.outcome}: {name.reason}")


def subjects(certificates: Iterable[x509.Certificate]) -> str:
    """Whose certificates they are."""
    return listed((certificate.subject.rfc4514_string() or "(no subject)" for certificate in certificates), "; ")


def _file(file: CertificateFile, direction: Direction) -> Iterable[Finding]:
    if file.holds_private_key:
        text = (
            "The file holds a private key beside the certificate. Whoever has it can pose as the partner's "
            "server: tell the partner to have the certificate revoked and replaced, and delete the file."
        )
        yield Finding(Check.PRIVATE_KEY, Level.ERROR, text, Party.PARTNER)
    if not file.leaf_is_first:
        text = (
            "The server's own certificate is not the first in the file. A server that sends them in this order is "
            "refused by peers that keep to TLS 1.2's rule."
        )
        yield Finding(Check.ORDER, Level.WARNING, text, Party.PARTNER, source="RFC 5246 7.4.2; RFC 8446 4.4.2")
    if direction is Direction.INBOUND and len(file.certificates) == 1 and file.leaf.issuer != file.leaf.subject:
        text = (
            "The file holds no intermediate certificate. The sending server must present its full chain; ask the "
            "partner whether it does."
        )
        yield Finding(Check.ORDER, Level.INFO, text, Party.PARTNER, source="EOP field notes (tls-verification 2.4)")


def _compares_nothing(check: CertificateCheck) -> Iterable[Finding]:
    if check.settings.demanded_name is None:
        declared = check.partner.certificate_name(check.direction)
        beside = f"; the declared {declared} is not compared" if declared else ""
        text = f"The {check.direction.word} connector compares no name in a certificate{beside}."
        yield Finding(Check.NAME, Level.INFO, text)


@dataclass(frozen=True)
class CertificateFile:
    """What was in the file.

    Attributes:
        certificates: in the file's order; at least one.
        holds_private_key: whether a private key lay beside them, which nobody should send.
    """

    certificates: tuple[x509.Certificate, ...]
    holds_private_key: bool

    @property
    def leaf(self) -> x509.Certificate:
        """The first certificate that issued none of the others, which is the server's own."""
        issuers = {certificate.issuer for certificate in self.certificates if certificate.issuer != certificate.subject}
        leaves = (certificate for certificate in self.certificates if certificate.subject not in issuers)
        return next(leaves, self.certificates[0])

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The server's own certificate, then the others."""
        return (self.leaf, *(certificate for certificate in self.certificates if certificate != self.leaf))

    @property
    def leaf_is_first(self) -> bool:
        return self.leaf == self.certificates[0]


def read_certificate_file(path: Path) -> CertificateFile:
    """Reads PEM, DER or PKCS #7.

    Raises:
        CannotRunError: where the file cannot be read, holds no certificate, or a malformed one.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise CannotRunError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > _LARGEST:
        raise CannotRunError(f"{path} is larger than {_LARGEST // 1024} kB, so it is no certificate file. {_ADVICE}")
    certificates = _certificates_in(data)
    if not certificates:
        raise CannotRunError(f"{path} holds no certificate that can be read. {_ADVICE}")
    try:
        # cryptography reads a certificate's fields when they are asked for: a malformed one must not show up later.
        for certificate in certificates[:_MOST]:
            certificate_facts(certificate)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise CannotRunError(f"A certificate in {path} is malformed: {reason}. {_ADVICE}") from None
    return CertificateFile(certificates[:_MOST], bool(_PRIVATE_KEY.search(data)))


def _certificates_in(data: bytes) -> tuple[x509.Certificate, ...]:
    for load in (
        x509.load_pem_x509_certificates,
        lambda der: [x509.load_der_x509_certificate(der)],
        pkcs7.load_pem_pkcs7_certificates,
        pkcs7.load_der_pkcs7_certificates,
    ):
        try:
            with quiet():
                return tuple(load(data))
        except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm):
            continue
    return ()
