"""Validate-OutboundConnector: Exchange Online connects to the partner itself, and sends a message.

The cmdlet does not record its result; Set-OutboundConnector does. Source: Validate-OutboundConnector; docs issue 9213.
The rows have TaskName and IsTaskSuccessful (observed:single); everything else in them is kept as a detail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from exchange_online.admin_api.client import AdminApi
from exchange_online.admin_api.waiting import Effect
from exchange_online.connectors import ConnectorRecord

#: Seconds: the service gives a cmdlet 900, and its own module waits 960. Source: exchange-wire 8.2.
_READ_TIMEOUT = 960.0
_LONGEST = 500


@dataclass(frozen=True)
class ValidationTask:
    """One of the tests: connectivity to a smart host, or the test message."""

    name: str
    succeeded: bool | None
    detail: str = ""


def validate_outbound_connector(
    api: AdminApi, connector: ConnectorRecord, recipients: Sequence[str]
) -> tuple[ValidationTask, ...]:
    """Runs the tests. This sends a message to each recipient, and is never sent twice.

    Raises:
        AdminApiError: where the cmdlet fails; OutcomeUnknown where no answer says whether the message was sent.
    """
    answer = api.invoke(
        "Validate-OutboundConnector",
        {"Identity": connector.guid, "Recipients": list(recipients)},
        effect=Effect.CREATE,
        about=connector.name,
        read_timeout=_READ_TIMEOUT,
    )
    return tuple(_task(row) for row in answer.rows)


def record_validation(api: AdminApi, connector: ConnectorRecord, moment: datetime, *, validated: bool) -> None:
    """Writes the result into the connector: `IsValidated`, `LastValidationTimestamp`. Raises AdminApiError."""
    api.invoke(
        "Set-OutboundConnector",
        {
            "Identity": connector.guid,
            "IsValidated": validated,
            "LastValidationTimestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
        effect=Effect.IDEMPOTENT,
        about=connector.name,
    )


def _task(row: Mapping[str, object]) -> ValidationTask:
    known = {"TaskName", "IsTaskSuccessful"}
    succeeded = row.get("IsTaskSuccessful")
    detail = "; ".join(
        f"{name}: {value}" for name, value in row.items() if name not in known and value not in (None, "")
    )
    flag = succeeded if isinstance(succeeded, bool) else None
    return ValidationTask(str(row.get("TaskName") or "a test without a name"), flag, detail[:_LONGEST])
