"""Policies about trust that goes beyond a partner: hybrid settings, other organizations, filtering."""

from __future__ import annotations

from exchange_online.connectors import Direction, InboundSettings, OutboundSettings
from regulated_partners.policies.configuration import Configuration
from regulated_partners.policies.rule import ConnectorRule, Level, Severity
from regulated_partners.policies.subjects import Connector, Stack

_HYBRID_WIZARD = "HybridWizard"


def _hybrid(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if connector.connector_source == _HYBRID_WIZARD:
        return "the Hybrid Configuration Wizard made it and will change it again (ConnectorSource HybridWizard)"
    flags = [("CloudServicesMailEnabled", s.cloud_services_mail_enabled)]
    if isinstance(s, InboundSettings):
        flags.append(("TreatMessagesAsInternal", s.treat_messages_as_internal))
    if isinstance(s, OutboundSettings):
        flags.append(("RouteAllMessagesViaOnPremises", s.route_all_messages_via_on_premises))
        flags.append(("AllAcceptedDomains", s.all_accepted_domains))
    used = [name for name, on in flags if on]
    return f"it has settings of a hybrid deployment ({', '.join(used)})" if used else None


def _other_organizations(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, InboundSettings) or not s.trusted_organizations:
        return None
    listed = ", ".join(s.trusted_organizations)
    return f"mail from {listed} is trusted whatever the connector demands otherwise (TrustedOrganizations)"


def _filtering_trial(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, InboundSettings) or not s.ef_users:
        return None
    return f"Enhanced Filtering works for {len(s.ef_users)} recipients only (EFUsers)"


def _wildcard_unfiltered(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, InboundSettings) or "*" not in s.sender_domains or not s.enabled:
        return None
    if s.ef_skip_last_ip or s.ef_skip_ips:
        return None
    return "it takes mail of every sender, and Enhanced Filtering is off (EFSkipLastIP, EFSkipIPs)"


RULES = (
    ConnectorRule(
        id="hybrid-untouched",
        severity=Severity.HIGH,
        level=Level.MANDATORY,
        description="Connectors of a hybrid deployment are left to the Hybrid Configuration Wizard.",
        remediation="Remove the declaration (`pulumi state delete` keeps the connector), or declare a waiver.",
        why="Mail over them counts as internal, and the wizard overwrites what others set.",
        source="New-InboundConnector, New-OutboundConnector, CloudServicesMailEnabled, ConnectorSource",
        directions=(Direction.INBOUND, Direction.OUTBOUND),
        reads=(
            "cloudServicesMailEnabled",
            "treatMessagesAsInternal",
            "routeAllMessagesViaOnPremises",
            "allAcceptedDomains",
        ),
        test=_hybrid,
    ),
    ConnectorRule(
        id="inbound-no-trusted-organizations",
        severity=Severity.HIGH,
        level=Level.MANDATORY,
        description="No inbound connector trusts other Microsoft 365 organizations.",
        remediation="Leave trustedOrganizations out, or declare a waiver.",
        why="For mail between such organizations no other parameter of the connector is used.",
        source="New-InboundConnector, TrustedOrganizations",
        directions=(Direction.INBOUND,),
        reads=("trustedOrganizations",),
        test=_other_organizations,
    ),
    ConnectorRule(
        id="inbound-filtering-for-all",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        description="Enhanced Filtering works for all recipients, not for a few.",
        remediation="Leave efUsers out once the trial is over.",
        why="Mail to the others is judged by the address of the last relay instead of the sender's.",
        source="New-InboundConnector, EFUsers",
        directions=(Direction.INBOUND,),
        reads=("efUsers",),
        test=_filtering_trial,
    ),
    ConnectorRule(
        id="inbound-wildcard-filtered",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        description="A connector that takes mail of every sender has Enhanced Filtering on.",
        remediation="Set efSkipLastIp to true, or list the relays in efSkipIps.",
        why="Otherwise all mail seems to come from the relay, and filtering by sender address does nothing.",
        source="ORCA check 233; New-InboundConnector, EFSkipLastIP, EFSkipIPs",
        directions=(Direction.INBOUND,),
        reads=("senderDomains", "enabled", "efSkipLastIp", "efSkipIps"),
        test=_wildcard_unfiltered,
    ),
)
