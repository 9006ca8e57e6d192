"""Validate-OutboundConnector."""

from __future__ import annotations

from exchange_online_emulator.cmdlets.binding import Bound
from exchange_online_emulator.cmdlets.outcome import Outcome, PlainRow
from exchange_online_emulator.cmdlets.tenant import Tenant
from exchange_online_emulator.cmdlets.values import stored
from exchange_online_emulator.models import Kind
from exchange_online_emulator.rules import rule


@rule(
    "validate",
    "Validate-OutboundConnector returns TaskName and IsTaskSuccessful and does not set the validation status",
    tag="observed:single",
    source="Validate-OutboundConnector (status: docs issue 9213); rows: exchange-wire section 9, 8; task names assumed",
)
def validate(tenant: Tenant, bound: Bound) -> Outcome:
    """One row per smart host (or for the MX record) and one for the test message.

    Raises `ObjectNotFoundError`, `InvalidSettingError` for a recipient that is no SMTP address.
    """
    connector = tenant.find(Kind.OUTBOUND, str(bound["Identity"]))
    recipients = bound["Recipients"]
    stored("Recipients", recipients if isinstance(recipients, tuple) else ())
    if bound.get("Confirm") is True or bound.get("WhatIf") is True:
        return Outcome(confirmation_message=f"Validating the OutboundConnector '{connector.name}'.")
    succeeds = tenant.switches.validation_succeeds
    hosts = connector.values("SmartHosts") if not connector.flag("UseMXRecord") else ("MX record",)
    tasks = [f"Check connectivity to '{host}'" for host in hosts] + ["Send test email"]
    return Outcome(tuple(PlainRow({"TaskName": task, "IsTaskSuccessful": succeeds}) for task in tasks))
