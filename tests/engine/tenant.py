"""The tenant as a test looks at it: straight at the emulator, past the code under test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange_online_emulator import Control

#: What a connector has of which nothing but the name is given. Source: New-InboundConnector, New-OutboundConnector.
_COMMON: Mapping[str, object] = {
    "Enabled": True,
    "ConnectorType": "Partner",
    "ConnectorSource": "Default",
    "Comment": "",
    "CloudServicesMailEnabled": False,
}
_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "inbound": {
        **_COMMON,
        "SenderDomains": [],
        "SenderIPAddresses": [],
        "TrustedOrganizations": [],
        "ClientHostNames": [],
        "AssociatedAcceptedDomains": [],
        "RequireTls": True,
        "RestrictDomainsToIPAddresses": False,
        "RestrictDomainsToCertificate": False,
        "TreatMessagesAsInternal": False,
        "TlsSenderCertificateName": None,
        "EFTestMode": False,
        "ScanAndDropRecipients": [],
        "EFSkipLastIP": False,
        "EFSkipIPs": [],
        "EFSkipMailGateway": [],
        "EFUsers": [],
    },
    "outbound": {
        **_COMMON,
        "UseMXRecord": True,
        "RecipientDomains": [],
        "SmartHosts": [],
        "TlsDomain": None,
        "TlsSettings": None,
        "IsTransportRuleScoped": False,
        "RouteAllMessagesViaOnPremises": False,
        "AllAcceptedDomains": False,
        "SenderRewritingEnabled": False,
        "MtaStsMode": "Opportunistic",
        "SmtpDaneMode": "Opportunistic",
        "TestMode": False,
        "ValidationRecipients": [],
        "IsValidated": False,
        "LastValidationTimestamp": None,
    },
}

Settings = dict[str, Any]


#: The last line of the comment of what the stack `dev` makes.
MARK = "[Pulumi: regulated-partners/dev]"


def connectors(control: Control, direction: str) -> dict[str, Settings]:
    """What is not at its default, for each connector by its name; comments without the stack's mark."""
    defaults = _DEFAULTS[direction]
    return {
        row["Name"]: {name: row[name] for name, default in defaults.items() if row[name] != default}
        for row in map(_without_mark, control.connectors(direction))
    }


def comments(control: Control) -> dict[str, str]:
    """The whole comment of each connector, as the admin centre shows it, by its name."""
    return {row["Name"]: row["Comment"] for row in whole(control)}


def marks(control: Control) -> dict[str, bool]:
    """Whether the stack's mark is on each connector, by its name."""
    return {name: comment.endswith(MARK) for name, comment in comments(control).items()}


def _without_mark(settings: Settings) -> Settings:
    comment = settings.get("Comment")
    if not isinstance(comment, str) or not comment.endswith(MARK):
        return settings
    return {**settings, "Comment": comment.removesuffix(MARK).removesuffix("\n")}


def names(control: Control) -> list[str]:
    """The names of all connectors of the tenant, sorted; a duplicate stands twice."""
    return sorted(row["Name"] for direction in _DEFAULTS for row in control.connectors(direction))


def guids(control: Control) -> dict[str, str]:
    """The immutable id of each connector, by its name."""
    return {row["Name"]: row["Guid"] for direction in _DEFAULTS for row in control.connectors(direction)}


def sent(control: Control) -> list[tuple[str, Settings]]:
    """The writes since the log was cleared, oldest first: cmdlet and parameters, comments without the stack's mark."""
    return [(call.cmdlet, _without_mark(call.parameters)) for call in control.writes()]


def whole(control: Control) -> list[dict[str, Any]]:
    """Every cell of every connector, to show that nothing was touched."""
    return [row for direction in _DEFAULTS for row in control.connectors(direction)]
