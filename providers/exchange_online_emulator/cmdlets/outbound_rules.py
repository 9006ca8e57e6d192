"""The rules on the settings of outbound connectors, each with its tag and source (connector-semantics section 5).

Texts are the service's where a public source shows them; every other text is assumed.
"""

from __future__ import annotations

from exchange_online_emulator.cmdlets.changes import Change, connector_rule
from exchange_online_emulator.cmdlets.connector_rules import in_use_text, too_long
from exchange_online_emulator.models import Kind


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
