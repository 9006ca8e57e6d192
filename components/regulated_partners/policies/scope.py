"""Policies about scope: whose mail a connector touches, and whom it trusts beyond the partner."""

from __future__ import annotations

from exchange_online.connectors import Direction, InboundSettings, OutboundSettings, listed
from regulated_partners.policies.rule import (
    Clause,
    ConnectorRule,
    DeclaredRule,
    InboundRule,
    Level,
    OutboundRule,
    Severity,
)
from regulated_partners.policies.subjects import Connector, Stack


def _hybrid(connector: Connector, _: Stack) -> Clause:
    s = connector.settings
    if connector.connector_source == "HybridWizard":
        return "the Hybrid Configuration Wizard made it and will change it again (ConnectorSource HybridWizard)"
    flags = [("CloudServicesMailEnabled", s.cloud_services_mail_enabled)]
    if isinstance(s, InboundSettings):
        flags.append(("TreatMessagesAsInternal", s.treat_messages_as_internal))
    if isinstance(s, OutboundSettings):
        flags.append(("RouteAllMessagesViaOnPremises", s.route_all_messages_via_on_premises))
        flags.append(("AllAcceptedDomains", s.all_accepted_domains))
    used = [name for name, on in flags if on]
    return f"it has settings of a hybrid deployment ({', '.join(used)})" if used else None


RULES: tuple[ConnectorRule, ...] = (
    DeclaredRule(
        id="inbound-no-tenant-wide-senders",
        directions=(Direction.INBOUND,),
        severity=Severity.HIGH,
        description="No inbound connector of a partner applies to every sender, unless that is said to be meant.",
        remediation="List the partner's domains, or set allowTenantWideRestriction to true if all other inbound mail "
        "is to be refused.",
        why="'*' with a restriction refuses all other inbound mail of the tenant.",
        source="Exchange Online mail flow pages (2022); rule V12",
        reads=("senderDomains", "allowTenantWideRestriction"),
        of_partners=True,
        test=lambda c, _: (
            "*" in c.domains
            and not c.options.allow_tenant_wide_restriction
            and "it applies to every sender, so its demands are made of all mail of the tenant (SenderDomains *)"
        ),
    ),
    OutboundRule(
        id="outbound-no-catch-all",
        severity=Severity.MEDIUM,
        description="No outbound connector of a partner takes mail to every domain.",
        remediation="List the partner's domains, or declare a waiver.",
        why="Mail to everybody would be held to one partner's certificate, or handed to one partner's servers.",
        source="New-OutboundConnector, RecipientDomains; Exchange Online mail flow pages (2022), outbound selection",
        reads=("recipientDomains",),
        of_partners=True,
        test=lambda s: (
            "*" in s.recipient_domains
            and "it takes mail to every domain that has no connector of its own (RecipientDomains *)"
        ),
    ),
    InboundRule(
        id="inbound-all-recipients",
        severity=Severity.MEDIUM,
        description="An inbound connector protects the mail of all domains of the tenant.",
        remediation="Leave associatedAcceptedDomains out, or declare a waiver for the time of the trial.",
        why="Mail to the domains that are not listed is accepted without the connector's demands; Microsoft advises "
        "the list for trials only.",
        source="New-InboundConnector, AssociatedAcceptedDomains",
        reads=("associatedAcceptedDomains",),
        test=lambda s: (
            bool(s.associated_accepted_domains)
            and f"it protects mail to {listed(s.associated_accepted_domains, 'and')} only, and to no other domain of "
            "the tenant (AssociatedAcceptedDomains)"
        ),
    ),
    DeclaredRule(
        id="hybrid-untouched",
        severity=Severity.HIGH,
        description="Connectors of a hybrid deployment are left to the Hybrid Configuration Wizard.",
        remediation="Remove the declaration (`pulumi state delete` keeps the connector), or declare a waiver.",
        why="Mail over them counts as internal, and the wizard overwrites what others set.",
        source="New-InboundConnector, New-OutboundConnector, CloudServicesMailEnabled, ConnectorSource",
        reads=(
            "cloudServicesMailEnabled",
            "treatMessagesAsInternal",
            "routeAllMessagesViaOnPremises",
            "allAcceptedDomains",
        ),
        test=_hybrid,
    ),
    InboundRule(
        id="inbound-no-trusted-organizations",
        severity=Severity.HIGH,
        description="No inbound connector trusts other Microsoft 365 organizations.",
        remediation="Leave trustedOrganizations out, or declare a waiver.",
        why="For mail between such organizations no other parameter of the connector is used.",
        source="New-InboundConnector, TrustedOrganizations",
        reads=("trustedOrganizations",),
        test=lambda s: (
            bool(s.trusted_organizations)
            and f"mail from {listed(s.trusted_organizations, 'and')} is trusted whatever the connector demands "
            "otherwise (TrustedOrganizations)"
        ),
    ),
    InboundRule(
        id="inbound-filtering-for-all",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        description="Enhanced Filtering works for all recipients, not for a few.",
        remediation="Leave efUsers out once the trial is over.",
        why="Mail to the others is judged by the address of the last relay instead of the sender's.",
        source="New-InboundConnector, EFUsers",
        reads=("efUsers",),
        test=lambda s: bool(s.ef_users) and f"Enhanced Filtering works for {len(s.ef_users)} recipients only (EFUsers)",
    ),
    InboundRule(
        id="inbound-wildcard-filtered",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        description="A connector that takes mail of every sender has Enhanced Filtering on.",
        remediation="Set efSkipLastIp to true, or list the relays in efSkipIps.",
        why="Otherwise all mail seems to come from the relay, and filtering by sender address does nothing.",
        source="ORCA check 233; New-InboundConnector, EFSkipLastIP, EFSkipIPs",
        reads=("senderDomains", "enabled", "efSkipLastIp", "efSkipIps"),
        test=lambda s: (
            "*" in s.sender_domains
            and s.enabled
            and not (s.ef_skip_last_ip or s.ef_skip_ips)
            and "it takes mail of every sender, and Enhanced Filtering is off (EFSkipLastIP, EFSkipIPs)"
        ),
    ),
)
