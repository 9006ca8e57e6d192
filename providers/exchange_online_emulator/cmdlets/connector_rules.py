"""The rules on the settings of connectors, each with its tag and source (connector-semantics section 5).

Texts are the service's where a public source shows them; every other text is assumed.
"""

from __future__ import annotations

from exchange_online_emulator.cmdlets.changes import Change, connector_rule
from exchange_online_emulator.models import Kind

_NAME_LIMIT = 64
_BOTH = (Kind.INBOUND, Kind.OUTBOUND)


def too_long(change: Change) -> str | None:
    """The refusal of a Name over 64 characters (V3)."""
    over = len(change.name) > _NAME_LIMIT
    return f"The length of the property is too long. The maximum length is {_NAME_LIMIT}." if over else None


@connector_rule(
    "V15",
    "CloudServicesMailEnabled true needs OnPremises",
    *_BOTH,
    tag="observed:single",
    source="inspnet/signer README, from New-OutboundConnector; documented for both",
)
def cloud_services_mail(change: Change) -> str | None:
    """The service's own text."""
    bad = change.flag("CloudServicesMailEnabled") and change.partner
    return "CloudServicesMailEnabled cannot be set to true if Connector type is not OnPremises" if bad else None


def in_use_text(name: str, rules: tuple[str, ...]) -> str:
    """The refusal to take a connector away from transport rules. The text is assumed."""
    return f"The connector '{name}' is used by the transport rule(s) {', '.join(rules)} and can't be changed so."


@connector_rule(
    "V3-inbound",
    "V3 for inbound connectors",
    Kind.INBOUND,
    tag="assumed",
    source="connector-semantics 3.1",
    strict=True,
)
def inbound_nametoo_long(change: Change) -> str | None:
    """No length is documented for inbound connectors."""
    return too_long(change)


@connector_rule(
    "V7",
    "SenderIPAddresses: a dash range is refused",
    Kind.INBOUND,
    tag="assumed",
    source="not among the documented forms of New-InboundConnector, SenderIPAddresses",
    strict=True,
)
def dash_range(change: Change) -> str | None:
    """Dash ranges belong to EFSkipIPs."""
    ranges = [item for item in change.values("SenderIPAddresses") if "-" in item]
    return f"The value '{ranges[0]}' of SenderIPAddresses isn't a valid IP address or CIDR range." if ranges else None


@connector_rule(
    "V8",
    "RestrictDomainsToIPAddresses true without SenderIPAddresses is refused",
    Kind.INBOUND,
    tag="assumed",
    source="New-InboundConnector",
    strict=True,
)
def ip_restriction_without_addresses(change: Change) -> str | None:
    """A restriction to nothing."""
    bad = change.flag("RestrictDomainsToIPAddresses") and not change.values("SenderIPAddresses")
    return "SenderIPAddresses must be specified if RestrictDomainsToIPAddresses is set to true." if bad else None


@connector_rule(
    "V9",
    "RestrictDomainsToCertificate true without TlsSenderCertificateName is refused",
    Kind.INBOUND,
    tag="assumed",
    source="New-InboundConnector",
    strict=True,
)
def certificate_restriction_without_name(change: Change) -> str | None:
    """A restriction to no certificate."""
    bad = change.flag("RestrictDomainsToCertificate") and not change.after.get("TlsSenderCertificateName")
    return "TlsSenderCertificateName must be specified if RestrictDomainsToCertificate is set to true." if bad else None


@connector_rule(
    "V10",
    "RestrictDomainsToCertificate true with RequireTls false is refused",
    Kind.INBOUND,
    tag="assumed",
    source="connector-semantics V10: a certificate is only presented over TLS",
    strict=True,
)
def certificate_restriction_without_tls(change: Change) -> str | None:
    """A certificate cannot be checked without TLS."""
    bad = change.flag("RestrictDomainsToCertificate") and not change.flag("RequireTls")
    return "RequireTls must be true if RestrictDomainsToCertificate is set to true." if bad else None


