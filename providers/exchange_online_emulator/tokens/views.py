"""The token endpoint, the discovery documents, and the endpoints of a machine's identity and of a GitHub job."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exchange_online_emulator.control_api.models import GitHubJob
from exchange_online_emulator.faults import ConnectionReset, Delay
from exchange_online_emulator.names import LOGIN_HOST, SERVICE_NAMES, instance_metadata, origin
from exchange_online_emulator.rules import documented
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.tokens.applications import Application, expired
from exchange_online_emulator.tokens.assertions import (
    EntraError,
    check_assertion,
    error_response,
    invalid_client,
    is_shared,
    no_tenant_named,
    unknown_tenant,
)
from exchange_online_emulator.tokens.issue import EXCHANGE, RESOURCES, issue
from exchange_online_emulator.wire import BodyTooLargeError, ResetConnection, plain_answer, read_body

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM_LIMIT = 64 * 1024


async def _token(request: Request) -> Response:
    emulator: Emulator = request.app.state.emulator
    fault = await _fault(emulator)
    if fault is not None:
        return fault
    correlation = request.headers.get("client-request-id")
    try:
        raw = await read_body(request, _FORM_LIMIT)
        form = {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}
        grant = _grant if "v2.0" in request.url.path else _grant_by_resource
        return await run_in_threadpool(grant, emulator, request.path_params["tenant"], form)
    except BodyTooLargeError:
        return error_response(EntraError(90015, "invalid_request", "The request body is too long."), correlation)
    except EntraError as error:
        return error_response(error, correlation)


async def _fault(emulator: Emulator) -> Response | None:
    action = emulator.faults.take("token", frozenset(), 1)
    if isinstance(action, Delay):
        await emulator.faults.delay(action)
        return None
    if isinstance(action, ConnectionReset):
        return ResetConnection()
    return plain_answer(action)


def _grant(emulator: Emulator, tenant: str, form: dict[str, str]) -> Response:
    if is_shared(tenant):
        raise no_tenant_named()
    if not emulator.knows(tenant):
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
    body = {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": access}
    return JSONResponse(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


@documented(
    "v1-token",
    "/{tenant}/oauth2/token takes a `resource` where the newer endpoint takes a scope; its numbers are texts",
    "Azure AD for developers v1.0, client credentials; refusals as those of the newer endpoint (assumed)",
)
def _grant_by_resource(emulator: Emulator, tenant: str, form: dict[str, str]) -> Response:
    resource = form.get("resource", "")
    if not resource:
        text = "The request body must contain the following parameter: 'resource'."
        raise EntraError(900144, "invalid_request", text)
    granted = _grant(emulator, tenant, {**form, "scope": f"{resource.rstrip('/')}/.default"})
    body, now = json.loads(bytes(granted.body)), int(time.time())
    times = {"expires_in": body["expires_in"], "expires_on": now + body["expires_in"], "not_before": now}
    texts = {name: str(value) for name, value in times.items()}
    return JSONResponse({**body, **texts, "resource": resource}, headers={"Cache-Control": "no-store"})


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


@documented(
    "scope",
    "client_credentials takes one scope `<resource>/.default`; another form is refused with AADSTS1002012, an unknown "
    "resource with AADSTS500011",
    "Microsoft identity platform, client credentials flow; error codes",
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
    if resource in emulator.base_urls and urlsplit(resource).hostname not in SERVICE_NAMES:
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


def _token_endpoints(emulator: Emulator) -> tuple[str, ...]:
    tenants = (emulator.identity.tenant, emulator.identity.initial_domain)
    paths = ("oauth2/v2.0/token", "oauth2/token", "v2.0", "")
    bases = emulator.base_urls
    return tuple(f"{base}/{tenant}/{path}".rstrip("/") for base in bases for tenant in tenants for path in paths)


@documented(
    "discovery",
    "the OpenID configuration of the tenant by GUID or domain, and of common and organizations; the issuer holds the "
    "GUID, or the letters {tenantid}; an unknown tenant is refused; no device code, and an authorize endpoint (MSAL "
    "wants one) that says that there are no users",
    "OpenID Connect on the Microsoft identity platform; what authorize answers is the emulator's own",
)
async def _openid_configuration(request: Request) -> Response:
    emulator: Emulator = request.app.state.emulator
    tenant, asked_at = request.path_params["tenant"], origin(request.headers)
    if is_shared(tenant):
        return JSONResponse(_configuration(asked_at, tenant.lower(), "{tenantid}"))
    if not await run_in_threadpool(emulator.knows, tenant):
        return error_response(unknown_tenant(tenant), request.headers.get("client-request-id"))
    return JSONResponse(_configuration(asked_at, emulator.identity.tenant, emulator.identity.tenant))


def _configuration(asked_at: str, tenant: str, issuer: str) -> dict[str, object]:
    base = f"{asked_at}/{tenant}"
    host = asked_at.removeprefix("https://")
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{asked_at}/{issuer}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "tenant_region_scope": None,
        "cloud_instance_name": "microsoftonline.com" if host == LOGIN_HOST else host,
    }


async def _authorize(request: Request) -> Response:
    tenant = request.path_params["tenant"]
    text = (
        f"The emulator has no users, so nobody can sign in to the tenant {tenant}: sign in as an application, by the "
        "client credentials flow."
    )
    return error_response(EntraError(50020, "unauthorized_client", text), request.headers.get("client-request-id"))


async def _keys(request: Request) -> Response:
    emulator: Emulator = request.app.state.emulator
    return JSONResponse(emulator.signing_key.key_set())


async def _instance_discovery(request: Request) -> Response:
    """GET /common/discovery/instance: MSAL asks it whether an authority is genuine."""
    asked_at = origin(request.headers)
    wanted = request.query_params.get("authorization_endpoint", "")
    tenant = wanted.removeprefix("https://").partition("/")[2].partition("/")[0] or "common"
    return JSONResponse(
        {
            "tenant_discovery_endpoint": f"{asked_at}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [instance_metadata(asked_at)],
        }
    )


async def _managed_identity_token(request: Request) -> Response:
    """GET /metadata/identity/oauth2/token with the header `Metadata: true`."""
    emulator: Emulator = request.app.state.emulator
    if request.headers.get("metadata", "").lower() != "true":
        return _refused_by_imds("invalid_request", "Required metadata header not specified")
    if not request.query_params.get("api-version"):
        return _refused_by_imds("invalid_request", "Required query variable 'api-version' is missing")
    resource = request.query_params.get("resource", "")
    if not resource:
        return _refused_by_imds("invalid_request", "Required query variable 'resource' is missing")
    return await run_in_threadpool(_grant_to_machine, emulator, resource, request.query_params.get("client_id"))


@documented(
    "managed-identity",
    "IMDS gives a token to a registered managed identity: by client_id, or the only one; numbers are texts",
    "managed identities for Azure resources, HTTP; the audience keeps the resource's trailing slash (assumed)",
)
def _grant_to_machine(emulator: Emulator, resource: str, client_id: str | None) -> Response:
    identity = _machine_identity(emulator, client_id)
    if identity is None:
        return _refused_by_imds("invalid_request", "Identity not found")
    if resource.rstrip("/") not in RESOURCES:
        return _refused_by_imds(
            "invalid_resource", f"AADSTS500011: The resource principal named {resource} was not found."
        )
    lifetime = emulator.tenant.switches.token_lifetime_seconds
    access = issue(emulator.signing_key, emulator.identity.tenant, identity, resource, lifetime, method="2")
    now = int(time.time())
    return JSONResponse(
        {
            "access_token": access,
            "client_id": identity.client_id,
            "expires_in": str(lifetime),
            "expires_on": str(now + lifetime),
            "ext_expires_in": str(lifetime),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def _machine_identity(emulator: Emulator, client_id: str | None) -> Application | None:
    identities = [item for item in emulator.applications.all() if item.managed_identity]
    if client_id:
        return next((item for item in identities if item.client_id.lower() == client_id.lower()), None)
    return identities[0] if len(identities) == 1 else None


def _refused_by_imds(error: str, text: str) -> Response:
    return JSONResponse({"error": error, "error_description": text}, 400)


ISSUER = "https://token.actions.githubusercontent.com"
_COLLECTION = "github_jobs"


def start_job(emulator: Emulator, subject: str) -> GitHubJob:
    """A workflow job with that subject, such as `repo:contoso/partners:environment:production`."""
    request_token = secrets.token_urlsafe(32)
    emulator.store.put_document(_COLLECTION, request_token, json.dumps(subject))
    query = urlencode({"api-version": "2.0"})
    return GitHubJob(
        request_url=f"{emulator.url}/control/github/idtoken?{query}",
        request_token=request_token,
        issuer=ISSUER,
        subject=subject,
        jwks=emulator.signing_key.key_set(),
    )


@documented(
    "github-oidc",
    "GET of the request URL with `&audience=` and the request token as bearer gives {value: <JWT>, count}",
    "GitHub Actions, OpenID Connect reference; count is the token's length (observed:multi)",
)
async def _id_token(request: Request) -> Response:
    emulator: Emulator = request.app.state.emulator
    scheme, _, request_token = request.headers.get("authorization", "").partition(" ")
    text = await run_in_threadpool(emulator.store.document, _COLLECTION, request_token)
    if scheme.lower() != "bearer" or text is None:
        return JSONResponse({"message": "Unauthorized"}, 401)
    subject = str(json.loads(text))
    now = int(time.time())
    claims = {
        "jti": str(uuid.uuid4()),
        "sub": subject,
        "aud": request.query_params.get("audience") or "https://github.com/contoso",
        "iss": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "repository": subject.split(":")[1] if ":" in subject else subject,
    }
    value = emulator.signing_key.sign(claims)
    return JSONResponse({"value": value, "count": len(value)})


#: What login.microsoftonline.com answers.
ENTRA = [
    Route("/common/discovery/instance", _instance_discovery, methods=["GET"]),
    Route("/{tenant}/oauth2/v2.0/token", _token, methods=["POST"]),
    Route("/{tenant}/oauth2/token", _token, methods=["POST"]),
    *(
        Route(f"/{{tenant}}/oauth2/{path}", _authorize, methods=["GET", "POST"])
        for path in ("v2.0/authorize", "v2.0/devicecode", "authorize", "devicecode")
    ),
    Route("/{tenant}/v2.0/.well-known/openid-configuration", _openid_configuration, methods=["GET"]),
    Route("/{tenant}/discovery/v2.0/keys", _keys, methods=["GET"]),
]
#: What a machine in Azure and a job on GitHub find elsewhere.
OTHERS = [
    Route("/metadata/identity/oauth2/token", _managed_identity_token, methods=["GET"]),
    Route("/control/github/idtoken", _id_token, methods=["GET"]),
]
