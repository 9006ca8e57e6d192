"""What the rules on inbound and on outbound connectors share."""

from __future__ import annotations

from exchange_online_emulator.cmdlets.changes import Change, connector_rule
from exchange_online_emulator.models import Kind

_NAME_LIMIT = 64
_BOTH = (Kind.INBOUND, Kind.OUTBOUND)


def too_long(change: Change) -> str | None:
    """The refusal of a Name over 64 characters (V3)."""
    over = len(change.name) > _NAME_LIMIT
    return f"The length of the property is too long. The maximum length is {_NAME_LIMIT}." if over else None


@connector_rule(
    "V15",
    "CloudServicesMailEnabled true needs OnPremises",
    *_BOTH,
    tag="observed:single",
    source="inspnet/signer README, from New-OutboundConnector; documented for both",
)
def cloud_services_mail(change: Change) -> str | None:
    """The service's own text."""
    bad = change.flag("CloudServicesMailEnabled") and change.partner
    return "CloudServicesMailEnabled cannot be set to true if Connector type is not OnPremises" if bad else None


def in_use_text(name: str, rules: tuple[str, ...]) -> str:
    """The refusal to take a connector away from transport rules. The text is assumed."""
    return f"The connector '{name}' is used by the transport rule(s) {', '.join(rules)} and can't be changed so."
