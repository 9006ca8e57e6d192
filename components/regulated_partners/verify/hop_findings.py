"""What the hop between two organizations shows, and how far its line can be believed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from exchange_online.connectors import ConnectorSettings, Direction, InboundSettings, OutboundSettings, TlsSettings
from regulated_partners.probing.certificate_findings import switched_off
from regulated_partners.probing.server_report import NO_TLS
from regulated_partners.probing.verdicts import Check, Finding, Level, Party
from regulated_partners.verify.boundary import Boundary, Standing
from regulated_partners.verify.mail_files import HeaderBlock
from regulated_partners.verify.microsoft import MICROSOFT, delivers_from, host_ends, published_on, same_address
from regulated_partners.verify.received import Hop
from regulated_partners.verify.tls_comments import ClientCertificateState, HopTransport
from regulated_partners.verify.witnesses import Witnesses

#: Domains of services in front of their customers' servers. A hint, no more: any host can call itself so.
_GATEWAYS = (
    *(".pphosted.com", ".ppe-hosted.com", ".mimecast.com", ".messagelabs.com", ".iphmx.com", ".mailcontrol.com"),
    *(".barracudanetworks.com", ".hornetsecurity.com", ".antispameurope.com", ".trendmicro.com", ".trendmicro.eu"),
    *(".sophos.com", ".nospamproxy.com", ".seppmail.cloud", ".fireeyecloud.com", ".retarus.com", ".spamexperts.com"),
)
_NO_ENCRYPTION = re.compile(r"(?:^|[-_])NULL(?:[-_]|$)", re.IGNORECASE)
#: Ciphers that can be broken. Source: RFC 7465 (RC4), RFC 8429 (DES, 3DES), RFC 9325 4.1 (export, RC2).
_BREAKABLE = re.compile(r"(?:^|[-_])(?:RC4|RC2|3?DES|DES40|EXP(?:ORT)?[0-9]*|IDEA)(?:[-_]|$)", re.IGNORECASE)


def boundary_findings(boundary: Boundary, settings: ConnectorSettings | None) -> Iterable[Finding]:
    """What the hop itself shows, against what the connector demands; without settings where no partner was named."""
    hop = boundary.hop
    if hop.transport is HopTransport.CLEAR:
        yield _clear(boundary, settings)
    elif hop.transport is HopTransport.UNKNOWN:
        yield _not_stamped(hop)
    else:
        yield from _protocol(hop)
        yield from _suite(hop, settings)
        yield from _certificate(boundary, settings)
    if settings is not None:
        yield from switched_off(settings)


def crossing_findings(boundary: Boundary, block: HeaderBlock, witnesses: Witnesses) -> Iterable[Finding]:
    """How far the line can be believed, by the lines around it."""
    if boundary.strangers:
        hosts = ", ".join(boundary.strangers[:3])
        text = (
            f"Lines above the boundary were written by {hosts}, which is neither Exchange Online nor a gateway named "
            "with --gateway: that host could have made up everything below its line. Take the message from the "
            "recipient's mailbox itself."
        )
        yield Finding(Check.TRUST, Level.WARNING, text, Party.WE, source="tls-verification 1.2, step 1")
    if boundary.claimed_gateway:
        could = "is no server of your own" if boundary.is_own else "could have made up this line"
        text = (
            f"The gateway {'of' if boundary.is_own else 'above'} this hop is known only by the name "
            f"{boundary.claimed_gateway}, which its sender chose: another host that calls itself so {could}. Name the "
            "gateway's addresses too, --gateway 192.0.2.0/24."
        )
        yield Finding(Check.TRUST, Level.WARNING, text, Party.WE, source="tls-verification 1.2, step 4")
    if _may_be_gateway(boundary) and host_ends(_known_name(boundary.hop), _GATEWAYS):
        text = (
            f"{_name(boundary.hop)} is a server of a mail filtering service, by its name. If it is a gateway of your "
            "own, name its domain and addresses with --gateway: the partner's hop is the one before it."
        )
        yield Finding(Check.TRUST, Level.INFO, text, source="tls-verification 1.2, step 4")
    yield from _crossings(boundary)
    yield from _exchange_side(boundary)
    if not boundary.is_gateway and not boundary.is_own:
        yield from _attribution(boundary, block, witnesses)


def _crossings(boundary: Boundary) -> Iterable[Finding]:
    if boundary.loops:
        text = (
            "The message left Exchange Online for a gateway of your own and came back: the hop that is judged is where "
            "it first came in. Which tenant delivered it to the gateway is not shown: another one could have made up "
            "this line."
        )
        yield Finding(Check.CROSSINGS, Level.WARNING, text, Party.WE, source="found/verify 2.5")
    elif boundary.other_crossings and not boundary.is_own:
        other = boundary.other_crossings[0]
        ours = boundary.direction is Direction.INBOUND and not boundary.between_tenants
        text = (
            f"The message passed the border of Exchange Online twice: further down, {_name(other)} delivered it to "
            f"{other.by}. "
        )
        if boundary.direction is Direction.OUTBOUND:
            text += (
                "That hop, into the sending tenant (its own service for signatures or data loss prevention), is not "
                f"judged. Where {boundary.hop.by} is a server of your own, name it with --gateway."
            )
        else:
            text += (
                f"Where {_name(boundary.hop)} is a gateway or server of your own, name it with --gateway, and the "
                "older hop is judged, too; else the message was forwarded, and this is the hop of who forwarded it."
            )
        level = Level.WARNING if ours else Level.INFO
        yield Finding(Check.CROSSINGS, level, text, Party.WE if ours else None, source="found/verify 2.5, 2.8")


def _exchange_side(boundary: Boundary) -> Iterable[Finding]:
    hop = boundary.hop
    if boundary.between_tenants:
        text = (
            "The other side is on Exchange Online too: both hosts of this hop are Microsoft's, and its certificate is "
            "that of Exchange Online, not the partner's. Which tenant it was, the hop does not show."
        )
        yield Finding(Check.TENANTS, Level.INFO, text, source="tls-verification 1.2; assumed for partner connectors")
    elif boundary.direction is Direction.OUTBOUND and boundary.is_exchange is Standing.CLAIMED:
        text = (
            f"{_name(hop)} calls itself a server of Exchange Online, and its address {hop.address or '(not shown)'} is "
            f"in none of the networks that Microsoft had published on {published_on()}: it is not shown that Exchange "
            "Online delivered this message."
        )
        yield Finding(Check.ADDRESS, Level.WARNING, text, Party.EITHER, source="verify/microsoft_addresses.json")
    elif boundary.direction is Direction.INBOUND and calls_itself_microsoft(hop):
        text = (
            f"The sending host calls itself {hop.helo}, a name of Microsoft's, and its address "
            f"{hop.address or '(not shown)'} is in none of the networks that Microsoft had published on "
            f"{published_on()}: it is not Microsoft's."
        )
        yield Finding(Check.ADDRESS, Level.WARNING, text, Party.EITHER, source="verify/microsoft_addresses.json")


def calls_itself_microsoft(hop: Hop) -> bool:
    """Whether a host gives a name of Microsoft's, and its address is not."""
    return host_ends(hop.helo, MICROSOFT) and not delivers_from(hop.address)


