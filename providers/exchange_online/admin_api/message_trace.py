"""The message trace: `Get-MessageTraceV2` lists messages, `Get-MessageTraceDetailV2` what happened to one.

Source: Get-MessageTraceV2, Get-MessageTraceDetailV2 (parameters, limits).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from exchange_online.admin_api.client import AdminApi
from exchange_online.admin_api.waiting import Effect
from exchange_online.admin_api.wire import JsonValue

#: Source: Get-MessageTraceV2: 10 days a query; 100 requests in 5 minutes.
LONGEST_TRACE = timedelta(days=10)


@dataclass(frozen=True)
class TracedMessage:
    """One message to one recipient.

    Attributes:
        trace_id, message_id: its ids.
        sender, recipient: as the trace shows them.
        received: as the service writes it.
        status: `Delivered`, `Failed`, `Pending`, ...
    """

    trace_id: str
    message_id: str
    sender: str
    recipient: str
    received: str
    status: str


@dataclass(frozen=True)
class TraceEvent:
    """One thing that happened to a message, as the service says it."""

    date: str
    event: str
    action: str
    detail: str
    data: str


def traced_messages(
    api: AdminApi,
    *,
    start: datetime,
    end: datetime,
    senders: Sequence[str] = (),
    recipients: Sequence[str] = (),
    message_id: str | None = None,
    at_most: int = 100,
) -> tuple[TracedMessage, ...]:
    """Messages of a time, the newest first.

    Args:
        start, end: UTC, at most 10 days apart.
        senders, recipients: addresses; `*@fabrikam.com` for a domain (assumed, as Get-MessageTrace takes it).
        message_id: of the header Message-ID.
        at_most: rows, up to 5000.

    Raises:
        AdminApiError: where the service does not answer.
    """
    parameters: dict[str, JsonValue] = {
        "StartDate": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "EndDate": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ResultSize": at_most,
    }
    parameters |= {"SenderAddress": list(senders)} if senders else {}
    parameters |= {"RecipientAddress": list(recipients)} if recipients else {}
    parameters |= {"MessageId": [message_id]} if message_id else {}
    answer = api.invoke("Get-MessageTraceV2", parameters, effect=Effect.READ)
    found = [_message(row) for row in answer.rows]
    return tuple(sorted(found, key=lambda message: message.received, reverse=True))


def trace_events(api: AdminApi, message: TracedMessage) -> tuple[TraceEvent, ...]:
    """What happened to a message, in the service's order. Raises AdminApiError."""
    parameters: dict[str, JsonValue] = {"MessageTraceId": message.trace_id, "RecipientAddress": message.recipient}
    answer = api.invoke("Get-MessageTraceDetailV2", parameters, effect=Effect.READ, about=message.message_id)
    return tuple(_event(row) for row in answer.rows)


def _message(row: Mapping[str, object]) -> TracedMessage:
    names = ("MessageTraceId", "MessageId", "SenderAddress", "RecipientAddress", "Received", "Status")
    return TracedMessage(*(_text(row.get(name)) for name in names))


def _event(row: Mapping[str, object]) -> TraceEvent:
    return TraceEvent(*(_text(row.get(name)) for name in ("Date", "Event", "Action", "Detail", "Data")))


def _text(value: object) -> str:
    return "" if value is None else str(value)
