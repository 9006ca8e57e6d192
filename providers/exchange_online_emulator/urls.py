"""Every path of the emulator, and the application that serves them."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exchange_online_emulator import page
from exchange_online_emulator.access_log import AccessLog
from exchange_online_emulator.admin_api.urls import ROUTES as ADMIN_API
from exchange_online_emulator.control_api.urls import ROUTES as CONTROL
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.tokens.urls import ROUTES as TOKENS


def application(emulator: Emulator) -> Starlette:
    """The ASGI application of one emulator."""
    app = Starlette(
        routes=[Route("/", page.tenant_page, methods=["GET"]), *CONTROL, *ADMIN_API, *TOKENS],
        middleware=[
            Middleware(AccessLog),
            # A page in a browser that resolves its own name to loopback gets no answer.
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]", "::1"]),
        ],
        exception_handlers={HTTPException: _http_error, Exception: _unexpected},
    )
    app.state.emulator = emulator
    return app


async def _http_error(request: Request, error: Exception) -> Response:  # noqa: ARG001
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    text = {404: "Resource not found.", 405: "The HTTP method is not allowed on this resource."}.get(status, "Refused.")
    code = {404: "NotFound", 405: "MethodNotAllowed"}.get(status, "BadRequest")
    return JSONResponse({"error": {"code": code, "message": text}}, status, headers)


async def _unexpected(request: Request, error: Exception) -> Response:  # noqa: ARG001
    text = "A server side error has occurred because of which the operation could not be completed."
    return JSONResponse({"error": {"code": "InternalServerError", "message": text}}, 500)
