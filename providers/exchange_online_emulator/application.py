"""The application that serves every path of the emulator, and its log of requests."""

from __future__ import annotations

import logging
import time

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Host, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exchange_online_emulator.admin_api.batch import ROUTES as BATCH
from exchange_online_emulator.admin_api.views import ROUTES as ADMIN_API
from exchange_online_emulator.control_api.views import ROUTES as CONTROL
from exchange_online_emulator.names import ADMIN_HOSTS, LOGIN_HOST, allowed_hosts
from exchange_online_emulator.page import ROUTES as PAGE
from exchange_online_emulator.rules import documented
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.tokens.views import ENTRA, OTHERS

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


def application(emulator: Emulator) -> Starlette:
    """The ASGI application of one emulator."""
    app = Starlette(
        routes=[*_under_service_names(), *CONTROL, *_SERVICE, *OTHERS, *PAGE],
        middleware=[
            Middleware(AccessLog),
            Middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(emulator.names), www_redirect=False),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _unexpected},
    )
    app.state.emulator = emulator
    return app


_SERVICE = (*ADMIN_API, *BATCH, *ENTRA)


@documented(
    "service-names",
    "under outlook.office365.com and outlook.office.com is the admin API alone, under login.microsoftonline.com what "
    "gives tokens alone, and under neither the control API (with --as-service; under any other name is all of it)",
    "exchange-wire 3.1 and 3.2 (hosts)",
)
def _under_service_names() -> list[Host]:
    admin_api = Router([*ADMIN_API, *BATCH])
    return [*(Host(name, admin_api) for name in ADMIN_HOSTS), Host(LOGIN_HOST, Router(list(ENTRA)))]


_HTTP_ERRORS = {
    404: ("NotFound", "Resource not found."),
    405: ("MethodNotAllowed", "The HTTP method is not allowed on this resource."),
}


async def _http_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    if not isinstance(error, HTTPException):
        raise error
    code, text = _HTTP_ERRORS.get(error.status_code, ("BadRequest", "Refused."))
    return JSONResponse({"error": {"code": code, "message": text}}, error.status_code, error.headers)


async def _unexpected(request: Request, error: Exception) -> Response:  # noqa: ARG001
    text = "A server side error has occurred because of which the operation could not be completed."
    return JSONResponse({"error": {"code": "InternalServerError", "message": text}}, 500)
