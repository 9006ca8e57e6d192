"""Which keys and signatures public CAs issue for, and the TLS of Windows, which Exchange Online uses, takes.

What a rule rests on stands in its source. That Exchange Online has the defaults of Schannel is assumed: Microsoft says
of it only that it "inherits FIPS validations from Windows (through Schannel)" (Technical reference details about
encryption, 2023-06-14).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import PublicKeyAlgorithmOID, SignatureAlgorithmOID

_REQUIREMENTS = "CA/Browser Forum Baseline Requirements"
#: Source: Baseline Requirements 6.1.5.
_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_FEWEST_BITS, _MOST_BITS = 2048, 16384
#: Source: FIPS 186-5 5.1 and Baseline Requirements 6.1.6: the range that public exponents should be in.
_SMALLEST_EXPONENT, _EXPONENT_BITS = 2**16 + 1, 256
#: Of a certificate's signature. Source: Baseline Requirements 7.1.3.2.
_HASHES = ("sha256", "sha384", "sha512")
_BROKEN_HASHES = ("md5", "sha1")
_WITHOUT_HASH = {
    SignatureAlgorithmOID.ED25519.dotted_string: "Ed25519",
    SignatureAlgorithmOID.ED448.dotted_string: "Ed448",
}
_ADVICE = "The partner needs a certificate for an RSA key of 2048 bits or more, or for P-256 or P-384."


class Effect(Enum):
    """What comes of a fault."""

    NO_TLS = "no handshake of Exchange Online can use the key, whatever the connector demands"
    NOT_TRUSTED = "no public CA has issued it, or peers refuse what it proves"
    RISK = "some peers refuse it"
    REMARK = "to be known"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a key or a signature. `clause` completes "the certificate ..."; `advice` says what to do."""

    effect: Effect
    clause: str
    advice: str
    source: str

    @property
    def is_grave(self) -> bool:
        """Whether a chain with it is not trusted."""
        return self.effect in (Effect.NO_TLS, Effect.NOT_TRUSTED)


@dataclass(frozen=True)
class Key:
    """A certificate's public key.

    Attributes:
        name: `RSA 2048`, `EC secp256r1`, `Ed25519`.
        faults: why others do not take it.
    """

    name: str
    faults: tuple[Fault, ...]


def read_key(key: CertificatePublicKeyTypes, algorithm: str) -> Key:
    """A public key, by what it is and by the dotted number of its algorithm in the certificate."""
    if isinstance(key, rsa.RSAPublicKey):
        only_pss = algorithm == PublicKeyAlgorithmOID.RSASSA_PSS.dotted_string
        name = f"RSA {key.key_size}"
        return Key(name, tuple(_rsa(name, key.key_size, key.public_numbers().e, only_pss=only_pss)))
    if isinstance(key, ec.EllipticCurvePublicKey):
        return Key(f"EC {key.curve.name}", tuple(_curve(key.curve.name)))
    if isinstance(key, dsa.DSAPublicKey):
        name = f"DSA {key.key_size}"
    elif isinstance(key, ed25519.Ed25519PublicKey):
        name = "Ed25519"
    else:
        name = "Ed448" if isinstance(key, ed448.Ed448PublicKey) else type(key).__name__
    return Key(name, (_no_tls(name),))


def signature_faults(hash_name: str | None, algorithm: str) -> Iterable[Fault]:
    """What is wrong with the signature under a certificate, by its hash and the dotted number of its algorithm."""
    name = hash_name.upper() if hash_name else _WITHOUT_HASH.get(algorithm, algorithm)
    if hash_name in _BROKEN_HASHES:
        clause = f"is signed with {name}, which nobody trusts any more (Microsoft 365 since June 2016)"
        source = "Microsoft, Technical reference details about encryption (2023-06-14): SHA-1, both directions"
        yield Fault(Effect.NOT_TRUSTED, clause, "The partner must renew it, with SHA-256 or better.", source)
    elif hash_name not in _HASHES:
        clause = f"is signed with {name}, and public CAs sign with RSA or ECDSA and SHA-256, SHA-384 or SHA-512 only"
        advice = "The partner needs a certificate of a public CA."
        yield Fault(Effect.NOT_TRUSTED, clause, advice, f"{_REQUIREMENTS} 7.1.3.2; for Schannel assumed")


def _rsa(name: str, bits: int, exponent: int, *, only_pss: bool) -> Iterable[Fault]:
    if bits < _FEWEST_BITS:
        clause = f"has the key {name}, and public CAs issue nothing below RSA {_FEWEST_BITS}"
        yield Fault(Effect.NOT_TRUSTED, clause, _ADVICE, f"{_REQUIREMENTS} 6.1.5")
    elif bits > _MOST_BITS:
        clause = f"has the key {name}, and Windows takes RSA keys of up to {_MOST_BITS} bits"
        yield Fault(Effect.NO_TLS, clause, _ADVICE, "BCryptGenerateKeyPair, BCRYPT_RSA_ALGORITHM; for TLS assumed")
    elif bits % 8:
        clause = f"has the key {name}, and public CAs issue for sizes only that divide by 8"
        yield Fault(Effect.RISK, clause, _ADVICE, f"{_REQUIREMENTS} 6.1.5")
    if exponent.bit_length() > _EXPONENT_BITS:
        clause = f"has an RSA key with a public exponent of {exponent.bit_length()} bits, which TLS stacks refuse"
        yield Fault(Effect.NOT_TRUSTED, clause, _ADVICE, f"{_REQUIREMENTS} 6.1.6; FIPS 186-5 5.1")
    elif exponent < _SMALLEST_EXPONENT or exponent.bit_length() > 32:
        clause = f"has an RSA key with the public exponent {exponent}, and others take 65537 as a rule"
        source = f"{_REQUIREMENTS} 6.1.6 (should be 65537 or more); FIPS 186-5 5.1; more than 32 bits: assumed"
        yield Fault(Effect.RISK, clause, "The partner should renew it with a new key, exponent 65537.", source)
    if only_pss:
        clause = "has a key that is marked for RSA-PSS alone (id-RSASSA-PSS), for which public CAs issue nothing"
        yield Fault(Effect.NOT_TRUSTED, clause, _ADVICE, f"{_REQUIREMENTS} 7.1.3.1.1")


def _curve(name: str) -> Iterable[Fault]:
    if name not in _CURVES:
        yield _no_tls(f"EC {name}")
    elif name == "secp521r1":
        clause = "has a key on the curve P-521, which the TLS of Windows has switched off unless told otherwise"
        source = "Windows, TLS elliptic curves (default: curve25519, P-256, P-384; for Exchange Online assumed)"
        yield Fault(Effect.REMARK, clause, "A key on P-256 or P-384 is taken everywhere.", source)


def _no_tls(name: str) -> Fault:
    clause = (
        f"has the key {name}: public CAs issue for RSA and the curves P-256, P-384 and P-521 only, and the TLS of "
        "Windows, which Exchange Online uses, makes no handshake with any other"
    )
    return Fault(Effect.NO_TLS, clause, _ADVICE, f"{_REQUIREMENTS} 6.1.5; for Schannel assumed")
