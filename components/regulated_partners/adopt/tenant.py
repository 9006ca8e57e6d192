"""The connectors of a tenant: what each is for, and what decides whether it may be managed."""

from __future__ import annotations

import re
from enum import StrEnum

from exchange_online.connectors import REFUSED, ConnectorRecord, OutboundSettings

#: Names that the Hybrid Configuration Wizard gives. Source: public vendor recipes (data/peer_cases.json, hcw-pair).
_WIZARD_NAME = re.compile(r"(?:inbound from|outbound to) [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class ConnectorKind(StrEnum):
    """What a connector is for. All but `hybrid` and `test-mode` are guesses by shape (assumed)."""

    PARTNER = "partner"
    """Mail with named domains of other organizations."""
    VENDOR = "vendor"
    """A mail gateway for all mail, or what transport rules send mail through: for no named domain."""
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
    # Source: E18 of data/connector_examples.json, a signature service; a public AppRiver script, which delivers by MX.
    scoped = isinstance(settings, OutboundSettings) and settings.is_transport_rule_scoped
    by_host = isinstance(settings, OutboundSettings) and bool(settings.smart_hosts)
    if "*" in settings.domains or (scoped and (by_host or not settings.domains)):
        return ConnectorKind.VENDOR
    if not settings.is_partner:
        return ConnectorKind.ON_PREMISES
    return ConnectorKind.PARTNER if settings.domains else ConnectorKind.VENDOR


#: Parameters that nobody declares and that say nothing when they are set.
_HARMLESS = {"ConnectorSource", "IsValidated", "LastValidationTimestamp", "Identity", "Confirm", "WhatIf"}

_NO_GUID = "00000000-0000-0000-0000-000000000000"


def internal_parameters(connector: ConnectorRecord) -> tuple[str, ...]:
    """Cmdlet parameters in use that nobody can declare, such as `EFTestMode`."""
    row = connector.row
    return tuple(
        name for name in REFUSED if name not in _HARMLESS and row.get(name) not in (None, "", False, [], _NO_GUID)
    )
