"""Seeding of the message trace: messages that other servers would have exchanged with the tenant."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from exchange_online_emulator.admin_api.rows import ticks
from exchange_online_emulator.models import Kind, StoredObject
from exchange_online_emulator.storage import Store


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TraceEvent(_Model):
    """One event: `RECEIVE`, `SEND`, ... Data is the text that names connectors, such as "
    "`S:InboundConnectorData=...`."""

    event: str = "RECEIVE"
    action: str = ""
    detail: str = ""
    data: str = ""


class TracedMessage(_Model):
    """One message to one recipient, received now unless said otherwise (UTC)."""

    sender: str
    recipient: str
    message_id: str = Field(default_factory=lambda: f"<{uuid.uuid4()}@emulator.invalid>")
    message_trace_id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    subject: str = ""
    status: str = "Delivered"
    received: datetime = Field(default_factory=lambda: datetime.now(UTC))
    from_ip: str | None = None
    to_ip: str | None = None
    size: int = 4096
    events: list[TraceEvent] = []


def plant_message(store: Store, message: TracedMessage) -> int:
    """Put a message and its events into the trace; returns 1, or 0 when it is there already."""
    name = f"{message.message_trace_id}/{message.recipient}"
    if store.find(Kind.MESSAGE_TRACE, name) is not None:
        return 0
    received = ticks(message.received.astimezone(UTC))
    ids = {"MessageId": message.message_id, "MessageTraceId": message.message_trace_id}
    settings = {
        **ids,
        "Received": received,
        "SenderAddress": message.sender,
        "RecipientAddress": message.recipient,
        "Subject": message.subject,
        "Status": message.status,
        "ToIP": message.to_ip,
        "FromIP": message.from_ip,
        "Size": message.size,
    }
    store.insert(StoredObject(Kind.MESSAGE_TRACE, name, settings))
    for number, event in enumerate(message.events):
        details = {
            **ids,
            "RecipientAddress": message.recipient,
            "Date": received,
            "Event": event.event,
            "Action": event.action,
            "Detail": event.detail,
            "Data": event.data,
        }
        store.insert(StoredObject(Kind.MESSAGE_TRACE_DETAIL, f"{name}/{number}", details))
    return 1
