"""The rules on the settings of inbound connectors, each with its tag and source (connector-semantics section 5).

Texts are the service's where a public source shows them; every other text is assumed.
"""

from __future__ import annotations

from exchange_online_emulator.cmdlets.changes import Change, connector_rule
from exchange_online_emulator.cmdlets.connector_rules import too_long
from exchange_online_emulator.models import Kind


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
