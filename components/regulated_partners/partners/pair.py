"""A partner's pair of connectors, judged once. Pure: the same declaration gives the same pair."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from exchange_online.connectors import (
    LONGEST_NAME,
    OPTION_KEYS,
    SECRET_PROPERTIES,
    Checked,
    ConnectorSettings,
    ConnectorType,
    Direction,
    Finding,
    InboundSettings,
    InputValue,
    OutboundSettings,
    Severity,
    TlsSettings,
    about_domain,
    check,
    in_name,
    mail_domain,
    shown,
    utf16_units,
)
from regulated_partners.partners.declaration import (
    Inbound,
    InboundSecurity,
    Outbound,
    OutboundSecurity,
    Partner,
    RestrictDomainsBy,
)
from regulated_partners.partners.findings import DeclarationFinding, about_earlier_names, in_order

#: Source: map of the admin centre's options (the equation of words with values is assumed by meaning).
TLS_SETTINGS: dict[OutboundSecurity, str | None] = {
    OutboundSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN: TlsSettings.DOMAIN_VALIDATION.value,
    OutboundSecurity.TRUSTED_CERTIFICATION_AUTHORITY: TlsSettings.CERTIFICATE_VALIDATION.value,
    OutboundSecurity.SELF_SIGNED_CERTIFICATE: TlsSettings.ENCRYPTION_ONLY.value,
    OutboundSecurity.OPPORTUNISTIC_TLS: None,
}

ConnectorInputs = dict[str, InputValue | None]

#: For each property where in the declaration its value stands, and the value.
_Decided = dict[str, tuple[str, InputValue | None]]
S = TypeVar("S", bound=ConnectorSettings)


#: Warnings about a connector that are errors for a regulated partner: its connectors must protect something.
_STRICTER = ("V13", "V22")

#: Rules that are stated below in the words of the declaration.
_SAID_BETTER = ("V9", "V10", "V12", "V21", "V24")


@dataclass(frozen=True)
class Half(Generic[S]):
    """One connector of a pair.

    Attributes:
        direction: which one.
        resource: the name of its resource in the program.
        declared: the properties that the declaration decides or passes on, not canonical.
        paths: for each of them, where in the declaration its value stands.
        checked: what the rules made of them.
    """

    direction: Direction
    resource: str
    declared: ConnectorInputs
    paths: dict[str, str]
    checked: Checked

    @property
    def settings(self) -> S:
        """What the connector will be."""
        return cast(S, self.checked.settings)

    @property
    def inputs(self) -> dict[str, InputValue]:
        """Canonical Pulumi properties, as far as they are known."""
        return self.checked.inputs()

    @property
    def findings(self) -> Iterable[DeclarationFinding]:
        """What the rules for a connector say, in the words of the declaration and with the places there."""
        for finding in self.checked.findings:
            if finding.rule not in _SAID_BETTER:
                top = finding.top_property
                path = self.paths.get(top, f"{self.direction.word}.settings.{top}") + finding.path.removeprefix(top)
                severity = Severity.ERROR if finding.rule in _STRICTER else finding.severity
                yield DeclarationFinding(path, f"{self._in_its_words(finding)}.", severity, of_connector=True)

    def _in_its_words(self, finding: Finding) -> str:
        if finding.rule != "certificate" or not isinstance(self.checked.settings, InboundSettings):
            return finding.sentence()
        by = "ipAddresses" if self.checked.settings.restrict_domains_to_ip_addresses else "none"
        return (
            f"the name is stored, and no mail is refused because of it, since restrictDomainsBy is {by}; set that to "
            f"certificate, or leave the name out (rule {finding.rule})"
        )


@dataclass(frozen=True)
class Pair:
    """What a declaration becomes, after all rules have seen it.

    Attributes:
        partner: the declaration.
        inbound: mail from the partner.
        outbound: mail to the partner.
        findings: everything there is to say, errors first.
        secret: places in the declaration whose values are secrets that only the engine can read: others stand in.
    """

    partner: Partner
    inbound: Half[InboundSettings]
    outbound: Half[OutboundSettings]
    findings: tuple[DeclarationFinding, ...]
    secret: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.partner.name

    @property
    def halves(self) -> tuple[Half[InboundSettings], Half[OutboundSettings]]:
        return self.inbound, self.outbound

    @property
    def domains(self) -> tuple[str, ...]:
        """Canonical."""
        return self.outbound.settings.recipient_domains

    def half(self, direction: Direction) -> Half[InboundSettings] | Half[OutboundSettings]:
        """That of one direction."""
        return self.inbound if direction is Direction.INBOUND else self.outbound

    def certificate_name(self, direction: Direction) -> str | None:
        """The name that a connector asks for in the partner's certificate.

        For outbound it is declared even where the connector does not compare it.
        """
        inbound, outbound = self.inbound.settings, self.outbound.settings
        return inbound.tls_sender_certificate_name if direction is Direction.INBOUND else outbound.tls_domain


def judge(partner: Partner, later: frozenset[str] = frozenset()) -> Pair:
    """The pair of a declaration.

    Args:
        partner: the declaration.
        later: places in it, such as `outbound.tlsDomain`, whose values stand in for some that are not known yet: what
            is made of them is left to the provider, which judges it when it is known.
    """
    inbound: Half[InboundSettings] = _half(partner, Direction.INBOUND, _inbound(partner), later)
    outbound: Half[OutboundSettings] = _half(partner, Direction.OUTBOUND, _outbound(partner), later)
    findings = {
        *_names_needed(partner),
        *_settings_decided_elsewhere(partner, (inbound, outbound)),
        *_rest(partner),
        *_switched_off(partner),
        *_self_signed(partner),
    }
    findings |= {*_weak_choices(partner, inbound, outbound)}
    said = {finding.path for finding in findings}
    findings |= {found for half in (inbound, outbound) for found in half.findings if found.path not in said}
    return Pair(partner, inbound, outbound, in_order(findings))


def _half(partner: Partner, direction: Direction, decided: _Decided, later: frozenset[str]) -> Half[S]:
    """Adds what is passed through. What the declaration decides itself is never overridden."""
    passed: _Decided = {
        key: (f"{direction.word}.settings.{key}", list(value) if isinstance(value, tuple) else value)
        for key, value in _own(partner, direction).settings.items()
    }
    places = {**passed, **decided}
    paths = {key: path for key, (path, _) in places.items()}
    declared = {key: value for key, (_, value) in places.items()}
    unknown = {key: _UNKNOWN for key, path in paths.items() if path in later and declared[key] not in (None, [])}
    if partner.adopt_existing:
        declared["adoptExisting"] = True
    checked = check(direction, {**declared, **unknown}, lambda value: value is _UNKNOWN)
    return Half(direction, f"{partner.name}-{direction.word}", declared, paths, checked)


#: Stands for a value that is not known yet.
_UNKNOWN = object()


def _inbound(partner: Partner) -> _Decided:
    declared = partner.inbound
    by = declared.restrict_domains_by
    # A name that nothing compares would look like a protection: only who writes it here stores it, with a warning.
    name = declared.certificate_name or (partner.certificate_name if by is RestrictDomainsBy.CERTIFICATE else None)
    named_by = "inbound.certificateName" if declared.certificate_name else "certificateName"
    return {
        **_common(partner, Direction.INBOUND),
        "senderDomains": ("domains", list(partner.domains)),
        "requireTls": ("inbound.connectionSecurity", declared.connection_security is InboundSecurity.FORCE_TLS),
        "restrictDomainsToCertificate": ("inbound.restrictDomainsBy", by is RestrictDomainsBy.CERTIFICATE),
        "restrictDomainsToIpAddresses": ("inbound.restrictDomainsBy", by is RestrictDomainsBy.IP_ADDRESSES),
        "tlsSenderCertificateName": (named_by, name),
        "senderIpAddresses": ("inbound.senderIpAddresses", list(declared.sender_ip_addresses)),
    }


def _outbound(partner: Partner) -> _Decided:
    declared = partner.outbound
    matches = declared.connection_security is OutboundSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN
    return {
        **_common(partner, Direction.OUTBOUND),
        "recipientDomains": ("domains", list(partner.domains)),
        "tlsSettings": ("outbound.connectionSecurity", TLS_SETTINGS[declared.connection_security]),
        "tlsDomain": (
            "outbound.tlsDomain" if declared.tls_domain else "certificateName",
            declared.tls_domain or (partner.certificate_name if matches else None),
        ),
        "useMxRecord": ("outbound.smartHosts", not declared.smart_hosts),
        "smartHosts": ("outbound.smartHosts", list(declared.smart_hosts)),
        "validationRecipients": ("outbound.validationRecipients", list(declared.validation_recipients)),
    }


def _common(partner: Partner, direction: Direction) -> _Decided:
    own = _own(partner, direction)
    return {
        "name": (f"{direction.word}.name" if own.name else "name", own.name or f"{partner.name} - {direction.word}"),
        "connectorType": ("name", ConnectorType.PARTNER.value),
        "enabled": ("enabled" if own.enabled is None else f"{direction.word}.enabled", _enabled(partner, direction)),
        "comment": (f"{direction.word}.comment" if own.comment else "comment", own.comment or partner.comment),
    }


def _own(partner: Partner, direction: Direction) -> Inbound | Outbound:
    return partner.inbound if direction is Direction.INBOUND else partner.outbound


def _enabled(partner: Partner, direction: Direction) -> bool:
    own = _own(partner, direction).enabled
    return partner.enabled if own is None else own


def _rest(partner: Partner) -> Iterable[DeclarationFinding]:
    for index, domain in enumerate(partner.domains):
        read = mail_domain(domain)
        if read and (doubt := about_domain(read)):
            yield DeclarationFinding(f"domains[{index}]", doubt, Severity.WARNING)
        if read == "*":
            yield DeclarationFinding(
                f"domains[{index}]",
                f"{domain.strip()!r} stands for every domain, and a partner has domains of its own; list them. For a "
                "connector that applies to everybody declare an InboundConnector with allowTenantWideRestriction, or "
                "an OutboundConnector, for which the policies ask for a waiver.",
            )
    if partner.inbound.sender_ip_addresses and partner.inbound.restrict_domains_by is RestrictDomainsBy.CERTIFICATE:
        yield DeclarationFinding(
            "inbound.senderIpAddresses",
            "the list would restrict nothing, because restrictDomainsBy is certificate; set it to ipAddresses, or "
            "leave the list out.",
        )
    yield from _name(partner)


def _weak_choices(
    partner: Partner, inbound: Half[InboundSettings], outbound: Half[OutboundSettings]
) -> Iterable[DeclarationFinding]:
    """Choices that are right and leave mail unprotected, as long as the connector is in use."""
    by = partner.inbound.restrict_domains_by
    forced = partner.inbound.connection_security is InboundSecurity.FORCE_TLS
    if inbound.settings.enabled and by is RestrictDomainsBy.NONE and forced:
        yield DeclarationFinding(
            "inbound.restrictDomainsBy",
            "with none any server that speaks TLS can send mail in the partner's name, because it asks for no "
            "certificate and no address; choose certificate or ipAddresses.",
            Severity.WARNING,
        )
    if inbound.settings.enabled and by is RestrictDomainsBy.IP_ADDRESSES and not forced:
        yield DeclarationFinding(
            "inbound.connectionSecurity",
            "with opportunisticTls the partner's mail is accepted without TLS too; choose forceTls.",
            Severity.WARNING,
        )
    if outbound.settings.enabled and partner.outbound.connection_security is OutboundSecurity.OPPORTUNISTIC_TLS:
        yield DeclarationFinding(
            "outbound.connectionSecurity",
            "with opportunisticTls mail to the partner goes in clear where its server offers no TLS, or somebody on "
            "the way hides the offer; choose another value, at least trustedCertificationAuthority.",
            Severity.WARNING,
        )


def _name(partner: Partner) -> Iterable[DeclarationFinding]:
    """What the rules for connectors' names would say of the names that are made of it, said once and of it."""
    derived = [f"{partner.name} - {way.word}" for way in Direction if not _own(partner, way).name]
    longest = max((utf16_units(name) for name in derived), default=0)
    if wrong := in_name(partner.name):
        yield DeclarationFinding("name", f"{shown(partner.name)} holds {wrong}; leave it out.")
    elif partner.name != partner.name.strip() or not partner.name.strip():
        yield DeclarationFinding("name", "the name begins or ends with a space; leave the space out.")
    elif longest > LONGEST_NAME:
        yield DeclarationFinding(
            "name",
            f"'{max(derived, key=utf16_units)}' would be longer than the {LONGEST_NAME} UTF-16 units of a connector's "
            f"name (an emoji has two); shorten it by {longest - LONGEST_NAME}, or set inbound.name and outbound.name.",
        )
    yield from about_earlier_names(partner.aliases)


