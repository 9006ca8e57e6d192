"""Whether a certificate chains up to a trusted root, with the causes of failure apart. Without a connection.

Signatures, dates and constraints are checked by cryptography's path validation. Its profile for web servers is
loosened to what a TLS stack such as OpenSSL demands of any chain (no SAN, no key identifiers, no purpose): purposes
and names are judged apart, by what a connector demands. Source: tls-verification 0.7.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from cryptography import x509
from cryptography.x509.verification import (
    ClientVerifier,
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from regulated_partners.probing.certificates import certificate_facts
from regulated_partners.probing.verdicts import ChainCause, ChainVerdict

_BROKEN_HASHES = ("md5", "sha1")
_RSA_BITS = 2048
_LONGEST = 300


def judge_chain(
    certificates: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], now: datetime.datetime
) -> ChainVerdict:
    """Checks a chain.

    Args:
        certificates: the server's own first, then its intermediates in any order; at least one.
        roots: the trusted ones.
        now: UTC.
    """
    leaf, intermediates = certificates[0], list(certificates[1:])
    if leaf in roots:
        return _dates((leaf,), now) or ChainVerdict(ChainCause.TRUSTED, "The certificate itself is among the roots.")
    try:
        verified = _verifier(roots, now).verify(leaf, intermediates)
    except (VerificationError, ValueError) as error:
        path = _path(leaf, intermediates)
        return _dates(path, now) or _weak(path) or _untrusted(path, roots, error)
    root = verified.chain[-1]
    return ChainVerdict(
        ChainCause.TRUSTED, f"The chain ends in the trusted root {_name(root)}.", len(verified.chain) - 1
    )


def _verifier(roots: Sequence[x509.Certificate], now: datetime.datetime) -> ClientVerifier:
    # cryptography sees to `cA` of the basic constraints itself, and leaves the key usage to the policy.
    authority = (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_sign)
    )
    builder = PolicyBuilder().store(Store(list(roots))).time(now)
    return builder.extension_policies(
        ca_policy=authority, ee_policy=ExtensionPolicy.permit_all()
    ).build_client_verifier()


def _may_sign(_: Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("a CA's key usage does not allow it to sign certificates")


def _path(leaf: x509.Certificate, intermediates: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """The leaf and, as far as they are there, its issuers by name."""
    path = [leaf]
    while path[-1].issuer != path[-1].subject:
        issuer = next((each for each in intermediates if each.subject == path[-1].issuer and each not in path), None)
        if issuer is None:
            break
        path.append(issuer)
    return tuple(path)


def _dates(path: Sequence[x509.Certificate], now: datetime.datetime) -> ChainVerdict | None:
    for depth, each in enumerate(path):
        if each.not_valid_after_utc < now:
            text = f"{_which(depth, each)} expired on {each.not_valid_after_utc:%Y-%m-%d %H:%M} UTC."
            return ChainVerdict(ChainCause.EXPIRED, text, depth)
        if each.not_valid_before_utc > now:
            text = f"{_which(depth, each)} is not valid before {each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC."
            return ChainVerdict(ChainCause.NOT_YET_VALID, text, depth)
    return None


def _weak(path: Sequence[x509.Certificate]) -> ChainVerdict | None:
    for depth, each in enumerate(path):
        facts = certificate_facts(each)
        if facts.signature_hash in _BROKEN_HASHES and not facts.self_signed:
            text = f"{_which(depth, each)} is signed with {facts.signature_hash.upper()}, which nobody trusts any more."
            return ChainVerdict(ChainCause.WEAK, text, depth)
        if facts.key.startswith(("RSA", "DSA")) and (facts.key_bits or 0) < _RSA_BITS:
            return ChainVerdict(ChainCause.WEAK, f"{_which(depth, each)} has a key of {facts.key} bits only.", depth)
    return None


def _untrusted(path: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], error: Exception) -> ChainVerdict:
    top, depth = path[-1], len(path) - 1
    if depth == 0 and top.issuer == top.subject:
        return ChainVerdict(ChainCause.SELF_SIGNED, "The certificate is self-signed.")
    if top.issuer == top.subject or (depth > 0 and all(top.issuer != root.subject for root in roots)):
        text = f"The chain ends in {_name(top, issuer=True)}, which is not among the trusted roots."
        return ChainVerdict(ChainCause.UNKNOWN_ROOT, text, depth)
    if all(top.issuer != root.subject for root in roots):
        # OpenSSL says the same (error 20) for a missing intermediate and for an unknown CA that issues directly.
        text = (
            f"The certificate of its issuer {_name(top, issuer=True)} is missing, and that issuer is no trusted root."
        )
        return ChainVerdict(ChainCause.INCOMPLETE, text, depth)
    reason = " ".join(str(error).split())[:_LONGEST]
    return ChainVerdict(ChainCause.OTHER, f"The chain up to {_name(top, issuer=True)} is not valid: {reason}.", depth)


def _which(depth: int, certificate: x509.Certificate) -> str:
    return "The certificate" if depth == 0 else f"The certificate of its issuer {_name(certificate)}"


def _name(certificate: x509.Certificate, *, issuer: bool = False) -> str:
    name = certificate.issuer if issuer else certificate.subject
    return name.rfc4514_string() or "(no name)"
