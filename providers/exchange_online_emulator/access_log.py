"""One line per request, without secrets: no query, no header but the client's own request id, no body."""

from __future__ import annotations

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("emulator.access")


class AccessLog:
    """Middleware that logs method, path, cmdlet, status, milliseconds and client-request-id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.monotonic(), "reset"

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            # The answer was given by the error handler; its text may hold what a caller sent.
            logger.error("unexpected %s: %s", type(error).__name__, _where(error))  # noqa: TRY400
            status = "500"
            raise
        finally:
            milliseconds = (time.monotonic() - started) * 1000
            identifier = dict(scope["headers"]).get(b"client-request-id", b"-").decode("latin-1")
            line = (scope["method"], scope["path"], scope.get("state", {}).get("cmdlet", "-"), status, milliseconds)
            text = "%s %s %s %s %.0fms %s"
            logger.info(text, *(_printable(item) if isinstance(item, str) else item for item in (*line, identifier)))


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else "?"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]