@connector_rule(
    "V11",
    "both Restrict flags true is refused",
    Kind.INBOUND,
    tag="assumed",
    source="the docs advise separate connectors (EXO22); a refusal is assumed",
    strict=True,
)
def both_restrictions(change: Change) -> str | None:
    """Advice in the docs, no known refusal."""
    bad = change.flag("RestrictDomainsToCertificate") and change.flag("RestrictDomainsToIPAddresses")
    return "RestrictDomainsToCertificate and RestrictDomainsToIPAddresses can't both be set to true." if bad else None


@connector_rule(
    "V14",
    "TreatMessagesAsInternal true needs OnPremises, and CloudServicesMailEnabled false",
    Kind.INBOUND,
    tag="documented",
    source="New-InboundConnector, TreatMessagesAsInternal",
)
def internal_messages(change: Change) -> str | None:
    """The docs: "You can't set this parameter to the value $true"."""
    bad = change.flag("TreatMessagesAsInternal") and (change.partner or change.flag("CloudServicesMailEnabled"))
    return (
        "TreatMessagesAsInternal can't be set to true unless Connector type is OnPremises and CloudServicesMailEnabled "
        "is false."
        if bad
        else None
    )


@connector_rule(
    "accepted-domain-names",
    "AssociatedAcceptedDomains that are not accepted domains of the tenant are refused",
    Kind.INBOUND,
    tag="assumed",
    source="New-InboundConnector, AssociatedAcceptedDomains",
    strict=True,
)
def foreign_accepted_domain(change: Change) -> str | None:
    """Compared in any case."""
    known = {item.casefold() for item in change.accepted_domains}
    foreign = [item for item in change.values("AssociatedAcceptedDomains") if item.casefold() not in known]
    return f"The domain '{foreign[0]}' isn't an accepted domain of your organization." if foreign else None


@connector_rule(
    "V3", "a Name over 64 characters is refused", Kind.OUTBOUND, tag="documented", source="New-OutboundConnector, Name"
)
def nametoo_long(change: Change) -> str | None:
    """Documented for outbound connectors."""
    return too_long(change)


@connector_rule(
    "V16",
    "SenderRewritingEnabled, whatever its value, is refused on a Partner connector",
    Kind.OUTBOUND,
    tag="observed:single",
    source="CIPP #3873 (seen with true; 'can only be specified' read as any value)",
)
def sender_rewriting(change: Change) -> str | None:
    """The service's own text."""
    bad = change.partner and ("SenderRewritingEnabled" in change.given or change.flag("SenderRewritingEnabled"))
    text = "The SenderRewritingEnabled parameter can only be specified for Connector type OnPremises."
    return text if bad else None


@connector_rule(
    "V17",
    "AllAcceptedDomains and RouteAllMessagesViaOnPremises true need OnPremises",
    Kind.OUTBOUND,
    tag="documented",
    source="New-OutboundConnector, AllAcceptedDomains and RouteAllMessagesViaOnPremises",
)
def on_premises_routing(change: Change) -> str | None:
    """The docs: "This setting requires OnPremises"."""
    for name in ("AllAcceptedDomains", "RouteAllMessagesViaOnPremises"):
        if change.partner and change.flag(name):
            return f"{name} can't be set to true if Connector type is not OnPremises."
    return None


@connector_rule(
    "V18",
    "UseMXRecord false without SmartHosts is refused",
    Kind.OUTBOUND,
    tag="documented",
    source="New-OutboundConnector, UseMXRecord: 'This setting requires one or more smart hosts'",
)
def no_route(change: Change) -> str | None:
    """Judged on the settings after the change."""
    bad = not change.flag("UseMXRecord") and not change.values("SmartHosts")
    return "SmartHosts must be specified if UseMXRecord is set to false." if bad else None


