"""What the name servers of the tests say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.verify_servers.name_servers import Zone
from tests.verify_servers.pki import Pki

#: Servers by what is particular about them. Each is the MX host of a domain `<name>.fabrikam.test`.
_SERVERS = (
    "good",
    "expired",
    "no-intermediate",
    "san-only",
    "cn-only",
    "wildcard",
    "untrusted",
    "unknown-ca",
    "no-starttls",
    "tls12",
    "tls11",
    "client-certificate",
    "future",
    "soon",
    "self-signed",
    "other-name",
    # Those of the example stack.
    "fabrikam.com",
    "dogsandcats.com",
    "woodgrove.org",
    "humongousinsurance.com",
)
ADDRESSES = {name: f"127.0.21.{number}" for number, name in enumerate(_SERVERS, start=1)}
WEB_ADDRESS = "127.0.21.200"
#: Nothing listens here.
SILENT_ADDRESS = "127.0.21.250"

_ENFORCE = "version: STSv1\nmode: enforce\nmx: mail.fabrikam.test\nmax_age: 604800\n"
#: The policy of each domain `<name>.fabrikam.test`.
POLICIES = {
    "sts-enforce": _ENFORCE.replace("\n", "\r\n"),
    "sts-testing": _ENFORCE.replace("enforce", "testing"),
    "sts-wildcard": _ENFORCE.replace("mail.fabrikam", "*.fabrikam"),
    "sts-broken": "version: STSv1\nmx: mail.fabrikam.test\nmax_age: 604800\n",
    "sts-redirect": "https://mta-sts.sts-enforce.fabrikam.test/.well-known/mta-sts.txt",
    "sts-wrong-mx": _ENFORCE.replace("mail.fabrikam", "elsewhere.fabrikam"),
    "sts-wrong-mx-testing": _ENFORCE.replace("mail.fabrikam", "elsewhere.fabrikam").replace("enforce", "testing"),
    "sts-untrusted": _ENFORCE.replace("mail.fabrikam", "mx-untrusted.fabrikam"),
    "sts-bad-web": _ENFORCE,
}
_STS_MX = {"sts-untrusted": "mx-untrusted"}


def fabrikam_zone(leaves: Mapping[str, x509.Certificate], pki: Pki) -> Zone:
    """The signed zone, with everything below it.

    Args:
        leaves: certificates of the servers, for TLSA records.
        pki: its intermediate is a trust anchor of DANE.
    """
    good, expired = _spki(leaves["good"]), _spki(leaves["expired"])
    anchor = hashlib.sha256(pki.intermediate.certificate.public_bytes(Encoding.DER)).hexdigest()
    lines = [
        "@ MX 10 mail",
        f"mail A {ADDRESSES['good']}",
        f"_25._tcp.mail TLSA 3 1 1 {good}",
        '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@fabrikam.test"',
        *(f"{name} MX 10 mx-{name}\nmx-{name} A {address}" for name, address in ADDRESSES.items() if "." not in name),
        *_dane("dane-good", "good", f"3 1 1 {good}"),
        *_dane("dane-rollover", "good", f"3 1 1 {'00' * 32}", f"3 1 1 {good}"),
        *_dane("dane-wrong", "good", f"3 1 1 {expired}"),
        *_dane("dane-expired", "expired", f"3 1 1 {expired}"),
        *_dane("dane-ta", "good", f"2 0 1 {anchor}"),
        *_dane("dane-ta-name", "good", f"2 0 1 {anchor}"),
        *_dane("dane-unusable", "good", f"1 1 1 {good}"),
        *_dane("dane-no-tls", "no-starttls", f"3 1 1 {good}"),
        *(line for name in POLICIES for line in _mta_sts(name)),
        "sts-two-records MX 10 mail",
        '_mta-sts.sts-two-records TXT "v=STSv1; id=1"\n_mta-sts.sts-two-records TXT "v=STSv1; id=2"',
        "two-hosts MX 20 mx-other-name\ntwo-hosts MX 10 mx-good",
        f"two-addresses MX 10 mx-two\nmx-two A {ADDRESSES['good']}\nmx-two A {ADDRESSES['expired']}",
        f"silent MX 10 mx-silent\nmx-silent A {SILENT_ADDRESS}",
        f"implicit A {ADDRESSES['good']}",
        "null MX 0 .",
        "no-address MX 10 nowhere",
    ]
    return Zone("fabrikam.test", "\n".join(lines))


def other_zones() -> tuple[Zone, ...]:
    """One zone without DNSSEC, which has TLSA records all the same, and one whose DNSSEC is broken."""
    records = f"@ MX 10 mail\nmail A {ADDRESSES['good']}\n_25._tcp.mail TLSA 3 1 1 {'00' * 32}"
    return Zone("unsigned.test", records, signed=False), Zone("bogus.test", records, bogus=True)


def example_zones() -> tuple[Zone, ...]:
    """The domains of the example stack, stacks/Pulumi.dev.yaml."""

    def zone(name: str, records: str, *, signed: bool = False) -> Zone:
        return Zone(name, records.format(address=ADDRESSES[name]), signed=signed)

    return (
        zone("fabrikam.com", "@ MX 10 mail\nmail A {address}"),
        zone("dogsandcats.com", "@ MX 10 mail\nmail A {address}"),
        zone("woodgrove.org", "relay1 A {address}\nrelay2 A {address}"),
        zone("humongousinsurance.com", "@ MX 10 mx\nmx A {address}"),
    )


def _dane(name: str, server: str, *records: str) -> list[str]:
    host = f"mx-{name}"
    lines = [f"{name} MX 10 {host}", f"{host} A {ADDRESSES[server]}"]
    return [*lines, *(f"_25._tcp.{host} TLSA {record}" for record in records)]


def _mta_sts(name: str) -> list[str]:
    return [
        f"{name} MX 10 {_STS_MX.get(name, 'mail')}",
        f'_mta-sts.{name} TXT "v=STSv1; id=20261122;"',
        f"mta-sts.{name} A {WEB_ADDRESS}",
    ]


def _spki(certificate: x509.Certificate) -> str:
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key).hexdigest()
