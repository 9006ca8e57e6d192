"""The token endpoint and the OpenID discovery documents."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exchange_online_emulator.faults.answers import token_fault
from exchange_online_emulator.http_requests import BodyTooLargeError, read_body
from exchange_online_emulator.rules import rule
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.tokens.applications import Application, expired
from exchange_online_emulator.tokens.assertions import check_assertion
from exchange_online_emulator.tokens.errors import EntraError, error_response, invalid_client, unknown_tenant
from exchange_online_emulator.tokens.issue import EXCHANGE, RESOURCES, issue

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM_LIMIT = 64 * 1024


async def token(request: Request) -> Response:
    """POST /{tenant}/oauth2/v2.0/token."""
    emulator: Emulator = request.app.state.emulator
    fault = await token_fault(emulator)
    if fault is not None:
        return fault
    correlation = request.headers.get("client-request-id")
    try:
        raw = await read_body(request, _FORM_LIMIT)
        form = {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}
        return await run_in_threadpool(_grant, emulator, request.path_params["tenant"], form)
    except BodyTooLargeError:
        return error_response(EntraError(90015, "invalid_request", "The request body is too long."), correlation)
    except EntraError as error:
        return error_response(error, correlation)


def _grant(emulator: Emulator, tenant: str, form: dict[str, str]) -> Response:
    if not means_tenant(emulator, tenant):
        raise unknown_tenant(tenant)
    for name in ("grant_type", "client_id", "scope"):
        if not form.get(name):
            text = f"The request body must contain the following parameter: '{name}'."
            raise EntraError(900144, "invalid_request", text)
    if form["grant_type"] != "client_credentials":
        text = f"The app requested an unsupported grant type '{form['grant_type']}'."
        raise EntraError(70003, "unsupported_grant_type", text)
    application = _application(emulator, form["client_id"])
    method = _authenticate(emulator, application, form)
    audience = _audience(emulator, form["scope"])
    lifetime = emulator.tenant.switches.token_lifetime_seconds
    tenant_id, challenge = emulator.identity.tenant, _challenge(form.get("claims"))
    access = issue(emulator.signing_key, tenant_id, application, audience, lifetime, method=method, challenge=challenge)
    body = {
        "token_type": "Bearer",
        "expires_in": access.expires_in,
        "ext_expires_in": access.expires_in,
        "access_token": access.value,
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


def _challenge(claims: str | None) -> str | None:
    """The `nbf` that a CAE challenge asked for, read back from the claims parameter."""
    if not claims:
        return None
    try:
        value = json.loads(claims)["access_token"]["nbf"]["value"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(value)


def _application(emulator: Emulator, client_id: str) -> Application:
    application = emulator.applications.get(client_id)
    if application is None:
        raise EntraError(
            700016,
            "unauthorized_client",
            f"Application with identifier '{client_id}' was not found in the directory 'Emulator'. This can happen if "
            "the application has not been installed by the administrator of the tenant or consented to by any user in "
            "the tenant. You may have sent your authentication request to the wrong tenant.",
        )
    if not application.enabled:
        raise EntraError(7000112, "unauthorized_client", f"Application '{client_id}' is disabled.")
    return application


def _authenticate(emulator: Emulator, application: Application, form: dict[str, str]) -> str:
    assertion, secret = form.get("client_assertion"), form.get("client_secret")
    if assertion:
        if form.get("client_assertion_type") != _ASSERTION_TYPE:
            raise EntraError(
                90014, "invalid_request", "The required field 'client_assertion_type' is missing or wrong."
            )
        check_assertion(application, assertion, _token_endpoints(emulator))
        return "2"
    if not secret:
        raise invalid_client(
            7000216,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        )
    known = application.secret(secret)
    if known is None:
        raise invalid_client(
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{application.client_id}'.",
        )
    if expired(known.expires):
        text = f"The provided client secret keys for app '{application.client_id}' are expired."
        raise invalid_client(7000222, f"{text} Visit the Azure portal to create new keys for your app.")
    return "1"


@rule(
    "scope",
    "client_credentials takes one scope `<resource>/.default`; another form is refused with AADSTS1002012, an unknown "
    "resource with AADSTS500011",
    tag="documented",
    source="Microsoft identity platform, client credentials flow; error codes",
)
def _audience(emulator: Emulator, scope: str) -> str:
    scopes = [item for item in scope.split() if item not in ("openid", "profile", "offline_access")]
    if len(scopes) != 1 or not scopes[0].endswith("/.default"):
        raise EntraError(
            1002012,
            "invalid_scope",
            f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
            "/.default suffixed to the resource identifier (application ID URI).",
        )
    resource = scopes[0].removesuffix("/.default").rstrip("/")
    if resource == emulator.url:
        return EXCHANGE
    if resource not in RESOURCES:
        raise EntraError(
            500011,
            "invalid_resource",
            f"The resource principal named {resource} was not found in the tenant named Emulator. This can happen if "
            "the application has not been installed by the administrator of the tenant or consented to by any user in "
            "the tenant. You might have sent your authentication request to the wrong tenant.",
        )
    return resource


def means_tenant(emulator: Emulator, name: str) -> bool:
    """Whether Entra knows a tenant by that name: its GUID or any of its accepted domains."""
    domains = {item.lower() for item in emulator.tenant.accepted_domains()}
    return emulator.means_tenant(name) or name.lower() in domains


def _token_endpoints(emulator: Emulator) -> tuple[str, ...]:
    tenants = (emulator.identity.tenant, emulator.identity.initial_domain)
    paths = ("oauth2/v2.0/token", "v2.0", "")
    return tuple(f"{emulator.url}/{tenant}/{path}".rstrip("/") for tenant in tenants for path in paths)


@rule(
    "discovery",
    "the OpenID configuration of the tenant by GUID or domain; the issuer holds the GUID; an unknown tenant is refused",
    tag="documented",
    source="OpenID Connect on the Microsoft identity platform",
)
async def openid_configuration(request: Request) -> Response:
    """GET /{tenant}/v2.0/.well-known/openid-configuration."""
    emulator: Emulator = request.app.state.emulator
    tenant = request.path_params["tenant"]
    if not await run_in_threadpool(means_tenant, emulator, tenant):
        return error_response(unknown_tenant(tenant), request.headers.get("client-request-id"))
    base = f"{emulator.url}/{emulator.identity.tenant}"
    return JSONResponse(
        {
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "tenant_region_scope": None,
            "cloud_instance_name": emulator.url.removeprefix("https://"),
        }
    )


async def keys(request: Request) -> Response:
    """GET /{tenant}/discovery/v2.0/keys."""
    emulator: Emulator = request.app.state.emulator
    return JSONResponse(emulator.signing_key.key_set())


async def instance_discovery(request: Request) -> Response:
    """GET /common/discovery/instance: MSAL asks it whether an authority is genuine."""
    emulator: Emulator = request.app.state.emulator
    host = emulator.url.removeprefix("https://")
    wanted = request.query_params.get("authorization_endpoint", "")
    tenant = wanted.removeprefix("https://").partition("/")[2].partition("/")[0] or "common"
    return JSONResponse(
        {
            "tenant_discovery_endpoint": f"{emulator.url}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
    )
