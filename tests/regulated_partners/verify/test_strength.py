"""Keys and signatures that others do not take, and connectors that take any certificate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, pkcs12

from exchange_online.connectors import Direction
from regulated_partners.errors import CannotRunError
from regulated_partners.probing.certificates import ChainCause, judge_chain
from regulated_partners.probing.seen import ServerOutcome, ServerSeen
from regulated_partners.probing.server_report import Demand, report_server
from regulated_partners.probing.verdicts import Judgement, Verdict
from regulated_partners.verify.certificate import read_certificate_file
from tests.regulated_partners.verify.messages import checks
from tests.regulated_partners.verify.partners import declared
from tests.regulated_partners.verify.test_certificate import IN, OUT, good, judged
from tests.support.certificate_factory import CLIENT_ONLY, NOW, Issued, Key, intermediate, issued, root, with_sha1

ANY = {"connectionSecurity": "selfSignedCertificate"}
OPPORTUNISTIC = {"connectionSecurity": "opportunisticTls"}
BY_ADDRESS = {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.1"]}


def rsa_key(bits: int, exponent: int = 65537) -> rsa.RSAPrivateKey:
    """An RSA key, weak ones too. The library makes 3 and 65537 only, others are put together from its primes."""
    if exponent in (3, 65537) and bits >= 1024:
        return rsa.generate_private_key(exponent, bits)
    while True:
        numbers = rsa.generate_private_key(65537, bits).private_numbers()
        totient = (numbers.p - 1) * (numbers.q - 1)
        try:
            d = pow(exponent, -1, totient)
        except ValueError:
            continue
        public = rsa.RSAPublicNumbers(exponent, numbers.p * numbers.q)
        p, q = numbers.p, numbers.q
        whole = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
        return whole.private_key()


#: Keys with which no handshake of Exchange Online works.
NO_TLS: dict[str, Key] = {
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "Ed448": ed448.Ed448PrivateKey.generate(),
    "P-192": ec.generate_private_key(ec.SECP192R1()),
    "P-224": ec.generate_private_key(ec.SECP224R1()),
    "brainpoolP256r1": ec.generate_private_key(ec.BrainpoolP256R1()),
    "brainpoolP384r1": ec.generate_private_key(ec.BrainpoolP384R1()),
    "secp256k1": ec.generate_private_key(ec.SECP256K1()),
    "DSA": dsa.generate_private_key(2048),
}
#: Keys that public CAs issue nothing for, or peers refuse, and the level.
WEAK: dict[str, tuple[Key, str]] = {
    "RSA 1024": (rsa_key(1024), "error"),
    "RSA 1536": (rsa_key(1536), "error"),
    "RSA 2047": (rsa_key(2047), "error"),
    "RSA 2052": (rsa_key(2052), "warning"),
    "exponent 3": (rsa_key(2048, 3), "warning"),
    "exponent 17": (rsa_key(2048, 17), "warning"),
    "exponent of 40 bits": (rsa_key(2048, 2**40 + 15), "warning"),
    "exponent of 300 bits": (rsa_key(2048, 2**299 + 1), "error"),
}


@pytest.mark.parametrize("key", NO_TLS.values(), ids=NO_TLS)
def test_a_key_that_no_handshake_uses(tmp_path: Path, key: Key) -> None:
    """Failing: a certificate passes that Exchange Online cannot use, or fails by two findings."""
    for direction in Direction:
        found = judged(tmp_path, good(key=key), intermediate(), direction=direction)
        assert (found.verdict, checks(found)) == (Verdict.FAILED, {"strength": "error"})
        assert len(found.findings) == 1
    for lone in (judged(tmp_path, good(key=key), intermediate(), outbound=ANY), server(good(key=key), ANY)):
        assert (lone.verdict, checks(lone)["strength"]) == (Verdict.FAILED, "error")
        assert "takes any certificate" not in lone.findings[0].text
    clear = judged(tmp_path, good(key=key), intermediate(), outbound=OPPORTUNISTIC)
    assert clear.verdict is Verdict.WARNING
    assert "in clear text" in clear.findings[0].text
    by_address = judged(tmp_path, good(key=key), intermediate(), direction=IN, inbound=BY_ADDRESS)
    assert by_address.verdict is Verdict.PASSED


@pytest.mark.parametrize(("key", "level"), WEAK.values(), ids=WEAK)
def test_a_key_that_public_cas_do_not_take(tmp_path: Path, key: Key, level: str) -> None:
    """Failing: a key that no CA issues for passes, or one fact comes as two findings."""
    found = judged(tmp_path, good(key=key), intermediate())
    assert [(finding.check, finding.level) for finding in found.findings] == [("strength", level)]
    assert found.verdict is {"error": Verdict.FAILED, "warning": Verdict.WARNING}[level]


def test_keys_of_today(tmp_path: Path) -> None:
    """Failing: partners are sent away with keys that everybody takes; P-521 comes without a word."""
    for key in (rsa_key(2048), rsa_key(3072), ec.generate_private_key(ec.SECP384R1())):
        assert judged(tmp_path, good(key=key), intermediate()).findings == ()
    large = judged(tmp_path, good(key=ec.generate_private_key(ec.SECP521R1())), intermediate())
    assert (large.verdict, checks(large)) == (Verdict.PASSED, {"strength": "info"})


RSA_CA = issued("RSA CA", root(), is_ca=True, key=rsa_key(2048))
RSA_ROOT = issued("RSA Root", None, is_ca=True, key=rsa_key(2048))


def test_sha1_is_one_fact(tmp_path: Path) -> None:
    """Failing: SHA-1 comes as two findings, or passes in an issuer's certificate."""
    found = judged(tmp_path, with_sha1(good(issuer=RSA_CA), RSA_CA), RSA_CA)
    assert [(finding.check, finding.level) for finding in found.findings] == [("strength", "error")]
    assert "SHA1, which nobody trusts any more (Microsoft 365 since June 2016)" in found.findings[0].text
    old = with_sha1(issued("Old CA", RSA_ROOT, is_ca=True), RSA_ROOT)
    chain = judge_chain([good(issuer=old).certificate, old.certificate], [RSA_ROOT.certificate], NOW)
    assert (chain.cause, chain.depth) == (ChainCause.WEAK, 1)
    assert "of its issuer CN=Old CA is signed with SHA1" in chain.sentence


