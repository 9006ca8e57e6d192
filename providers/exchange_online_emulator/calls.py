"""The call log: every InvokeCommand that was seen, with its parameters exactly as sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from exchange_online_emulator.faults.models import Action
from exchange_online_emulator.storage import Store


class Call(BaseModel):
    """One InvokeCommand.

    `status` is the HTTP status, 499 when the connection was reset instead; `fault` the kind of the fault that acted;
    `page` 1 for a first request, 2 for a next link; `parameters` the JSON as sent.
    """

    model_config = ConfigDict(frozen=True)

    cmdlet: str
    parameters: dict[str, Any]
    status: int
    time: datetime = Field(default_factory=lambda: datetime.now(UTC))
    page: int = 1
    fault: str | None = None
    anchor: str | None = None
    client_request_id: str | None = None
    prefer: str | None = None
    cmdlet_header: str | None = Field(None, description="X-CmdletName")

    @property
    def writes(self) -> bool:
        """Whether the cmdlet changes the tenant."""
        return self.cmdlet.lower().startswith(("new-", "set-", "remove-"))

    @classmethod
    def of(
        cls, request: Request, cmdlet: str, parameters: Mapping[str, Any], status: int, fault: Action | None
    ) -> Call:
        """The call that a request was."""
        headers = request.headers
        return cls(
            cmdlet=cmdlet,
            parameters=dict(parameters),
            status=status,
            page=2 if "skiptoken" in request.url.query else 1,
            fault=fault.kind if fault else None,
            anchor=headers.get("x-anchormailbox"),
            client_request_id=headers.get("client-request-id"),
            prefer=headers.get("prefer"),
            cmdlet_header=headers.get("x-cmdletname"),
        )


def record(store: Store, call: Call) -> None:
    """Append to the log."""
    store.add_call(call.model_dump_json())


def recorded(store: Store, limit: int | None = None) -> list[Call]:
    """The log, oldest first."""
    return [Call.model_validate_json(body) for body in store.calls(limit)]