def _names_needed(partner: Partner) -> Iterable[DeclarationFinding]:
    inbound, outbound = partner.inbound, partner.outbound
    by_certificate = inbound.restrict_domains_by is RestrictDomainsBy.CERTIFICATE
    matches = outbound.connection_security is OutboundSecurity.RECIPIENT_CERTIFICATE_MATCHES_DOMAIN
    needs, others = [], []
    if by_certificate and not inbound.certificate_name:
        needs.append("inbound.restrictDomainsBy: certificate")
        others.append("inbound.restrictDomainsBy: ipAddresses")
    if matches and not outbound.tls_domain:
        needs.append("outbound.connectionSecurity: recipientCertificateMatchesDomain")
        others.append("outbound.connectionSecurity: trustedCertificationAuthority")
    if needs and not partner.certificate_name:
        yield DeclarationFinding(
            "certificateName",
            f"a name is needed by {' and '.join(needs)}; write the name in the partner's certificate, such as "
            f"mail.fabrikam.com, or choose {' and '.join(others)}.",
        )
    if by_certificate and inbound.connection_security is InboundSecurity.OPPORTUNISTIC_TLS:
        yield DeclarationFinding(
            "inbound.restrictDomainsBy",
            "a certificate comes only over TLS, and connectionSecurity is opportunisticTls; set it to forceTls "
            "(rule V10).",
        )


