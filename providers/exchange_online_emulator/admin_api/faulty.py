"""What faults make of an InvokeCommand."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from exchange_online_emulator.admin_api import responses
from exchange_online_emulator.admin_api.authorization import new_challenge
from exchange_online_emulator.errors import NotAuthenticatedError, ServiceError, StalePageError
from exchange_online_emulator.faults.answers import plain_answer
from exchange_online_emulator.faults.models import (
    Action,
    BrokenPageLink,
    ConnectionReset,
    Delay,
    ErrorsInAnswer,
    ExpiredToken,
    Forbidden,
    Garbage,
    Refusal,
)
from exchange_online_emulator.http_responses import CutResponse, ResetConnection
from exchange_online_emulator.service import Emulator


def before(emulator: Emulator, fault: Action | None) -> Response | None:
    """The answer of a fault that strikes before the cmdlet, None when the cmdlet runs."""
    if isinstance(fault, ExpiredToken):
        if fault.claims:
            emulator.challenge = new_challenge()
        error = NotAuthenticatedError("token expired", claims=emulator.challenge if fault.claims else None)
        return responses.not_authenticated(error, emulator.url)
    if isinstance(fault, BrokenPageLink):
        stale = StalePageError() if fault.how == "stale" else ServiceError("Object reference not set.", status=500)
        return responses.refusal(stale)
    return None if fault is None or getattr(fault, "after_write", False) else _struck(fault)


async def after(fault: Action | None, response: Response) -> Response:
    """The answer once the cmdlet is done: the fault's, or the service's own."""
    if isinstance(fault, Delay):
        await asyncio.sleep(fault.seconds)
        return response
    if fault is None or not getattr(fault, "after_write", False):
        return response
    if isinstance(fault, ConnectionReset) and fault.midway:
        return CutResponse(bytes(response.body), response.status_code, dict(response.headers))
    return _struck(fault) or response


def _struck(fault: Action) -> Response | None:
    if isinstance(fault, ConnectionReset):
        return ResetConnection()
    if isinstance(fault, Forbidden):
        return responses.forbidden()
    if isinstance(fault, Refusal):
        error = ServiceError(fault.text, exception_type=fault.exception_type, status=fault.status)
        error.has_details = fault.details
        return responses.refusal(error)
    if isinstance(fault, ErrorsInAnswer):
        return responses.success("", [], [], errors=fault.errors)
    if isinstance(fault, Garbage):
        return Response(fault.body, 200, media_type=fault.content_type)
    return plain_answer(fault)