@connector_rule(
    "V18-same-command",
    "Set UseMXRecord false without SmartHosts in the same command is refused",
    Kind.OUTBOUND,
    tag="assumed",
    source="documented until 2022 (connector-semantics 3.2, SmartHosts)",
    strict=True,
)
def smart_hosts_in_same_command(change: Change) -> str | None:
    """The older documentation asks for both in one command."""
    bad = change.given.get("UseMXRecord") is False and not change.given.get("SmartHosts")
    return "SmartHosts must be specified in the command that sets UseMXRecord to false." if bad else None


@connector_rule(
    "V19",
    "SmartHosts with UseMXRecord true is refused",
    Kind.OUTBOUND,
    tag="assumed",
    source="the portal makes them exclusive (EXO22); REST unknown",
    strict=True,
)
def smart_hosts_beside_mx(change: Change) -> str | None:
    """Exclusive in the portal."""
    bad = change.flag("UseMXRecord") and change.values("SmartHosts")
    return "SmartHosts can't be specified if UseMXRecord is set to true." if bad else None


@connector_rule(
    "V21",
    "TlsSettings DomainValidation without TlsDomain is refused",
    Kind.OUTBOUND,
    tag="assumed",
    source="New-OutboundConnector, TlsSettings",
    strict=True,
)
def domain_validation_without_domain(change: Change) -> str | None:
    """Nothing to compare the certificate with."""
    bad = change.after.get("TlsSettings") == "DomainValidation" and not change.after.get("TlsDomain")
    return "TlsDomain must be specified if TlsSettings is set to DomainValidation." if bad else None


@connector_rule(
    "V22",
    "TlsDomain without TlsSettings DomainValidation is refused",
    Kind.OUTBOUND,
    tag="assumed",
    source="text of the on-premises sibling Set-SendConnector (CSS-Exchange #1999); peers send the pair",
    strict=True,
)
def domain_without_validation(change: Change) -> str | None:
    """The sibling cmdlet's text."""
    bad = change.after.get("TlsDomain") and change.after.get("TlsSettings") != "DomainValidation"
    text = "The TLSDomain parameter can only be set if the TLSAuthLevel parameter is set to DomainValidation."
    return text if bad else None


@connector_rule(
    "V23",
    "an outbound connector without RecipientDomains, AllAcceptedDomains or IsTransportRuleScoped is refused",
    Kind.OUTBOUND,
    tag="assumed",
    source="New-OutboundConnector: it would never be used",
    strict=True,
)
def without_recipients(change: Change) -> str | None:
    """A connector that no message would use."""
    used = (
        change.values("RecipientDomains") or change.flag("AllAcceptedDomains") or change.flag("IsTransportRuleScoped")
    )
    return None if used else "RecipientDomains must be specified."


@connector_rule(
    "V24",
    "IsTransportRuleScoped true with RecipientDomains is refused",
    Kind.OUTBOUND,
    tag="assumed",
    source="exclusive in the portal (EXO22)",
    strict=True,
)
def scoped_with_recipients(change: Change) -> str | None:
    """Exclusive in the portal."""
    bad = change.flag("IsTransportRuleScoped") and change.values("RecipientDomains")
    return "RecipientDomains can't be specified if IsTransportRuleScoped is set to true." if bad else None


@connector_rule(
    "V34-scope",
    "un-scoping (IsTransportRuleScoped false) a connector that a transport rule uses is refused",
    Kind.OUTBOUND,
    tag="assumed",
    source="connector-semantics V34; the switch connector_in_use accepts it",
)
def unscoped_while_used(change: Change) -> str | None:
    """Refused unless the switch says otherwise."""
    was_scoped = change.before is not None and change.before.flag("IsTransportRuleScoped")
    if change.switches.connector_in_use == "accept" or not was_scoped or change.flag("IsTransportRuleScoped"):
        return None
    return in_use_text(change.name, change.rules_using) if change.rules_using else None
