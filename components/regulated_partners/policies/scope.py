"""Policies about scope: whose mail a connector touches."""

from __future__ import annotations

from exchange_online.connectors import Direction, InboundSettings, OutboundSettings
from regulated_partners.policies.configuration import Configuration
from regulated_partners.policies.rule import ConnectorRule, Level, Severity
from regulated_partners.policies.subjects import Connector, Stack


def _every_sender(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, InboundSettings) or "*" not in s.sender_domains or not s.is_partner:
        return None
    if connector.options.allow_tenant_wide_restriction:
        return None
    return "it applies to every sender, so its demands are made of all mail of the tenant (SenderDomains *)"


def _every_recipient(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, OutboundSettings) or "*" not in s.recipient_domains or not s.is_partner:
        return None
    return "it takes mail to every domain that has no connector of its own (RecipientDomains *)"


def _some_recipients(connector: Connector, _: Stack, __: Configuration) -> str | None:
    s = connector.settings
    if not isinstance(s, InboundSettings) or not s.associated_accepted_domains:
        return None
    listed = ", ".join(s.associated_accepted_domains)
    return f"it protects mail to {listed} only, and to no other domain of the tenant (AssociatedAcceptedDomains)"


RULES = (
    ConnectorRule(
        id="inbound-no-tenant-wide-senders",
        severity=Severity.HIGH,
        level=Level.MANDATORY,
        description="No inbound connector of a partner applies to every sender, unless that is said to be meant.",
        remediation="List the partner's domains, or set allowTenantWideRestriction to true if all other inbound mail "
        "is to be refused.",
        why="'*' with a restriction refuses all other inbound mail of the tenant.",
        source="Exchange Online mail flow pages (2022); rule V12",
        directions=(Direction.INBOUND,),
        reads=("senderDomains", "connectorType", "allowTenantWideRestriction"),
        test=_every_sender,
    ),
    ConnectorRule(
        id="outbound-no-catch-all",
        severity=Severity.MEDIUM,
        level=Level.MANDATORY,
        description="No outbound connector of a partner takes mail to every domain.",
        remediation="List the partner's domains, or declare a waiver.",
        why="Mail to everybody would be held to one partner's certificate, or handed to one partner's servers.",
        source="New-OutboundConnector, RecipientDomains; Exchange Online mail flow pages (2022), outbound selection",
        directions=(Direction.OUTBOUND,),
        reads=("recipientDomains", "connectorType"),
        test=_every_recipient,
    ),
    ConnectorRule(
        id="inbound-all-recipients",
        severity=Severity.MEDIUM,
        level=Level.MANDATORY,
        description="An inbound connector protects the mail of all domains of the tenant.",
        remediation="Leave associatedAcceptedDomains out, or declare a waiver for the time of the trial.",
        why="Mail to the domains that are not listed is accepted without the connector's demands; Microsoft advises "
        "the list for trials only.",
        source="New-InboundConnector, AssociatedAcceptedDomains",
        directions=(Direction.INBOUND,),
        reads=("associatedAcceptedDomains",),
        test=_some_recipients,
    ),
)
