"""What a connector is for, as far as its settings tell."""

from __future__ import annotations

import re
from enum import StrEnum

from exchange_online.connectors import ConnectorRecord, InboundSettings, OutboundSettings

#: Names that the Hybrid Configuration Wizard gives. Source: public vendor recipes (data/peer_cases.json, hcw-pair).
_WIZARD_NAME = re.compile(r"(?:inbound from|outbound to) [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class ConnectorKind(StrEnum):
    """What a connector is for. All but `hybrid` and `test-mode` are guesses by shape (assumed)."""

    PARTNER = "partner"
    """Mail with named domains of other organizations."""
    VENDOR = "vendor"
    """A mail gateway for all mail, or an add-on service that rules send mail through."""
    ON_PREMISES = "on-premises"
    """Servers of one's own."""
    HYBRID = "hybrid"
    """Made by the Hybrid Configuration Wizard, which changes it whenever it runs."""
    TEST_MODE = "test-mode"
    """A leftover of the portal's validation. Source: connector-semantics 9 (documented 2018; cause assumed)."""


def kind_of(record: ConnectorRecord) -> ConnectorKind:
    """The kind of a connector."""
    settings = record.settings
    if isinstance(settings, OutboundSettings) and settings.test_mode:
        return ConnectorKind.TEST_MODE
    if record.connector_source == "HybridWizard" or _WIZARD_NAME.fullmatch(record.name.strip()):
        return ConnectorKind.HYBRID
    if isinstance(settings, InboundSettings) and "*" in settings.sender_domains:
        return ConnectorKind.VENDOR
    if isinstance(settings, OutboundSettings) and ("*" in settings.recipient_domains or _serves_rules(settings)):
        return ConnectorKind.VENDOR
    return ConnectorKind.PARTNER if settings.is_partner else ConnectorKind.ON_PREMISES


def _serves_rules(settings: OutboundSettings) -> bool:
    """Source: E18 of data/connector_examples.json, a signature service."""
    return settings.is_transport_rule_scoped and bool(settings.smart_hosts)
