"""Get-MessageTraceV2 and Get-MessageTraceDetailV2, on messages that a test has seeded."""

from __future__ import annotations

import fnmatch
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from exchange_online_emulator.cmdlets.parameters import Bound
from exchange_online_emulator.cmdlets.tenant import Outcome, Tenant
from exchange_online_emulator.cmdlets.values import ticks
from exchange_online_emulator.errors import InvalidSettingError
from exchange_online_emulator.models import Kind, StoredObject
from exchange_online_emulator.rules import documented, observed_single
from exchange_online_emulator.storage import Store


class _Model(BaseModel):
    # The properties of a row have the fields' names in Pascal case, and the fields the order of the cmdlets' pages.
    model_config = ConfigDict(extra="forbid", alias_generator=AliasGenerator(serialization_alias=to_pascal))


class TraceEvent(_Model):
    """One event (`RECEIVE`, `SEND`, ...). Data is text that names connectors, as in `S:InboundConnectorData=...`."""

    event: str = "RECEIVE"
    action: str = ""
    detail: str = ""
    data: str = ""


class TracedMessage(_Model):
    """One message to one recipient, received now unless said otherwise (UTC)."""

    message_id: str = Field(default_factory=lambda: f"<{uuid.uuid4()}@emulator.invalid>")
    received: datetime = Field(default_factory=lambda: datetime.now(UTC))
    sender: str = Field(serialization_alias="SenderAddress")
    recipient: str = Field(serialization_alias="RecipientAddress")
    subject: str = ""
    status: str = "Delivered"
    to_ip: str | None = Field(None, serialization_alias="ToIP")
    from_ip: str | None = Field(None, serialization_alias="FromIP")
    size: int = 4096
    message_trace_id: str = Field(default_factory=lambda: str(uuid.uuid4()))
    events: list[TraceEvent] = []


def plant_message(store: Store, message: TracedMessage) -> int:
    """Put a message and its events into the trace; returns 1, or 0 when it is there already."""
    name = f"{message.message_trace_id}/{message.recipient}"
    if store.find(Kind.MESSAGE_TRACE, name) is not None:
        return 0
    received = ticks(message.received.astimezone(UTC))
    settings = message.model_dump(by_alias=True, exclude={"events"}) | {"Received": received}
    store.insert(StoredObject(Kind.MESSAGE_TRACE, name, settings))
    shared = {"MessageId": message.message_id, "MessageTraceId": message.message_trace_id, "Date": received}
    for number, event in enumerate(message.events):
        details = {**shared, **event.model_dump(by_alias=True), "RecipientAddress": message.recipient}
        store.insert(StoredObject(Kind.MESSAGE_TRACE_DETAIL, f"{name}/{number}", details))
    return 1


_DEFAULT_RESULT_SIZE, _LARGEST_RESULT_SIZE = 1000, 5000
_DEFAULT_WINDOW, _LONGEST_WINDOW, _KEPT = timedelta(hours=48), timedelta(days=10), timedelta(days=90)
_MORE = "There are more results; query again with StartingRecipientAddress and EndDate of the last one."


def get(tenant: Tenant, kind: Kind, bound: Bound) -> Outcome:
    """The rows of one of the two. Raises `InvalidSettingError`."""
    objects = tenant.store.objects(kind)
    if kind is Kind.MESSAGE_TRACE_DETAIL:
        return Outcome(_events(objects, bound))
    return _messages(objects, bound)


@documented(
    "message-trace",
    "Get-MessageTraceV2 gives the messages of the last 48 hours, or of at most 10 days within the last 90; at most "
    "ResultSize (default 1000, limit 5000); addresses may hold wildcards",
    "Get-MessageTraceV2 (windows, sizes); wildcards, order, warning and texts are assumed",
)
def _messages(objects: tuple[StoredObject, ...], bound: Bound) -> Outcome:
    start, end = _window(bound)
    size = bound.get("ResultSize", _DEFAULT_RESULT_SIZE)
    if not isinstance(size, int) or not 1 <= size <= _LARGEST_RESULT_SIZE:
        raise InvalidSettingError(f"ResultSize must be between 1 and {_LARGEST_RESULT_SIZE}.")
    found = tuple(item for item in objects if start <= _moment(item.text("Received")) <= end and _fits(item, bound))
    return Outcome(found[:size], (_MORE,) if len(found) > size else ())


@observed_single(
    "message-trace-detail",
    "Get-MessageTraceDetailV2 gives the events of one message to one recipient; Data names the connectors",
    "Get-MessageTraceDetailV2 (parameters); public vendor modules (S:InboundConnectorData=Name=); rows assumed",
)
def _events(objects: tuple[StoredObject, ...], bound: Bound) -> tuple[StoredObject, ...]:
    wanted = (str(bound["MessageTraceId"]), str(bound["RecipientAddress"]).casefold())
    events = bound.get("Event")
    names = {name.casefold() for name in events} if isinstance(events, tuple) else set()
    return tuple(
        item
        for item in objects
        if (item.text("MessageTraceId"), str(item.text("RecipientAddress")).casefold()) == wanted
        and (not names or str(item.text("Event")).casefold() in names)
    )


def _window(bound: Bound) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    given_start, given_end = bound.get("StartDate"), bound.get("EndDate")
    end = _moment(given_end) if isinstance(given_end, str) else now
    start = _moment(given_start) if isinstance(given_start, str) else end - _DEFAULT_WINDOW
    if start > end or end - start > _LONGEST_WINDOW or start < now - _KEPT - timedelta(minutes=5):
        raise InvalidSettingError("StartDate and EndDate must be at most 10 days apart and within the last 90 days.")
    return start, end


def _moment(text: str | None) -> datetime:
    moment = datetime.fromisoformat(text or "0001-01-01T00:00:00")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _fits(item: StoredObject, bound: Bound) -> bool:
    """Whether a message passes the filters that were given."""
    for name in ("SenderAddress", "RecipientAddress", "MessageId", "Status"):
        wanted = bound.get(name)
        if isinstance(wanted, tuple) and wanted and not _any(item.text(name) or "", wanted):
            return False
    for name in ("FromIP", "ToIP", "MessageTraceId"):
        single = bound.get(name)
        if isinstance(single, str) and single and item.text(name) != single:
            return False
    return _subject(item.text("Subject") or "", bound)


def _any(value: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(value.casefold(), _literal(pattern.casefold())) for pattern in patterns)


def _literal(pattern: str) -> str:
    """Only the star is a wildcard; `[` is what a Message-ID may hold."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


_SUBJECT_FILTERS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda subject, wanted: wanted in subject,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def _subject(subject: str, bound: Bound) -> bool:
    wanted, kind = bound.get("Subject"), bound.get("SubjectFilterType") or "Contains"
    if not isinstance(wanted, str) or not wanted:
        return True
    test = _SUBJECT_FILTERS.get(str(kind).casefold())
    if test is None:
        raise InvalidSettingError("SubjectFilterType must be Contains, EndsWith or StartsWith.")
    return test(subject.casefold(), wanted.casefold())
