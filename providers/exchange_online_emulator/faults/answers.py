"""The answers of faults."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

from exchange_online_emulator.faults.models import CONCURRENCY_TEXT, Action, ConnectionReset, Delay, Status, Throttled
from exchange_online_emulator.http_responses import ResetConnection

if TYPE_CHECKING:
    from exchange_online_emulator.service import Emulator


async def token_fault(emulator: Emulator) -> Response | None:
    """The answer of a fault on the token endpoint, None when none acts."""
    action = emulator.faults.take("token", frozenset(), 1)
    if isinstance(action, Delay):
        await asyncio.sleep(action.seconds)
        return None
    if isinstance(action, ConnectionReset):
        return ResetConnection()
    return plain_answer(action)


def plain_answer(action: Action | None) -> Response | None:
    """The answer of a fault that is a status with a text, None for every other."""
    if isinstance(action, Throttled):
        return Response(CONCURRENCY_TEXT, action.status, _retry_after(action.retry_after), "text/plain")
    if isinstance(action, Status):
        headers = _retry_after(action.retry_after)
        if action.text is not None:
            return Response(action.text, action.status, headers, "text/plain")
        body = f'{{"error":{{"code":"{action.status}","message":"The server answered {action.status}."}}}}'
        return Response(body, action.status, headers, "application/json")
    return None


def _retry_after(value: str | None) -> dict[str, str]:
    return {} if value is None else {"Retry-After": value}
