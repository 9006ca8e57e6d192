"""What is known of one cmdlet parameter."""

from __future__ import annotations

from dataclasses import dataclass

from exchange_online.connectors.names import Named
from exchange_online.connectors.values import Kind, Value


@dataclass(frozen=True)
class Parameter(Named):
    """A parameter of `New-`/`Set-InboundConnector` or `New-`/`Set-OutboundConnector` that can be declared.

    Attributes:
        kind: reads any spelling of a value into the canonical one.
        doc: what it does, one or two sentences.
        on_new: False where only `Set-` takes it.
        always_sent: True where `New-` must carry it although it equals the default, because the documented
            default changed or is not documented at all.
        shown_at_default: True where the canonical inputs hold the property at its default too.
        cleared_with: what `Set-` sends to empty it. Source: exchange-wire 5.3 (assumed for all but Comment).
        required: True where `New-` refuses to run without it.
    """

    kind: Kind
    doc: str
    on_new: bool = True
    always_sent: bool = False
    shown_at_default: bool = True
    cleared_with: str | None = None
    required: bool = False

    @property
    def always_shown(self) -> bool:
        """Whether the canonical inputs hold it whatever is declared."""
        return self.required or (self.shown_at_default and self.kind.empty not in (None, ()))

    def encode(self, value: Value) -> bool | str | list[str] | None:
        """The JSON value that the cmdlet takes for a canonical value. Source: exchange-wire 5.3."""
        if value is None or value in ("", ()):
            return self.cleared_with
        return list(value) if isinstance(value, tuple) else value


#: Parameters that exist and that nobody declares, each with the reason that a refusal gives.
REFUSED = {
    "EFTestMode": "is reserved for internal use by Microsoft",
    "EFSkipMailGateway": "is reserved for internal use by Microsoft",
    "ScanAndDropRecipients": "is reserved for internal use by Microsoft",
    "ClientHostNames": "is undocumented",
    "LinkForModifiedConnector": "is reserved for internal use by Microsoft",
    "ConnectorSource": "is set by the service, and Microsoft asks not to change it",
    "IsValidated": "is the result of a validation and not a setting",
    "LastValidationTimestamp": "is the result of a validation and not a setting",
    "Identity": "is the connector's id, which Pulumi keeps",
    "Confirm": "is a switch of PowerShell",
    "WhatIf": "is a switch of PowerShell; `pulumi preview` shows what would change",
}
