"""Certificates that partners hand over, against declared connectors."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_online.connectors import Direction
from regulated_partners.errors import CannotRunError
from regulated_partners.probing.certificates import ChainCause, certificate_facts, judge_chain
from regulated_partners.probing.names import MatchMode
from regulated_partners.probing.verdicts import Judgement, Verdict
from regulated_partners.verify.certificate import CertificateCheck, judge_certificate, read_certificate_file
from tests.regulated_partners.verify.messages import checks, fact
from tests.regulated_partners.verify.partners import declared
from tests.support.certificate_factory import (
    CLIENT_ONLY,
    NOW,
    SERVER_ONLY,
    Issued,
    intermediate,
    issued,
    root,
)

NAME = "mail.fabrikam.com"
IN, OUT = Direction.INBOUND, Direction.OUTBOUND


def good(**changes: Any) -> Issued:
    """A certificate with the name in CN and SAN, of the issuing CA, unless changed."""
    arguments: dict[str, Any] = {"common_name": NAME, "issuer": intermediate(), "names": [NAME], **changes}
    return issued(arguments.pop("common_name"), arguments.pop("issuer"), **arguments)


def judged(
    tmp_path: Path,
    *certificates: Issued,
    direction: Direction = OUT,
    mode: MatchMode = MatchMode.EITHER,
    extra: bytes = b"",
    **partner: Any,
) -> Judgement:
    """What a PEM file of these certificates comes to."""
    path = tmp_path / "partner.pem"
    path.write_bytes(b"".join(each.pem for each in certificates) + extra)
    file = read_certificate_file(path)
    chain = judge_chain(file.chain, [root().certificate], NOW)
    check = CertificateCheck(declared(**partner), direction, NOW, mode)
    return judge_certificate("partner.pem", file, certificate_facts(file.leaf), chain, check)


@pytest.mark.parametrize("direction", [IN, OUT])
def test_a_good_certificate_passes(tmp_path: Path, direction: Direction) -> None:
    """Failing: the partner is sent away with a certificate that is right."""
    found = judged(tmp_path, good(), intermediate(), direction=direction)
    assert (found.verdict, found.findings) == (Verdict.PASSED, ())
    assert (fact(found, "name by CN"), fact(found, "name by SAN")) == ("match", "match")
    assert "Test Root" in fact(found, "chain")


@pytest.mark.parametrize(
    ("leaf", "with_chain", "check", "level", "answer"),
    [
        ({"days": (-400, -1)}, True, "chain", "error", "CertificateExpired"),
        ({"days": (1, 90)}, True, "chain", "error", "CertificateValidationFailed"),
        ({}, False, "chain", "error", "UntrustedRoot"),
        ({"issuer": None}, False, "chain", "error", "UntrustedRoot"),
        ({"issuer": root("Private Root")}, False, "chain", "error", "UntrustedRoot"),
        ({"common_name": "x.fabrikam.com", "names": ["x.fabrikam.com"]}, True, "name", "error", "SubjectMismatch"),
        ({"usages": CLIENT_ONLY}, True, "usage", "error", None),
        ({"common_name": "x.fabrikam.com"}, True, "name", "info", None),
        ({"common_name": None}, True, "name", "info", None),
        ({"names": ["x.fabrikam.com"]}, True, "name", "warning", None),
        ({"names": []}, True, "name", "warning", None),
        ({"digital_signature": False}, True, "usage", "warning", None),
        ({"days": (-60, 29.5)}, True, "expiry", "info", None),
        ({"days": (-60, 13.5)}, True, "expiry", "warning", None),
        ({"days": (-60, 6.5)}, True, "expiry", "error", None),
    ],
)
def test_what_is_wrong_with_a_servers_certificate(
    tmp_path: Path, *, leaf: dict[str, Any], with_chain: bool, check: str, level: str, answer: str | None
) -> None:
    """Failing: a cause is missed, or is not told apart from the others."""
    found = judged(tmp_path, good(**leaf), *([intermediate()] if with_chain else []))
    assert checks(found) == {check: level}
    expected = {"error": Verdict.FAILED, "warning": Verdict.WARNING, "info": Verdict.PASSED}[level]
    assert found.verdict is expected
    if answer:
        assert answer in (found.findings[0].answer or "")


def test_a_wildcard_certificate(tmp_path: Path) -> None:
    """Failing: the usual wildcard certificate is refused."""
    found = judged(tmp_path, good(common_name="*.fabrikam.com", names=["*.fabrikam.com"]), intermediate())
    assert found.verdict is Verdict.PASSED
    assert "covers one label" in fact(found, "SAN *.fabrikam.com")


def test_client_auth_is_disappearing(tmp_path: Path) -> None:
    """Failing: the most current way in which forced TLS by certificate breaks is not seen."""
    certificate = good(usages=SERVER_ONLY)
    found = judged(tmp_path, certificate, intermediate(), direction=IN)
    assert checks(found) == {"usage": "warning"}
    assert "clientAuth" in found.findings[0].text
    assert judged(tmp_path, certificate, intermediate(), direction=OUT).verdict is Verdict.PASSED
    assert judged(tmp_path, good(usages=None), intermediate(), direction=IN).verdict is Verdict.PASSED


def test_the_connector_decides_what_matters(tmp_path: Path) -> None:
    """Failing: a self-signed certificate fails a partner who is declared with one."""
    lone = good(issuer=None, common_name="relay", names=[])
    assert judged(tmp_path, lone).verdict is Verdict.FAILED
    loose = judged(tmp_path, lone, outbound={"connectionSecurity": "selfSignedCertificate"})
    assert (loose.verdict, checks(loose)) == (Verdict.PASSED, {"chain": "info", "name": "info"})
    trusted = {"connectionSecurity": "trustedCertificationAuthority"}
    other_name = good(common_name="other.example", names=["other.example"])
    assert judged(tmp_path, other_name, intermediate(), outbound=trusted).verdict is Verdict.PASSED


M365 = {"common_name": "mail.protection.outlook.com", "names": ["mail.protection.outlook.com", "*.mail.eo.outlook.com"]}


@pytest.mark.parametrize("asked", ["mail.protection.outlook.com", "*.outlook.com"])
def test_a_certificate_that_a_whole_service_shows_proves_no_partner(tmp_path: Path, asked: str) -> None:
    """Failing: the certificate of all of Microsoft 365 passes as a bank's (E06)."""
    found = judged(tmp_path, good(**M365), intermediate(), direction=IN, certificateName=asked)
    assert found.verdict is Verdict.WARNING
    (about,) = (finding for finding in found.findings if "every customer" in finding.text)
    assert (about.check, about.level, about.who) == ("name", "warning", "partner")
    assert f"every customer of Microsoft 365 comes with a certificate for {asked}" in about.text
    assert "A certificate of the partner's own" in about.text
    outbound = judged(tmp_path, good(**M365), intermediate(), direction=OUT, certificateName=asked)
    (about,) = (finding for finding in outbound.findings if "every customer" in finding.text)
    assert about.level == "info"
    assert "hands it to the customer that owns the recipient's domain there" in about.text


