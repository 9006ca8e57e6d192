"""Rules for connectors of both directions. Numbers and sources are those of the connector reference, section 5."""

from __future__ import annotations

from exchange_online.connectors.findings import Severity
from exchange_online.connectors.names import ConnectorType
from exchange_online.connectors.options import Options
from exchange_online.connectors.rules import INBOUND, OUTBOUND, Answer, rule
from exchange_online.connectors.settings import ConnectorSettings

_LONGEST_NAME = 64


def _name_needed(s: ConnectorSettings, _: Options) -> Answer:
    return None if s.name else ("a connector needs a name", f"give it one of at most {_LONGEST_NAME} characters")


def _name_length(s: ConnectorSettings, _: Options) -> Answer:
    if len(s.name) <= _LONGEST_NAME:
        return None
    return f"the name has {len(s.name)} characters", f"shorten it to at most {_LONGEST_NAME}"


_HYBRID = ("cloudServicesMailEnabled", "connectorType")


def _hybrid_only(s: ConnectorSettings, _: Options) -> Answer:
    if not s.cloud_services_mail_enabled or s.connector_type == ConnectorType.ON_PREMISES:
        return None
    return "it needs connectorType OnPremises", "leave it out for a partner"


rule(INBOUND, "V1", Severity.ERROR, "name", source="New-InboundConnector, Name")(_name_needed)
rule(OUTBOUND, "V2", Severity.ERROR, "name", source="New-OutboundConnector, Name")(_name_needed)
rule(INBOUND, "V3", Severity.ERROR, "name", source="New-InboundConnector, Name: no length documented, 64 assumed")(
    _name_length
)
rule(OUTBOUND, "V3", Severity.ERROR, "name", source="New-OutboundConnector, Name: maximum 64")(_name_length)
rule(INBOUND, "V15", Severity.ERROR, *_HYBRID, source="error text in inspnet/signer (observed)")(_hybrid_only)
rule(OUTBOUND, "V15", Severity.ERROR, *_HYBRID, source="error text in inspnet/signer (observed)")(_hybrid_only)
