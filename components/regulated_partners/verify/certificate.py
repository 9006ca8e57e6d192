"""`verify certificate`: would the connector take this certificate?"""

from __future__ import annotations

import base64
import binascii
import codecs
import contextlib
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
#: Of a certificate's names, the deciding ones first; all that are shown stand in another fact already.
_COMPARED = 5
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
    """The names that were compared, with the reasons."""
    if verdict is None:
        return
    yield Fact("name by CN", verdict.common_name.value)
    yield Fact("name by SAN", verdict.alternative_name.value)
    for name in verdict.comparisons[:_COMPARED]:
        yield Fact(f"{name.place} {name.presented}", f"{name.outcome}: {name.reason}")
    if (more := len(verdict.comparisons) - _COMPARED) > 0:
        yield Fact("names compared beside", str(more))


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
    """Reads PEM, DER or PKCS #7; PEM also as Windows' editors save it, and DER in Base64 without its two lines.

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
    data = _plain(data)
    certificates = _certificates_in(data)
    if not certificates:
        raise CannotRunError(f"{path} {_what_else(data)}. {_ADVICE}")
    try:
        # cryptography reads a certificate's fields when they are asked for: a malformed one must not show up later.
        for certificate in certificates[:_MOST]:
            certificate_facts(certificate)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise CannotRunError(f"A certificate in {path} is malformed: {reason}. {_ADVICE}") from None
    return CertificateFile(certificates[:_MOST], bool(_PRIVATE_KEY.search(data)))


def _plain(data: bytes) -> bytes:
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return data[2:].decode(encoding, errors="replace").encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.lstrip().startswith(b"MI"):
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(b"".join(data.split()), validate=True)
    return data


#: What people send for a certificate, by what stands in it.
_OTHERS = {
    rb"-----BEGIN (NEW )?CERTIFICATE REQUEST-----": "is a request for a certificate (CSR), and no certificate",
    rb"\A(\xfe\xed\xfe\xed|\xce\xce\xce\xce)": "is a Java key store (JKS), which holds private keys too",
    rb"\A(ssh-|ecdsa-sha2-)": "is a key of SSH, and no certificate of TLS",
    rb"-----BEGIN PGP ": "is a key or message of PGP, and no certificate of TLS",
    rb"-----BEGIN [A-Z ]{0,30}PUBLIC KEY-----": "holds a public key, and no certificate",
    rb"-----BEGIN X509 CRL-----": "is a list of revoked certificates (CRL), and no certificate",
}
_OF_PRIVATE_KEY = (
    "holds a private key, and no certificate. Whoever has it can pose as the partner's server: tell the partner to "
    "have the certificate revoked and replaced, and delete the file"
)
#: SEQUENCE { 3, SEQUENCE { an object identifier of PKCS. Source: RFC 7292 4, PFX.
_LENGTH = rb"(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)"
_PKCS12 = re.compile(rb"\x30" + _LENGTH + rb"\x02\x01\x03\x30" + _LENGTH + rb"\x06\x09\x2a\x86\x48\x86\xf7", re.DOTALL)


def _what_else(data: bytes) -> str:
    """What a file without a certificate that can be read is, as the end of a sentence."""
    if _PKCS12.match(data):
        return (
            "is a PKCS #12 file (.p12, .pfx). Those hold the private key beside the certificate, as a rule behind a "
            "password; it is not opened. A private key must go to nobody: tell the partner, and delete the file"
        )
    if _PRIVATE_KEY.search(data):
        return _OF_PRIVATE_KEY
    return next(
        (what for sign, what in _OTHERS.items() if re.search(sign, data)), "holds no certificate that can be read"
    )


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
