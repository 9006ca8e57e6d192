"""The refusals of the token endpoint, in the JSON form that MSAL reads."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from starlette.responses import JSONResponse

from exchange_online_emulator.rules import rule


class EntraError(Exception):
    """A refusal: the OAuth `error`, the AADSTS number, the sentence, the HTTP status."""

    def __init__(self, number: int, error: str, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.number = number
        self.error = error
        self.text = text
        self.status = status


def invalid_client(number: int, text: str) -> EntraError:
    """A credential that Entra refuses: 401 invalid_client."""
    return EntraError(number, "invalid_client", text, status=401)


def unknown_tenant(tenant: str) -> EntraError:
    """AADSTS90002."""
    return EntraError(
        90002,
        "invalid_request",
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    )


@rule(
    "token-errors",
    "the token endpoint refuses with error, error_description (AADSTS number first), error_codes, timestamp, trace_id, "
    "correlation_id",
    tag="documented",
    source="Microsoft identity platform, error codes and client credentials flow; wordings abridged",
)
def error_response(error: EntraError, correlation_id: str | None) -> JSONResponse:
    """The answer for a refusal."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    # A claim that an assertion holds may be no text in any encoding; the refusal repeats it.
    text = error.text.encode("utf-8", "replace").decode()
    trace, correlation = str(uuid.uuid4()), correlation_id or str(uuid.uuid4())
    body = {
        "error": error.error,
        "error_description": (
            f"AADSTS{error.number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        ),
        "error_codes": [error.number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
    }
    return JSONResponse(body, error.status, {"Cache-Control": "no-store", "Pragma": "no-cache"})
