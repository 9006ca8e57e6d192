"""What is known of one cmdlet parameter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from exchange_online.connectors.names import camel_case, snake_case
from exchange_online.connectors.values import Kind, Value


@dataclass(frozen=True)
class Parameter:
    """A parameter of `New-`/`Set-InboundConnector` or `New-`/`Set-OutboundConnector` that can be declared.

    Attributes:
        name: the cmdlets' spelling, `SenderIPAddresses`.
        kind: reads any spelling of a value into the canonical one.
        doc: what it does, one or two sentences.
        on_new: False where only `Set-` takes it.
        always_sent: True where `New-` must carry it although it equals the default, because the documented
            default changed or is not documented at all.
        shown_at_default: True where the canonical inputs hold the property at its default too.
        cleared_with: what `Set-` sends to empty it. Source: exchange-wire 5.3 (assumed for all but Comment).
        required: True where `New-` refuses to run without it.
    """

    name: str
    kind: Kind
    doc: str
    on_new: bool = True
    always_sent: bool = False
    shown_at_default: bool = True
    cleared_with: str | None = None
    required: bool = False

    @cached_property
    def key(self) -> str:
        """The Pulumi property, `senderIpAddresses`."""
        return camel_case(self.name)

    @cached_property
    def attribute(self) -> str:
        """The Python argument and the attribute of the settings, `sender_ip_addresses`."""
        return snake_case(self.name)

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