def _self_signed(partner: Partner) -> Iterable[DeclarationFinding]:
    """A self-signed certificate is none for an inbound connector, unless the sending servers show another one.

    Source: msxfaq, partner_inbound_connector (a public CA is needed); techcommunity 3851357, reply 3981065, for
    OnPremises ("has to be CA signed"). That it holds for Partner is inferred.
    """
    inbound, outbound = partner.inbound, partner.outbound
    same = inbound.certificate_name in (None, partner.certificate_name, outbound.tls_domain)
    self_signed = outbound.connection_security is OutboundSecurity.SELF_SIGNED_CERTIFICATE
    if self_signed and same and inbound.restrict_domains_by is RestrictDomainsBy.CERTIFICATE:
        yield DeclarationFinding(
            "inbound.restrictDomainsBy",
            "the partner's certificate is self-signed (outbound.connectionSecurity), and Exchange Online takes only "
            "one of a public CA for this restriction (inferred, not documented): mail from the partner may be refused. "
            "Set it to ipAddresses, with senderIpAddresses; or, where its sending servers show a certificate of a "
            "public CA, write that one's name into inbound.certificateName.",
            Severity.WARNING,
        )


def _switched_off(partner: Partner) -> Iterable[DeclarationFinding]:
    """What flows unprotected while one direction is off; said on every run, so that nobody forgets it.

    A partner that is off as a whole, as every new one is at first, says so in its outputs and to the policies.
    """
    for direction in Direction:
        path = f"{direction.word}.enabled"
        if not partner.enabled and _own(partner, direction).enabled:
            yield DeclarationFinding(
                path,
                f"the partner is switched off (enabled: false), and this says that its {direction.word} connector is "
                "not; leave one of the two out. To switch off one direction alone, write enabled: false there only.",
            )
        elif partner.enabled and not _enabled(partner, direction):
            yield DeclarationFinding(path, f"{_OFF} {_flows(partner, direction)}.", Severity.WARNING)


