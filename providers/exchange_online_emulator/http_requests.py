"""Reading requests: bodies of bounded size."""

from __future__ import annotations

from starlette.requests import Request


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
