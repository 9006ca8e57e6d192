"""Service offerings on which inbound connectors are restricted (switch `offering`)."""

from __future__ import annotations

from exchange_online_emulator.errors import OrganizationProhibitedError
from exchange_online_emulator.models import Kind, SettingValue, StoredObject
from exchange_online_emulator.rules import rule
from exchange_online_emulator.switches import Switches

_CREATED_DISABLED = (
    "Inbound connector for this service offering is created in a disabled state. Contact Support to enable it."
)
_CANNOT_ENABLE = "For this service offering, you can't enable an inbound connector. Contact Support to enable it."


@rule(
    "V30",
    "offering=disabled: an OnPremises inbound connector is created disabled, with a warning",
    tag="documented",
    source="inbound connector FAQ, EX505293",
    applies="switch",
)
def created_disabled(kind: Kind, settings: dict[str, SettingValue], switches: Switches) -> tuple[str, ...]:
    """Turn `Enabled` off in the settings of a New; returns the warnings."""
    if switches.offering != "disabled" or kind is not Kind.INBOUND or settings.get("ConnectorType") != "OnPremises":
        return ()
    settings["Enabled"] = False
    return (_CREATED_DISABLED,)


@rule(
    "V31",
    "offering=disabled: enabling an OnPremises inbound connector is declined with a warning",
    tag="documented",
    source="inbound connector FAQ",
    applies="switch",
)
def enabling_declined(before: StoredObject, settings: dict[str, SettingValue], switches: Switches) -> tuple[str, ...]:
    """Keep `Enabled` off in the settings of a Set; returns the warnings."""
    restricted = switches.offering == "disabled" and before.kind is Kind.INBOUND
    if not restricted or settings.get("ConnectorType") != "OnPremises":
        return ()
    if before.flag("Enabled") or settings.get("Enabled") is not True:
        return ()
    settings["Enabled"] = False
    return (_CANNOT_ENABLE,)


@rule(
    "V32",
    "offering=prohibited: creating or changing an inbound connector is refused",
    tag="observed:single",
    source="SEPP docs (German text; the English one is assumed), EX505293",
    applies="switch",
)
def refuse_prohibited(kind: Kind, switches: Switches) -> None:
    """Raises `OrganizationProhibitedError`."""
    if switches.offering == "prohibited" and kind is Kind.INBOUND:
        raise OrganizationProhibitedError(
            "For this service offering, you can't create or update inbound connectors in your organization."
        )


@rule(
    "V35",
    "offering=developer: New-InboundConnector is refused",
    tag="documented",
    source="New-InboundConnector, note on E5 developer subscriptions; type and text assumed",
    applies="switch",
)
def refuse_developer(kind: Kind, switches: Switches) -> None:
    """Raises `OrganizationProhibitedError`."""
    if switches.offering == "developer" and kind is Kind.INBOUND:
        raise OrganizationProhibitedError("Creation of inbound connectors is restricted in your organization.")
