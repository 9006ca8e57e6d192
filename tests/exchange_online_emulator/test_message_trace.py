"""The message trace: which messages a query gives, and what happened to one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from exchange_online_emulator import Control, TracedMessage, TraceEvent
from tests.exchange_online_emulator.admin import Admin, refusal_text

TRACE, DETAIL = "Get-MessageTraceV2", "Get-MessageTraceDetailV2"


def ago(**units: float) -> datetime:
    """A moment before now."""
    return datetime.now(UTC) - timedelta(**units)


@pytest.fixture
def traced(control: Control) -> list[TracedMessage]:
    """Three messages: one now, one of yesterday, one of five days ago."""
    events = [TraceEvent(data="S:InboundConnectorData=Name=Fabrikam;x=y"), TraceEvent(event="DELIVER")]
    messages = [
        TracedMessage(sender="a@fabrikam.com", recipient="b@contoso.com", subject="One [1]", events=events),
        TracedMessage(sender="c@fabrikam.com", recipient="b@contoso.com", status="Failed", received=ago(days=1)),
        TracedMessage(sender="b@contoso.com", recipient="a@fabrikam.com", received=ago(days=5), from_ip="192.0.2.1"),
    ]
    assert control.seed(messages=messages) == 3
    assert control.seed(messages=messages) == 0
    return messages


def _senders(admin: Admin, **parameters: Any) -> list[str]:
    return [row["SenderAddress"] for row in admin.rows(TRACE, parameters)]


def test_the_filters(admin: Admin, traced: list[TracedMessage]) -> None:
    """Failing: a client that asks for one message gets another one here than in the service."""
    week = {"StartDate": ago(days=7).isoformat(), "EndDate": datetime.now(UTC).isoformat()}
    assert _senders(admin) == ["a@fabrikam.com", "c@fabrikam.com"]
    assert _senders(admin, **week) == ["a@fabrikam.com", "c@fabrikam.com", "b@contoso.com"]
    assert _senders(admin, SenderAddress="*@FABRIKAM.com", **week) == ["a@fabrikam.com", "c@fabrikam.com"]
    assert _senders(admin, RecipientAddress=["a@fabrikam.com"], **week) == ["b@contoso.com"]
    assert _senders(admin, MessageId=[traced[1].message_id]) == ["c@fabrikam.com"]
    assert _senders(admin, Status=["Failed"]) == ["c@fabrikam.com"]
    assert _senders(admin, FromIP="192.0.2.1", **week) == ["b@contoso.com"]
    assert _senders(admin, Subject="[1]", SubjectFilterType="EndsWith") == ["a@fabrikam.com"]
    assert _senders(admin, ResultSize=1) == ["a@fabrikam.com"]


def test_the_events_of_a_message(admin: Admin, traced: list[TracedMessage]) -> None:
    """Failing: a client cannot see which connector a message used."""
    parameters = {"MessageTraceId": traced[0].message_trace_id, "RecipientAddress": "b@contoso.com"}
    rows = admin.rows(DETAIL, parameters)
    assert [row["Event"] for row in rows] == ["RECEIVE", "DELIVER"]
    assert "Name=Fabrikam;" in rows[0]["Data"]
    assert [row["Event"] for row in admin.rows(DETAIL, {**parameters, "Event": ["deliver"]})] == ["DELIVER"]
    assert admin.rows(DETAIL, {**parameters, "RecipientAddress": "x@contoso.com"}) == []


@pytest.mark.parametrize(
    "parameters",
    [
        {"StartDate": ago(days=20).isoformat(), "EndDate": ago(days=1).isoformat()},
        {"StartDate": ago(days=100).isoformat(), "EndDate": ago(days=95).isoformat()},
        {"ResultSize": 5001},
        {"ResultSize": 0},
        {"Subject": "a", "SubjectFilterType": "Regex"},
        {"Page": 1},
    ],
)
def test_what_is_refused(admin: Admin, traced: list[TracedMessage], parameters: dict[str, Any]) -> None:
    """Failing: a query that the service refuses works here."""
    assert traced
    assert admin.post(TRACE, parameters).status_code == 400


def test_the_detail_needs_both_ids(admin: Admin) -> None:
    """Failing: a query without a recipient works here only."""
    refused = admin.post(DETAIL, {"MessageTraceId": "2bbad36a-a467-4c7b-a82f-4b307fff549f"})
    assert refused.status_code == 400
    assert "RecipientAddress" in refusal_text(refused)