def _may_be_gateway(boundary: Boundary) -> bool:
    return boundary.direction is Direction.INBOUND and not boundary.is_own and not boundary.is_gateway


def _known_name(hop: Hop) -> str | None:
    return hop.reverse_name or hop.helo


def _name(hop: Hop) -> str:
    return hop.reverse_name or (f"{hop.helo or '?'} [{hop.address}]" if hop.address else hop.helo or "?")


def _clear(boundary: Boundary, settings: ConnectorSettings | None) -> Finding:
    hop = boundary.hop
    inbound = boundary.direction is Direction.INBOUND
    text = f"The hop to {hop.by} was not encrypted: it says `{hop.evidence}`, and nothing of TLS."
    if settings is not None and settings.demands_tls:
        text += (
            f" The connector '{settings.name}' demands TLS, so it was not applied to this message: see in the message "
            "trace which connector was, and whether this one is enabled and lists the domain."
        )
    elif settings is not None:
        text += " The connector does not demand TLS (opportunistic); declare connectionSecurity to force it."
    elif inbound:
        text += " The partner's server must offer STARTTLS when it sends, and the inbound connector must demand it."
    else:
        text += " The partner's server must offer STARTTLS, and the outbound connector must demand it."
    who = Party.WE if settings is not None else Party.EITHER
    answer = "451 5.7.3 STARTTLS is required to send mail" if inbound else NO_TLS
    level = Level.WARNING if settings is not None and not settings.demands_tls else Level.ERROR
    return Finding(Check.TRANSPORT, level, text, who, answer, "tls-verification 0.2, 2.3")


def _not_stamped(hop: Hop) -> Finding:
    product = hop.product
    if product is None:
        known = "it is not known whether servers of this kind ever write it down"
    else:
        known = f"{product.name} may write the same with and without TLS (it marks TLS with {product.marks})"
    text = (
        f"{hop.by} does not say whether TLS was used (`{hop.evidence or 'no with clause'}`), and {known}: that blames "
        "nobody. Its log shows it, or a setting that has it write TLS into Received, or `verify partner`."
    )
    return Finding(Check.TRANSPORT, Level.WARNING, text, source="tls-verification 0.2; verify/marking.py")