def test_a_hash_that_no_public_ca_uses(tmp_path: Path) -> None:
    """Failing: a signature passes that nobody checks."""
    found = judged(tmp_path, good(signed_with=hashes.SHA224()), intermediate())
    assert checks(found) == {"strength": "error"}
    other = issued("Old CA", root(), is_ca=True, signed_with=hashes.SHA224())
    assert checks(judged(tmp_path, good(issuer=other), other)) == {"chain": "error"}


def test_an_issuer_on_an_edwards_curve(tmp_path: Path) -> None:
    """Failing: a chain passes that Exchange Online cannot check."""
    other = issued("Modern CA", root(), is_ca=True, key=ed25519.Ed25519PrivateKey.generate())
    found = judged(tmp_path, good(issuer=other), other)
    assert found.verdict is Verdict.FAILED
    assert "ED25519" in found.findings[0].text.upper()


def server(leaf: Issued, outbound: dict[str, Any], *, now: Any = NOW) -> Judgement:
    """What `verify partner`, and so the pre-flight, says of a server with the same certificate."""
    pair = declared(outbound=outbound)
    chain = [leaf, intermediate()]
    seen = ServerSeen(
        host="mail.fabrikam.com",
        address="192.0.2.25",
        port=25,
        outcome=ServerOutcome.ENCRYPTED,
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        chain=tuple(_base64(one) for one in chain),
    )
    report = report_server(seen, Demand(pair.outbound.settings, [root().certificate], now))
    return Judgement("server", "mail.fabrikam.com", report.verdict, findings=report.findings)


def _base64(one: Issued) -> str:
    return "".join(one.pem.decode().splitlines()[1:-1])


#: What a connector that takes any certificate does not mind.
UNMINDED: dict[str, Issued] = {
    "expired": good(**{"days": (-400, -1)}),
    "not yet valid": good(**{"days": (1, 90)}),
    "expires in 4 days": good(**{"days": (-60, 4.5)}),
    "RSA 1024": good(**{"key": WEAK["RSA 1024"][0]}),
    "exponent 3": good(**{"key": WEAK["exponent 3"][0]}),
    "clientAuth only": good(**{"usages": CLIENT_ONLY}),
    "SHA-1": with_sha1(good(issuer=RSA_CA), RSA_CA),
    "another root": good(**{"issuer": root("Private Root")}),
    "self-signed": good(**{"issuer": None}),
    "another name": good(**{"common_name": "other.example", "names": ["other.example"]}),
    "no digital signature": good(**{"digital_signature": False}),
    "private CRL": good(**{"urls": ("http://ca.corp.local/crl", "http://ca.corp.local/ocsp")}),
}