def test_a_services_certificate_is_named_where_another_name_is_asked_for(tmp_path: Path) -> None:
    """Failing: the partner is asked for another certificate, and nobody sees that its service shows this one."""
    found = judged(tmp_path, good(**M365), intermediate(), direction=IN)
    assert found.verdict is Verdict.FAILED
    (about,) = (finding for finding in found.findings if "every customer of Microsoft 365" in finding.text)
    assert about.level == "info"
    by_address = {"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["192.0.2.1"]}
    found = judged(tmp_path, good(**M365), intermediate(), direction=IN, inbound=by_address)
    assert {finding.level for finding in found.findings} == {"info"}
    own = good(common_name=NAME, names=[NAME, "abank-example.mail.protection.outlook.com"])
    assert judged(tmp_path, own, intermediate(), direction=IN).findings == ()


@pytest.mark.parametrize("direction", [IN, OUT])
def test_what_to_do_about_a_self_signed_certificate(tmp_path: Path, direction: Direction) -> None:
    """Failing: for mail from the partner an option of the other direction is advised, or one that the policies refuse
    without a word of that."""
    (about,) = (
        one for one in judged(tmp_path, good(issuer=None), direction=direction).findings if one.check == "chain"
    )
    if direction is IN:
        assert about.text.endswith("or the connector must go by ipAddresses.")
    else:
        assert about.text.endswith("selfSignedCertificate, for which the policies ask for a waiver.")


@pytest.mark.parametrize(("mode", "verdict"), [(MatchMode.CN, Verdict.FAILED), (MatchMode.SAN, Verdict.PASSED)])
def test_the_mode_of_matching(tmp_path: Path, mode: MatchMode, verdict: Verdict) -> None:
    """Failing: an operator who trusts the CN only gets the verdict of somebody else."""
    assert judged(tmp_path, good(common_name="x.fabrikam.com"), intermediate(), mode=mode).verdict is verdict


def test_revocation_hosts(tmp_path: Path) -> None:
    """Failing: the hosts to open a firewall for are not named, or private ones pass for public."""
    public = ("http://crl.ca.example.com/a.crl", "http://ocsp.ca.example.com")
    found = judged(tmp_path, good(urls=public), intermediate())
    assert fact(found, "revocation hosts") == "crl.ca.example.com, ocsp.ca.example.com"
    assert found.verdict is Verdict.PASSED
    private = ("ldap:///CN=CA,DC=corp", "http://ca.corp.local/ocsp")
    assert checks(judged(tmp_path, good(urls=private), intermediate())) == {"revocation": "warning"}


def test_a_weak_key(tmp_path: Path) -> None:
    """Failing: a key that nobody accepts passes."""
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the weakness is what is tested
    found = judged(tmp_path, good(key=key), intermediate())
    assert found.verdict is Verdict.FAILED
    assert checks(found)["strength"] == "error"


def test_a_file_in_the_wrong_order_and_with_a_key(tmp_path: Path) -> None:
    """Failing: the CA is judged instead of the server, or a leaked private key is not reported."""
    leaf = good()
    found = judged(tmp_path, intermediate(), leaf, extra=leaf.key_pem)
    assert checks(found) == {"private-key": "error", "order": "warning"}
    assert fact(found, "common name") == NAME
    assert "PRIVATE KEY" not in repr(found)


def test_short_lived_certificates_are_not_reported_all_their_life(tmp_path: Path) -> None:
    """Failing: a six-day certificate is always about to expire."""
    assert judged(tmp_path, good(days=(-1, 5)), intermediate()).findings == ()


def test_an_expired_intermediate(tmp_path: Path) -> None:
    """Failing: an expired CA is not told from an expired server."""
    old = issued("Old CA", root(), is_ca=True, days=(-900, -2))
    found = judged(tmp_path, good(issuer=old), old)
    assert found.verdict is Verdict.FAILED
    assert "of its issuer CN=Old CA expired" in found.findings[0].text


def test_a_leaf_cannot_issue(tmp_path: Path) -> None:
    """Failing: whoever has any certificate of a trusted CA can issue one for the partner's name."""
    ordinary = good(common_name="evil.example", names=["evil.example"])
    found = judged(tmp_path, good(issuer=ordinary), ordinary, intermediate())
    assert found.verdict is Verdict.FAILED
    assert checks(found)["chain"] == "error"


@pytest.mark.parametrize(("may_sign", "verdict"), [(True, Verdict.PASSED), (False, Verdict.FAILED)])
def test_a_ca_that_may_not_sign(tmp_path: Path, may_sign: bool, verdict: Verdict) -> None:
    """Failing: a CA certificate for another purpose passes as an issuer, which no TLS stack accepts."""
    other = issued("Other CA", root(), is_ca=True, key_cert_sign=may_sign)
    assert judged(tmp_path, good(issuer=other), other).verdict is verdict


@pytest.mark.parametrize("case", ["good", "expired", "incomplete", "self-signed", "unknown root", "leaf as ca"])
def test_openssl_agrees_on_the_chain(tmp_path: Path, case: str) -> None:
    """Failing: our check of the chain and OpenSSL's differ."""
    openssl = shutil.which("openssl")
    assert openssl, "openssl is missing: apt-get install openssl"
    ordinary, private = good(), intermediate("Private CA", "Private Root")
    leaf, others, expected = {
        "good": (good(), [intermediate()], ChainCause.TRUSTED),
        "expired": (good(days=(-90, -1)), [intermediate()], ChainCause.EXPIRED),
        "incomplete": (good(), [], ChainCause.INCOMPLETE),
        "self-signed": (good(issuer=None), [], ChainCause.SELF_SIGNED),
        "unknown root": (good(issuer=private), [private], ChainCause.UNKNOWN_ROOT),
        "leaf as ca": (good(issuer=ordinary), [ordinary, intermediate()], ChainCause.OTHER),
    }[case]
    verdict = judge_chain([leaf.certificate, *(each.certificate for each in others)], [root().certificate], NOW)
    (tmp_path / "leaf.pem").write_bytes(leaf.pem)
    (tmp_path / "others.pem").write_bytes(b"".join(each.pem for each in others) or root().pem)
    (tmp_path / "root.pem").write_bytes(root().pem)
    arguments = ["-attime", str(int(NOW.timestamp())), "-CAfile", "root.pem", "-untrusted", "others.pem", "leaf.pem"]
    done = subprocess.run([openssl, "verify", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert verdict.is_trusted == (done.returncode == 0), done.stderr
    assert (verdict.cause is expected) or (case == "leaf as ca" and not verdict.is_trusted)


def test_der_and_pkcs7(tmp_path: Path) -> None:
    """Failing: a certificate in the form that Windows exports is refused."""
    leaf = good().certificate
    both = [leaf, intermediate().certificate]
    for data, count in (
        (leaf.public_bytes(serialization.Encoding.DER), 1),
        (pkcs7.serialize_certificates(both, serialization.Encoding.DER), 2),
        (pkcs7.serialize_certificates(both, serialization.Encoding.PEM), 2),
    ):
        path = tmp_path / "partner.cer"
        path.write_bytes(data)
        file = read_certificate_file(path)
        assert (len(file.certificates), file.leaf) == (count, leaf)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"-----BEGIN CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        good().pem[:400],
        good().key_pem,
        bytes(range(256)) * 100,
        b"x" * 2_000_000,
        b"\x30\x82\x05\x00" + b"\x00" * 100,
    ],
)
def test_what_is_no_certificate_ends_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    """Failing: a wrong file ends with a traceback."""
    path = tmp_path / "partner.pem"
    path.write_bytes(content)
    with pytest.raises(CannotRunError, match="certificate"):
        read_certificate_file(path)
    with pytest.raises(CannotRunError, match="cannot be read"):
        read_certificate_file(tmp_path / "missing.pem")


_DER = good(
    urls=("http://crl.example.com/a", "http://ocsp.example.com"), digital_signature=True
).certificate.public_bytes(serialization.Encoding.DER)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(_DER) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_certificates_end_with_a_sentence(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    """Failing: a certificate with wrong bytes in it ends with a traceback."""
    data = bytearray(_DER)
    for place, value in changes:
        data[place] = value
    path = tmp_path / "partner.cer"
    path.write_bytes(bytes(data))
    try:
        file = read_certificate_file(path)
    except CannotRunError:
        return
    chain = judge_chain(file.chain, [root().certificate], NOW)
    check = CertificateCheck(declared(), OUT, NOW)
    assert judge_certificate("partner.cer", file, certificate_facts(file.leaf), chain, check).verdict in Verdict
