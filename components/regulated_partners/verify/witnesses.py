"""What other header fields say about the hop that is judged: second witnesses.

A field counts as the receiving side's only where it stands above the line that is judged: whatever stands below it may
have come with the message. The others can contradict, and confirm nothing.

Source: tls-verification 1.2, 1.3; RFC 8601 (Authentication-Results), RFC 7208 9.1 (Received-SPF).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from regulated_partners.verify.mail_files import HeaderBlock
from regulated_partners.verify.marking import Habit
from regulated_partners.verify.microsoft import same_address
from regulated_partners.verify.received import Hop
from regulated_partners.verify.tls_comments import HopTransport, TlsSession

_CIP = re.compile(r"(?:^|[;\s])CIP:(?P<address>[0-9a-fA-F.:]+)")
_PTR = re.compile(r"(?:^|[;\s])PTR:(?P<name>[^;\s]{1,253})", re.IGNORECASE)
_ATTRIBUTED = re.compile(r"Ip=\[(?P<address>[0-9a-fA-F.:]{2,45})\]", re.IGNORECASE)
_SPF = re.compile(r"(?:^|[;\s])spf=(?P<result>[a-z]{2,9})", re.IGNORECASE)
_SENDER_IP = re.compile(
    r"(?:sender IP is|client-ip=|designates|does not designate) *\[?(?P<address>[0-9a-fA-F.:]{2,45})", re.IGNORECASE
)
_MAIL_FROM = re.compile(r"smtp\.mailfrom=\"?(?P<sender>[^;\s\"]{1,320})", re.IGNORECASE)
_SPF_DOMAIN = re.compile(r"domain of (?P<sender>[^\s;]{1,320})", re.IGNORECASE)
_DKIM = re.compile(r"dkim=pass\b[^;]{0,300}?header\.(?:d|i)=@?(?P<domain>[^;\s]{1,253})", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_RESULTS = ("authentication-results", "received-spf")
#: Fields that name the address that connected, whatever wrote them.
_NAMING = {
    "x-forefront-antispam-report": ("X-Forefront-Antispam-Report", _CIP),
    "x-ms-exchange-crosstenant-originalattributedtenantconnectingip": (
        "X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp",
        _ATTRIBUTED,
    ),
}
#: Fields of gateways that say apart whether TLS was used.
_GATEWAYS = ("x-cloud-security-connect", "x-ddei-tls-usage", "x-barracuda-encrypted")


@dataclass(frozen=True)
class SpfResult:
    """What the receiving side found in the sender's SPF record.

    Attributes:
        result: `pass`, `fail`, `softfail`, `none`, ...
        domain: of the envelope sender.
        address: that was looked for; None where the field does not say.
    """

    result: str
    domain: str
    address: str | None


@dataclass(frozen=True)
class Witnesses:
    """What is said about one hop.

    Attributes:
        spf: what the receiving side found, above the line.
        signed_by: domains whose DKIM signature the receiving side verified: the text is theirs, the way need not be.
        others: fields that name an address that connected, with it, whatever wrote them.
        reverse_name: of the address of the hop, as X-Forefront-Antispam-Report says.
    """

    spf: SpfResult | None = None
    signed_by: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    reverse_name: str | None = None


def fields_above(block: HeaderBlock, index: int) -> tuple[tuple[str, str], ...]:
    """The fields above the Received field with this index."""
    seen = 0
    for at, (name, _) in enumerate(block.fields):
        if name == "received":
            if seen == index:
                return block.fields[:at]
            seen += 1
    return block.fields


def witnesses_of(block: HeaderBlock, index: int, hop: Hop) -> Witnesses:
    """What the fields of a message say about one of its hops."""
    above = tuple((name, _SPACE.sub(" ", value)) for name, value in fields_above(block, index) if name in _RESULTS)
    results = [value for name, value in above if name == "authentication-results"]
    spf = next((found for found in _spf_results(above) if _is_about(found, hop)), None)
    return Witnesses(
        spf=spf,
        signed_by=tuple(dict.fromkeys(found["domain"].lower() for text in results for found in _DKIM.finditer(text))),
        others=tuple(_addresses(block, above)),
        reverse_name=reverse_name(block, hop.address),
    )


def reverse_name(block: HeaderBlock, address: str | None) -> str | None:
    """The reverse name of an address by X-Forefront-Antispam-Report; None where it has none, or is of another."""
    for name, value in block.fields:
        if name == "x-forefront-antispam-report":
            text = _SPACE.sub(" ", value)
            connecting, pointer = _CIP.search(text), _PTR.search(text)
            if connecting and pointer and same_address(connecting["address"], address):
                found = pointer["name"].rstrip(".").lower()
                return found if "." in found else None
    return None


def told_by_gateway(block: HeaderBlock, index: int, hop: Hop) -> tuple[Hop, str | None]:
    """The hop with what a gateway says of it in a field of its own, where its Received line does not show TLS.

    Source: Hornetsecurity `X-cloud-security-connect: host[ip], TLS=1`, Trend Micro `X-DDEI-TLS-USAGE: Used`, Barracuda
    `X-Barracuda-Encrypted: CIPHER` (found in mail of these products; not documented by them).

    Returns:
        The hop, and the name of the field where it stands below the line, so that the sender could have written it.
    """
    if hop.transport is not HopTransport.UNKNOWN or (hop.product is not None and hop.product.habit is Habit.ALWAYS):
        return hop, None
    above = len(fields_above(block, index))
    told = [
        (at, name, text, used)
        for at, (name, value) in enumerate(block.fields)
        if name in _GATEWAYS
        for text in (_SPACE.sub(" ", value).strip()[:200],)
        if (used := _used(name, text, hop)) is not None
    ]
    # What stands above the line counts first, and clear text more than TLS.
    for at, name, text, used in sorted(told, key=lambda field: (field[0] > above, field[3])):
        transport = HopTransport.ENCRYPTED if used else HopTransport.CLEAR
        session = TlsSession(cipher=text if name == "x-barracuda-encrypted" else None) if used else None
        found = replace(hop, transport=transport, session=session, evidence=f"{name}: {text}")
        return found, (name.title() if at > above else None)
    return hop, None


def _used(name: str, text: str, hop: Hop) -> bool | None:
    """Whether a field says that TLS was used; None where it says nothing about this hop."""
    if name == "x-cloud-security-connect":
        is_about = hop.address is None or f"[{hop.address}]" in text
        return {"TLS=1": True, "TLS=0": False}.get(text.upper().partition(", ")[2][:5]) if is_about else None
    if name == "x-ddei-tls-usage":
        return {"used": True, "unused": False, "not used": False}.get(text.lower())
    return True if re.fullmatch(r"[A-Za-z0-9_-]{4,64}", text) else None


def _spf_results(above: Iterable[tuple[str, str]]) -> Iterable[SpfResult]:
    for name, value in above:
        result = domain = None
        if name == "authentication-results" and (found := _SPF.search(value)):
            result, domain = found["result"], _MAIL_FROM.search(value)
        elif name == "received-spf":
            result, domain = value.strip().partition(" ")[0], _SPF_DOMAIN.search(value)
        if result and domain:
            address = _SENDER_IP.search(value)
            yield SpfResult(result.lower(), domain_of(domain["sender"]), address["address"] if address else None)


def _is_about(found: SpfResult, hop: Hop) -> bool:
    return found.address is None or same_address(found.address, hop.address)


def _addresses(block: HeaderBlock, above: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for name, value in block.fields:
        known = _NAMING.get(name)
        if known and (found := known[1].search(_SPACE.sub(" ", value))):
            yield known[0], found["address"]
    for name, value in above:
        if found := _SENDER_IP.search(value):
            yield {"received-spf": "Received-SPF"}.get(name, "Authentication-Results"), found["address"]


def domain_of(mailbox: str) -> str:
    """The domain of a mail address, or of what stands for one, lower case."""
    return mailbox.rpartition("@")[2].strip("<>\"' .").lower()
