"""HTTP below the views: bodies of bounded size; answers that are none, or only half of one; answers of faults."""

from __future__ import annotations

import asyncio
import json
import socket
import struct

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from exchange_online_emulator.faults import CONCURRENCY_TEXT, Action, Status, Throttled
from exchange_online_emulator.rules import observed_single


class BodyTooLargeError(Exception):
    """The body is larger than the service reads."""


async def read_body(request: Request, limit: int) -> bytes:
    """The body, at most `limit` bytes. Raises `BodyTooLargeError` as soon as more is announced or has come."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise BodyTooLargeError
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise BodyTooLargeError
    return bytes(body)


LOST = 499


class LostAnswer(Response):
    """An answer that the caller does not get, or not whole."""


class ResetConnection(LostAnswer):
    """Resets the TCP connection instead of answering."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Abort the transport that `serving.Protocol` put into the scope."""
        transport = scope["state"]["transport"]
        raw: socket.socket | None = transport.get_extra_info("socket")
        if raw is not None:
            # Linger 0 makes the close a reset (RST), as a dying server or a cut connection shows it.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await _ended(receive)


class CutResponse(LostAnswer):
    """Sends status, headers and half of the body, then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half, close."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body[: len(self.body) // 2])
        await send({"type": "http.response.body", "body": half, "more_body": True})
        # Long enough for the half to leave this machine's buffers.
        await asyncio.sleep(0.05)
        scope["state"]["transport"].abort()
        await _ended(receive)


async def _ended(receive: Receive) -> None:
    # Until the server has seen the end: it would try to answer 500 otherwise.
    while (await receive())["type"] != "http.disconnect":
        pass


@observed_single(
    "throttling",
    "a 429 is plain text with the concurrency limit (fault throttled), or JSON that ends in the seconds to wait (fault "
    "status with retry_after)",
    "EXOHELPER (the text, exchange-wire 7.2); goosey takes the last word but one for the seconds; the rest is assumed",
    applies="fault",
)
def plain_answer(action: Action | None) -> Response | None:
    """The answer of a fault that is a status with a text, None for every other."""
    if isinstance(action, Throttled):
        return Response(CONCURRENCY_TEXT, action.status, _retry_after(action.retry_after), "text/plain")
    if isinstance(action, Status):
        headers = _retry_after(action.retry_after)
        if action.text is not None:
            return Response(action.text, action.status, headers, "text/plain")
        text = f"The server answered {action.status}."
        if action.status == 429 and action.retry_after is not None:
            text = f"Too many requests. Please try again in {action.retry_after} seconds."
        body = f'{{"error":{{"code":"{action.status}","message":{json.dumps(text)}}}}}'
        return Response(body, action.status, headers, "application/json")
    return None


def _retry_after(value: str | None) -> dict[str, str]:
    return {} if value is None else {"Retry-After": value}
