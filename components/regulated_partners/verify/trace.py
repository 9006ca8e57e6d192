"""The message trace of the tenant: which connector did a message use?

`Get-MessageTraceV2` lists messages, `Get-MessageTraceDetailV2` what happened to one. The connector stands in the text
of the property Data, whose form is not documented. Source: Get-MessageTraceV2, Get-MessageTraceDetailV2 (parameters,
limits); public vendor modules for Data (observed:single, connector-semantics 3.3).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from exchange_online.admin_api.client import AdminApi, Effect
from exchange_online.admin_api.wire import JsonValue
from exchange_online.connectors import Direction

#: Source: Get-MessageTraceV2: 10 days a query; 100 requests in 5 minutes.
LONGEST = timedelta(days=10)

#: Characters of Data that are looked at.
_LONGEST_DATA = 200_000
_VALUE = r"""(?P<name>[^;"<>|\r\n]{1,256})"""
_INBOUND = re.compile(rf"S:InboundConnectorData=Name={_VALUE}", re.IGNORECASE)
_OUTBOUND = re.compile(rf"TenantOutboundConnectorCustomData=Name={_VALUE}", re.IGNORECASE)
_FORCED = re.compile(r"ForcedTlsDomainValidation\((?P<host>[^)\s]{1,255})\)", re.IGNORECASE)
_VIA = re.compile(r"""[Uu]sing(?: the)? connector[: ]+['"]?(?P<name>[^'";.\r\n]{1,256})""")


@dataclass(frozen=True)
class TracedMessage:
    """One message to one recipient.

    Attributes:
        trace_id, message_id: its ids.
        sender, recipient, subject: as the trace shows them.
        received: as the service writes it.
        status: `Delivered`, `Failed`, `Pending`, ...
        from_ip, to_ip: who connected, and whither it went; empty where unknown.
    """

    trace_id: str
    message_id: str
    sender: str
    recipient: str
    subject: str
    received: str
    status: str
    from_ip: str = ""
    to_ip: str = ""


@dataclass(frozen=True)
class TraceEvent:
    """One thing that happened to a message, as the service says it."""

    date: str
    event: str
    action: str
    detail: str
    data: str


class MessageTraces:
    """The two cmdlets, typed. Every method raises the errors of `admin_api.errors`."""

    def __init__(self, api: AdminApi) -> None:
        self._api = api

    def messages(
        self,
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
        """
        parameters: dict[str, JsonValue] = {
            "StartDate": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "EndDate": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "ResultSize": at_most,
        }
        parameters |= {"SenderAddress": list(senders)} if senders else {}
        parameters |= {"RecipientAddress": list(recipients)} if recipients else {}
        parameters |= {"MessageId": [message_id]} if message_id else {}
        answer = self._api.invoke("Get-MessageTraceV2", parameters, effect=Effect.READ)
        found = [_message(row) for row in answer.rows]
        return tuple(sorted(found, key=lambda each: each.received, reverse=True))

    def events(self, message: TracedMessage) -> tuple[TraceEvent, ...]:
        """What happened to a message, in the service's order."""
        parameters: dict[str, JsonValue] = {"MessageTraceId": message.trace_id, "RecipientAddress": message.recipient}
        answer = self._api.invoke("Get-MessageTraceDetailV2", parameters, effect=Effect.READ, about=message.message_id)
        return tuple(_event(row) for row in answer.rows)


def connectors_used(events: Iterable[TraceEvent], direction: Direction) -> tuple[str, ...]:
    """The names of the connectors that a message used, each once; none where nothing says so."""
    pattern = _INBOUND if direction is Direction.INBOUND else _OUTBOUND
    names: list[str] = []
    for event in events:
        data = html.unescape(event.data[:_LONGEST_DATA])
        names += [found["name"].strip() for found in pattern.finditer(data)]
        if direction is Direction.OUTBOUND and event.action == "RouteMessageUsingConnector":
            names += [found["name"].strip() for found in _VIA.finditer(event.detail[:_LONGEST_DATA])]
    return tuple(dict.fromkeys(name for name in names if name))


def forced_tls_hosts(events: Iterable[TraceEvent]) -> tuple[str, ...]:
    """The hosts whose certificate was compared (`ForcedTlsDomainValidation`). Source: a trace of 2015."""
    found = [match["host"] for event in events for match in _FORCED.finditer(html.unescape(event.data[:_LONGEST_DATA]))]
    return tuple(dict.fromkeys(found))


def _message(row: Mapping[str, object]) -> TracedMessage:
    names = ("MessageTraceId", "MessageId", "SenderAddress", "RecipientAddress", "Subject", "Received", "Status")
    return TracedMessage(*(_text(row.get(name)) for name in (*names, "FromIP", "ToIP")))


def _event(row: Mapping[str, object]) -> TraceEvent:
    return TraceEvent(*(_text(row.get(name)) for name in ("Date", "Event", "Action", "Detail", "Data")))


def _text(value: object) -> str:
    return "" if value is None else str(value)