_OFF = "this is switched off: while it is,"


def _flows(partner: Partner, direction: Direction) -> str:
    """What becomes of mail without the connector. Another one of the tenant may apply to it."""
    if direction is Direction.INBOUND:
        return (
            f"mail from {partner.name} is accepted with or without TLS, from anybody, unless another connector applies"
        )
    return (
        f"mail to {partner.name} is delivered by the MX record, with TLS only where the server offers it, unless "
        "another connector applies"
    )


def _settings_decided_elsewhere(partner: Partner, halves: Iterable[Half[Any]]) -> Iterable[DeclarationFinding]:
    for half in halves:
        for key in _own(partner, half.direction).settings:
            decided = half.paths[key]
            if key == "connectorType":
                wrong = (
                    "the connectors of a partner have the type Partner; leave it out. For servers of your own declare "
                    "an InboundConnector or OutboundConnector."
                )
            elif key == "enabled":
                wrong = (
                    "this is no further parameter; to switch one direction off, use enabled beside settings "
                    f"({half.direction.word}.enabled)."
                )
            elif ".settings." not in decided:
                wrong = f"the declaration decides this parameter, so that both connectors agree; use {decided}."
            elif key in (*OPTION_KEYS, SECRET_PROPERTIES):
                wrong = "this is no parameter of a connector; leave it out."
            elif key == "isTransportRuleScoped" and getattr(half.settings, "is_transport_rule_scoped", False):
                wrong = (
                    "a connector that transport rules use has no recipient domains of its own, and a partner's have "
                    "the partner's; leave it out, and declare the connector for the rules under "
                    "regulated-partners:outboundConnectors, without recipientDomains (rule V24)."
                )
            else:
                continue
            yield DeclarationFinding(f"{half.direction.word}.settings.{key}", wrong)
