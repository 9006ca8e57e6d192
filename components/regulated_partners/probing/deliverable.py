"""What Exchange Online can deliver to: versions of TLS, cipher suites, groups, signatures. A table, with sources.

- TLS 1.2 and 1.3: techcommunity 2065089 (older ones ended on 2021-01-11); 1.3 observed outbound since 2024-11.
- Suites with RSA: Microsoft, Technical reference details about encryption, "TLS cipher suites supported by Microsoft
  365", page of 2023-06-14: clients and servers "must support one or more of the supported ciphers".
- Suites of TLS 1.3: Windows, TLS cipher suites in Windows Server 2022 (default); observed in Received lines since 2024.
- Suites with ECDSA: the same page of Windows; outbound observed 2023-08 (LukeSmithxyz/emailwiz #292). That they stand
  beside Microsoft's list is assumed.
- Groups: Windows, TLS elliptic curves (default: curve25519, P-256, P-384); for Exchange Online assumed.
- Signatures: PSS, PKCS #1 and ECDSA with SHA-2; that Schannel knows no Edwards curves is assumed.

To renew it: compare with those pages, and enter their dates here and in `AS_OF`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: What findings name.
AS_OF = "Microsoft's list of 2023-06-14"
SOURCE = (
    "Microsoft, Technical reference details about encryption (2023-06-14); TLS 1.3, ECDSA and groups: defaults of "
    "Windows Server 2022 (for Exchange Online assumed)"
)

TLS_1_2, TLS_1_3 = 0x0303, 0x0304


@dataclass(frozen=True)
class Suite:
    """A cipher suite: its number and name at IANA, its name at OpenSSL, the type of key that it is for, if any."""

    number: int
    name: str
    openssl: str
    key: str | None = None

    @property
    def keeps_secrets(self) -> bool:
        """Whether recorded mail stays secret when the server's key is lost later (forward secrecy)."""
        return not self.name.startswith("TLS_RSA_")


#: In the order of preference: ECDSA before RSA, so that a server with both shows the one, and is asked for the other.
SUITES = (
    Suite(0x1302, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
    Suite(0x1301, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
    Suite(0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDSA"),
    Suite(0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDSA"),
    Suite(0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "RSA"),
    Suite(0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "RSA"),
    Suite(0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384", "ECDSA"),
    Suite(0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", "ECDSA"),
    Suite(0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384", "RSA"),
    Suite(0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", "RSA"),
    Suite(0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", "RSA"),
    Suite(0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", "RSA"),
    Suite(0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", "RSA"),
    Suite(0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", "RSA"),
)
_BY_NAME = {name: suite for suite in SUITES for name in (suite.name, suite.openssl)}

#: Numbers and names of groups. Source: IANA, TLS Supported Groups.
GROUPS = {0x001D: "X25519", 0x0017: "P-256", 0x0018: "P-384"}
_OTHER_GROUPS = {
    0x0015: "P-224",
    0x0016: "secp256k1",
    0x0019: "P-521",
    0x001A: "brainpoolP256r1",
    0x001B: "brainpoolP384r1",
    0x001C: "brainpoolP512r1",
    0x001E: "X448",
    0x0100: "ffdhe2048",
    0x0101: "ffdhe3072",
    0x0102: "ffdhe4096",
    0x0103: "ffdhe6144",
    0x0104: "ffdhe8192",
}
#: Signatures of a handshake. Source: IANA, TLS SignatureScheme: PSS and PKCS #1 with SHA-256, SHA-384 and SHA-512.
_RSA_SCHEMES = (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601)
_ECDSA_SCHEMES = (0x0403, 0x0503, 0x0603)


@dataclass(frozen=True)
class Offer:
    """What a client offers: numbers of IANA, in the order of preference."""

    versions: tuple[int, ...]
    suites: tuple[int, ...]
    groups: tuple[int, ...]
    schemes: tuple[int, ...]


#: As Exchange Online.
WHOLE = Offer(
    (TLS_1_3, TLS_1_2),
    tuple(suite.number for suite in SUITES),
    tuple(GROUPS),
    _RSA_SCHEMES + _ECDSA_SCHEMES,
)
#: The same without ECDSA: a server shows its RSA certificate, or refuses.
RSA_ALONE = replace(WHOLE, suites=tuple(suite.number for suite in SUITES if suite.key != "ECDSA"), schemes=_RSA_SCHEMES)


def suite_named(name: str | None) -> Suite | None:
    """The suite with this name, of IANA or OpenSSL; None where Exchange Online does not offer it."""
    return _BY_NAME.get(name or "")


def suite_numbered(number: int) -> Suite | None:
    """The suite with this number; None where Exchange Online does not offer it."""
    return next((suite for suite in SUITES if suite.number == number), None)


def group_name(number: int) -> str:
    """A group's name."""
    return GROUPS.get(number) or _OTHER_GROUPS.get(number) or f"group {number:#06x}"


def is_offered_group(name: str | None) -> bool:
    """Whether Exchange Online offers a group; also where none was used, or none is known."""
    return name is None or name in GROUPS.values()
