"""Client assertions: a certificate's signature (RFC 7523) or a token of a federated issuer; and how Entra refuses."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.responses import JSONResponse

from exchange_online_emulator.rules import documented, observed_multi
from exchange_online_emulator.tokens.applications import Application, FederatedCredential


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


#: Authorities that name no tenant; that of personal accounts, `consumers`, has no Exchange Online.
_SHARED = ("common", "organizations")


def is_shared(tenant: str) -> bool:
    """Whether a path names no tenant, but all of them."""
    return tenant.lower() in _SHARED


@observed_multi(
    "no-tenant",
    "client_credentials at common or organizations is refused with AADSTS50059",
    "azure-docs issue 24064, microsoft-identity-web #462 (the answer); the client credentials flow wants a GUID or a "
    "domain; CONFLICT: msal-dotnet #1384, msal-js #5567 and azure-docs issue 6485 saw a token of a tenant that Entra "
    "had guessed, without oid; that it is always refused is assumed",
)
def no_tenant_named() -> EntraError:
    """AADSTS50059."""
    return EntraError(
        50059,
        "invalid_request",
        "No tenant-identifying information found in either the request or implied by any provided credentials.",
    )


@documented(
    "token-errors",
    "the token endpoint refuses with error, error_description (AADSTS number first), error_codes, timestamp, trace_id, "
    "correlation_id",
    "Microsoft identity platform, error codes and client credentials flow; wordings abridged",
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


_ALGORITHMS = ["RS256", "PS256"]


def check_assertion(application: Application, assertion: str, audiences: tuple[str, ...]) -> None:
    """Accept a client assertion or raise `EntraError`.

    `audiences` are the token endpoint's URLs. An assertion whose issuer is the application itself is one signed with
    a certificate; any other issuer must be a federated credential's.
    """
    try:
        header = jwt.get_unverified_header(assertion)
        claims: dict[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise invalid_client(50027, "JWT token is invalid or malformed.") from None
    if str(claims.get("iss", "")).lower() == application.client_id.lower():
        _check_certificate(application, assertion, header, audiences)
    else:
        _check_federated(application, assertion, header, claims)


@documented(
    "certificate-assertion",
    "a certificate's assertion: x5t or x5t#S256 names a registered, still valid certificate; signature, aud, iss, sub "
    "and exp are checked",
    "Microsoft identity platform, certificate credentials; AADSTS700027, 700023, 700024",
)
def _check_certificate(
    application: Application, assertion: str, header: Mapping[str, Any], audiences: tuple[str, ...]
) -> None:
    thumbprint = header.get("x5t#S256") or header.get("x5t")
    certificate = application.certificate(_decoded(str(thumbprint))) if thumbprint else None
    if certificate is None:
        raise invalid_client(
            700027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        )
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise invalid_client(700027, "Client assertion failed signature validation: the key is not an RSA key.")
    wrong_audience = invalid_client(700023, "Client assertion audience claim does not match Realm issuer.")
    claims = _verified(assertion, key, audiences, wrong_audience)
    if str(claims["sub"]).lower() != application.client_id.lower():
        raise invalid_client(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")


def _verified(
    assertion: str, key: rsa.RSAPublicKey | jwt.PyJWK, audiences: Iterable[str], wrong_audience: EntraError
) -> dict[str, Any]:
    try:
        required = ["exp", "aud", "sub", "iss"]
        return dict(
            jwt.decode(assertion, key, algorithms=_ALGORITHMS, audience=audiences, options={"require": required})
        )
    except jwt.InvalidAudienceError:
        raise wrong_audience from None
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
        raise invalid_client(700024, "Client assertion is not within its valid time range.") from None
    except jwt.PyJWTError:
        raise invalid_client(700027, "Client assertion failed signature validation.") from None


@documented(
    "federated-assertion",
    "a federated assertion: issuer, subject and audience match a registered credential exactly; signature by its JWKS",
    "workload identity federation; AADSTS700211, 700212, 700213; that Exchange takes such a token is assumed",
)
def _check_federated(
    application: Application, assertion: str, header: Mapping[str, Any], claims: Mapping[str, Any]
) -> None:
    issuer, subject = str(claims.get("iss", "")), str(claims.get("sub", ""))
    of_issuer = [item for item in application.federated_credentials if item.issuer == issuer]
    if not of_issuer:
        raise _federated(
            700211, f"No matching federated identity record found for presented assertion issuer '{issuer}'."
        )
    of_subject = [item for item in of_issuer if item.subject == subject]
    if not of_subject:
        text = f"No matching federated identity record found for presented assertion subject '{subject}'."
        raise _federated(700213, text)
    text = f"No matching federated identity record found for presented assertion audience '{claims.get('aud')}'."
    audiences = [name for item in of_subject for name in item.audiences]
    _verified(assertion, _issuer_key(of_subject[0], str(header.get("kid", ""))), audiences, _federated(700212, text))


def _issuer_key(credential: FederatedCredential, key_id: str) -> jwt.PyJWK:
    for key in credential.jwks.get("keys", []):
        if not key_id or key.get("kid") == key_id:
            try:
                return jwt.PyJWK.from_json(json.dumps(key), algorithm="RS256")
            except jwt.PyJWTError:
                raise invalid_client(700027, "Client assertion failed signature validation.") from None
    raise invalid_client(700027, "Client assertion failed signature validation: the issuer has no such key.")


def _federated(number: int, text: str) -> EntraError:
    return EntraError(number, "invalid_request", f"{text} Check your federated identity credential.")


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