@pytest.mark.parametrize("case", UNMINDED)
@pytest.mark.parametrize("security", ["selfSignedCertificate", "opportunisticTls"])
def test_any_certificate_is_one_rule(tmp_path: Path, case: str, security: str) -> None:
    """Failing: two commands have two verdicts on one certificate, or one contradicts itself."""
    leaf, outbound = UNMINDED[case], {"connectionSecurity": security}
    file, probe = judged(tmp_path, leaf, intermediate(), outbound=outbound), server(leaf, outbound)
    assert file.verdict is probe.verdict is Verdict.PASSED
    said = [finding for finding in file.findings if "compares no name" not in finding.text]
    assert [finding.text for finding in said] == [finding.text for finding in probe.findings]
    for finding in probe.findings:
        assert (finding.level, finding.who, finding.answer) == ("info", None, None)
        assert "must" not in finding.text
        assert "refused from then on" not in finding.text


@pytest.mark.parametrize("case", UNMINDED)
def test_what_any_certificate_connectors_do_not_mind_others_do(tmp_path: Path, case: str) -> None:
    """Failing: the rule for any certificate reaches connectors that check it."""
    leaf = UNMINDED[case]
    assert judged(tmp_path, leaf, intermediate()).verdict in (Verdict.FAILED, Verdict.WARNING)
    assert server(leaf, {}).verdict is judged(tmp_path, leaf, intermediate()).verdict


@pytest.mark.parametrize("case", UNMINDED)
@pytest.mark.parametrize("direction", [IN, OUT])
def test_advice_is_for_this_direction(tmp_path: Path, case: str, direction: Direction) -> None:
    """Failing: the reader is told to declare what this direction does not have, or in the words of cmdlets."""
    for inbound in ({}, BY_ADDRESS):
        found = judged(tmp_path, UNMINDED[case], direction=direction, inbound=inbound)
        texts = " ".join(finding.text for finding in found.findings)
        if direction is IN:
            assert "selfSignedCertificate" not in texts
            assert "tlsDomain" not in texts
        else:
            assert "ipAddresses" not in texts
        assert "TlsDomain" not in texts
        assert "TlsSenderCertificateName" not in texts


def test_two_hundred_names_are_shown_once(tmp_path: Path) -> None:
    """Failing: a certificate of a hoster fills the screen twice."""
    names = [f"customer{number}.example" for number in range(200)]
    found = judged(tmp_path, good(common_name="customer0.example", names=names), intermediate())
    shown = " ".join(f"{fact.name} {fact.value}" for fact in found.facts)
    assert shown.count("customer19.example") == 1
    assert shown.count(".example") < 40
    assert "names compared beside" in shown


LEAF = good()


@pytest.mark.parametrize("password", [b"secret", None])
def test_a_pkcs12_file_is_named(tmp_path: Path, password: bytes | None) -> None:
    """Failing: the partner sends a .pfx with the private key in it, and hears that it is no certificate."""
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    key = LEAF.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    data = pkcs12.serialize_key_and_certificates(b"mail", key, LEAF.certificate, None, encryption)
    path = tmp_path / "partner.crt"
    path.write_bytes(data)
    with pytest.raises(CannotRunError, match=r"is a PKCS #12 file \(\.p12, \.pfx\).*private key.*as PEM"):
        read_certificate_file(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", "request"),
        (LEAF.key_pem, "private key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "public key"),
        (b"\xfe\xed\xfe\xed\x00\x00\x00\x02", "Java key store"),
        (b"ssh-ed25519 AAAA mail", "SSH"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "PGP"),
        (b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "revoked"),
    ],
)
def test_what_else_people_send_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    """Failing: nobody learns which wrong file it is."""
    path = tmp_path / "partner.pem"
    path.write_bytes(content)
    with pytest.raises(CannotRunError, match=words):
        read_certificate_file(path)


@pytest.mark.parametrize(
    "content",
    [
        LEAF.pem.decode().encode("utf-16"),
        b"\xff\xfe" + LEAF.pem.decode().encode("utf-16-le"),
        b"\xef\xbb\xbf" + LEAF.pem,
        b"Bag Attributes\n    friendlyName: mail\n" + LEAF.pem,
        LEAF.pem.replace(b"\n", b"\r\n"),
        b"".join(LEAF.pem.splitlines()[1:-1]),
        LEAF.certificate.public_bytes(Encoding.DER),
    ],
)
def test_a_certificate_as_other_programs_save_it(tmp_path: Path, content: bytes) -> None:
    """Failing: a good certificate is refused for the editor it went through."""
    path = tmp_path / "partner.pem"
    path.write_bytes(content)
    assert read_certificate_file(path).leaf == LEAF.certificate
