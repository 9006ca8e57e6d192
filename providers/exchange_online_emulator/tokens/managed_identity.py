"""The token endpoint of a machine's managed identity (IMDS)."""

from __future__ import annotations

import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exchange_online_emulator.rules import rule
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.tokens.applications import Application
from exchange_online_emulator.tokens.issue import RESOURCES, issue


async def token(request: Request) -> Response:
    """GET /metadata/identity/oauth2/token with the header `Metadata: true`."""
    emulator: Emulator = request.app.state.emulator
    if request.headers.get("metadata", "").lower() != "true":
        return _refused("invalid_request", "Required metadata header not specified")
    if not request.query_params.get("api-version"):
        return _refused("invalid_request", "Required query variable 'api-version' is missing")
    resource = request.query_params.get("resource", "")
    if not resource:
        return _refused("invalid_request", "Required query variable 'resource' is missing")
    return await run_in_threadpool(_grant, emulator, resource, request.query_params.get("client_id"))


@rule(
    "managed-identity",
    "IMDS gives a token to a registered managed identity: by client_id, or the only one; numbers are texts",
    tag="documented",
    source="managed identities for Azure resources, HTTP; the audience keeps the resource's trailing slash (assumed)",
)
def _grant(emulator: Emulator, resource: str, client_id: str | None) -> Response:
    identity = _identity(emulator, client_id)
    if identity is None:
        return _refused("invalid_request", "Identity not found")
    if resource.rstrip("/") not in RESOURCES:
        return _refused("invalid_resource", f"AADSTS500011: The resource principal named {resource} was not found.")
    lifetime = emulator.tenant.switches.token_lifetime_seconds
    access = issue(emulator.signing_key, emulator.identity.tenant, identity, resource, lifetime, method="2")
    now = int(time.time())
    return JSONResponse(
        {
            "access_token": access.value,
            "client_id": identity.client_id,
            "expires_in": str(lifetime),
            "expires_on": str(now + lifetime),
            "ext_expires_in": str(lifetime),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def _identity(emulator: Emulator, client_id: str | None) -> Application | None:
    identities = [item for item in emulator.applications.all() if item.managed_identity]
    if client_id:
        return next((item for item in identities if item.client_id.lower() == client_id.lower()), None)
    return identities[0] if len(identities) == 1 else None


def _refused(error: str, text: str) -> Response:
    return JSONResponse({"error": error, "error_description": text}, 400)
