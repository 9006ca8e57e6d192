"""Settings of Exchange Online connectors: their parameters, their one canonical form, the rules they obey.

Pure: nothing here talks to Pulumi or to a server.
"""

from exchange_online.connectors.canonical import Checked, check, observed
from exchange_online.connectors.changes import Change, changes, new_parameters, set_parameters
from exchange_online.connectors.findings import Finding, Severity
from exchange_online.connectors.names import TOKENS, Direction
from exchange_online.connectors.parameters import Parameter
from exchange_online.connectors.record import ConnectorRecord, record_from_row
from exchange_online.connectors.settings import (
    ConnectorSettings,
    InboundSettings,
    OutboundSettings,
    parameters,
    settings_class,
)

__all__ = [
    "TOKENS",
    "Change",
    "Checked",
    "ConnectorRecord",
    "ConnectorSettings",
    "Direction",
    "Finding",
    "InboundSettings",
    "OutboundSettings",
    "Parameter",
    "Severity",
    "changes",
    "check",
    "new_parameters",
    "observed",
    "parameters",
    "record_from_row",
    "set_parameters",
    "settings_class",
]