def _protocol(hop: Hop) -> Iterable[Finding]:
    session = hop.session
    version = session.version or session.inferred_version if session else None
    if version is None:
        text = (
            f"{hop.by} says that TLS was used and not which version (`{hop.evidence}`); Postfix writes it with "
            "smtpd_tls_received_header = yes."
        )
        yield Finding(Check.PROTOCOL, Level.INFO, text, source="tls-verification 0.2, 0.3")
    elif not version.is_usable:
        text = (
            f"The hop used {version}, which Exchange Online has not used since 2021: today such a server gets or sends "
            "mail only without TLS, and not at all where TLS is forced. It must speak TLS 1.2 or 1.3."
        )
        yield Finding(Check.PROTOCOL, Level.WARNING, text, Party.PARTNER, source="techcommunity 2065089")


def _suite(hop: Hop, settings: ConnectorSettings | None) -> Iterable[Finding]:
    cipher = hop.session.cipher if hop.session else None
    if cipher and _NO_ENCRYPTION.search(cipher):
        text = f"The cipher suite {cipher} authenticates and does not encrypt; the server must switch it off."
        yield Finding(Check.CIPHER, Level.ERROR, text, Party.PARTNER, source="RFC 4492, RFC 5246: NULL suites")
    elif cipher and _BREAKABLE.search(cipher):
        text = f"The cipher suite {cipher} can be broken by who records the traffic; the server must switch it off."
        yield Finding(Check.CIPHER, Level.WARNING, text, Party.PARTNER, source="RFC 7465, RFC 8429, RFC 9325 4.1")
    elif hop.is_anonymous:
        unchecked = (None, TlsSettings.ENCRYPTION_ONLY.value)
        checked = isinstance(settings, OutboundSettings) and settings.tls_settings not in unchecked
        text = f"The cipher suite {cipher} uses no certificate, so nobody knows who was at the other end."
        level = Level.ERROR if checked else Level.WARNING
        yield Finding(Check.CIPHER, level, text, Party.PARTNER, source="RFC 5246 A.5")


def _certificate(boundary: Boundary, settings: ConnectorSettings | None) -> Iterable[Finding]:
    session = boundary.hop.session
    shown = session.client_certificate if session else None
    if boundary.direction is Direction.INBOUND:
        if isinstance(settings, InboundSettings) and settings.restrict_domains_to_certificate and not shown:
            name = settings.tls_sender_certificate_name
            text = (
                f"This shows that TLS was used, not that the certificate matched {name}: Exchange Online never writes "
                "that into a header. The message trace (`verify service`), a capture (`verify listen`) or a refused "
                "message without the certificate shows it."
            )
            yield Finding(Check.CERTIFICATE, Level.INFO, text, source="tls-verification 0.4")
        return
    if shown and shown.state is ClientCertificateState.NOT_VERIFIED:
        text = (
            "The partner's server got Exchange Online's certificate and could not verify it: it lacks the issuer, or "
            "the certificate does not allow its use as a client. It matters where the partner demands a certificate "
            "from us; the partner should trust the issuer's root and compare the name, not pin the issuer."
        )
        yield Finding(Check.CLIENT_CERTIFICATE, Level.WARNING, text, Party.PARTNER, source="tls-verification 0.9, 2.4")


def _attribution(boundary: Boundary, block: HeaderBlock, witnesses: Witnesses) -> Iterable[Finding]:
    hop = boundary.hop
    # Behind another tenant, a field of that tenant's names who connected to it.
    said = [
        (field, address)
        for field, address in witnesses.others
        if not same_address(address, hop.address) and not (boundary.between_tenants and "CrossTenant" in field)
    ]
    if boundary.direction is Direction.INBOUND and hop.address and said:
        field, address = said[0]
        text = (
            f"The boundary line says that {hop.address} connected, and {field} says "
            f"{address}: either Enhanced Filtering skips a gateway in front (name it with --gateway), or "
            "one of the two was made up."
        )
        yield Finding(Check.ADDRESS, Level.WARNING, text, Party.WE, source="tls-verification 1.2, step 6")
    if (
        boundary.direction is Direction.INBOUND
        and (block.first("x-ms-exchange-crosstenant-fromentityheader") or "").strip().lower() == "hybridonprem"
    ):
        text = (
            "Exchange Online attributed the message to an inbound connector of type OnPremises "
            "(X-MS-Exchange-CrossTenant-FromEntityHeader: HybridOnPrem), so the partner connector was not applied."
        )
        yield Finding(Check.ATTRIBUTION, Level.WARNING, text, Party.WE, source="tls-verification 1.3")
