"""Access tokens for the admin API: MSAL asks for them, one cache per process keeps them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from exchange_online.admin_api.certificates import load
from exchange_online.admin_api.credentials import (
    AccessToken,
    ClientCertificate,
    ClientSecret,
    GitHubOidc,
    ManagedIdentity,
    WorkloadIdentityFile,
    secrets_of,
)
from exchange_online.admin_api.entra_errors import refused as refused_sign_in
from exchange_online.admin_api.errors import (
    AdminApiError,
    Failure,
    Misconfigured,
    NotAuthenticated,
    Throttled,
    Unavailable,
)
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.settings import Connection
from exchange_online.admin_api.token_http import TokenHttp
from exchange_online.admin_api.waiting import LongFailure
from exchange_online.admin_api.wire import json_object

if TYPE_CHECKING:
    from exchange_online.admin_api.waiting import RetryPolicy, Timeouts

# MSAL's word for: tell me with claims when a token is revoked before it expires (continuous access evaluation).
_CAPABILITIES = ["CP1"]
_NO_IDENTITY = (
    "Check which managed identities the host has: clientId names a user-assigned one, and without clientId it is the "
    "system-assigned one."
)
#: Seconds before its end when a token no longer counts as good.
_MARGIN = 60.0


class TokenSource:
    """Tokens for one connection whose tenant is a GUID; thread-safe. Clients share one: see `client.Shared`."""

    def __init__(self, connection: Connection, timeouts: Timeouts, retry: RetryPolicy) -> None:
        self._connection = connection
        self._where = _where(connection)
        on_host = isinstance(connection.credential, ManagedIdentity)
        self._http = TokenHttp(connection.cloud, timeouts, retry, where=self._where, on_host=on_host)
        self._lock = threading.Lock()
        self._client: Callable[..., dict[str, Any]] | None = None
        self._failure = LongFailure()
        self._latest = ""
        self._latest_claims: str | None = None
        self._good_until = 0.0

    def token(self, claims: str | None = None, refused: AccessToken | None = None) -> AccessToken:
        """A token, from the cache while it lasts.

        Args:
            claims: the claims challenge of a 401, as JSON: a new token is asked for with them.
            refused: a token that the service did not accept. If it is still the cached one, it is dropped; if another
                thread has renewed it meanwhile, with the same claims where there are some, the new one is returned.

        Raises:
            AdminApiError: NotAuthenticated, Misconfigured, Unavailable or Throttled.
        """
        with self._lock:
            renewed_meanwhile = (
                refused is not None and refused.value != self._latest and claims in (None, self._latest_claims)
            )
            if refused is not None and not renewed_meanwhile:
                self._good_until = 0.0
                if claims is None:
                    # A new client starts with an empty cache; neither of MSAL's clients can drop just one token.
                    self._client = None
            before = self._latest
            try:
                with self._failure.shared():
                    self._keep(self._ask(None if renewed_meanwhile else claims))
            except (Unavailable, Throttled):
                # MSAL renews a token half-way through its life: until it ends, a token service that fails is no harm.
                if time.monotonic() < self._good_until:
                    return AccessToken(self._latest)
                raise
            if self._latest != before:
                self._latest_claims = claims
            return AccessToken(self._latest)

    def close(self) -> None:
        """Closes the connections to the token service."""
        self._http.close()

    def _keep(self, answer: Mapping[str, Any]) -> None:
        value = answer.get("access_token")
        if not isinstance(value, str) or not value:
            credential = self._connection.credential
            advice = _NO_IDENTITY if isinstance(credential, ManagedIdentity) else ""
            raise refused_sign_in(answer, where=self._where, secrets=secrets_of(credential), usual_advice=advice)
        self._latest = value
        self._good_until = time.monotonic() + float(answer.get("expires_in", 0)) - _MARGIN

    def _ask(self, claims: str | None) -> dict[str, Any]:
        try:
            if self._client is None:
                self._client = _client(self._connection, self._http)
            return self._client(claims_challenge=claims)
        except AdminApiError:
            raise
        except Exception as error:  # noqa: BLE001 - MSAL raises ValueError, KeyError and its own: none may escape
            failure = Failure(
                where=self._where,
                what="the answer of the token service cannot be used",
                service_words=clean(f"{type(error).__name__}: {error}", secrets_of(self._connection.credential)),
            )
        raise NotAuthenticated(failure) from None


def _client(connection: Connection, http: TokenHttp) -> Callable[..., dict[str, Any]]:
    """MSAL's client for the credential, as the one call that is used of it."""
    import msal

    cloud, credential = connection.cloud, connection.credential
    if isinstance(credential, ManagedIdentity):
        identity = (
            msal.UserAssignedManagedIdentity(client_id=credential.client_id)
            if credential.client_id
            else msal.SystemAssignedManagedIdentity()
        )
        client = msal.ManagedIdentityClient(identity, http_client=http, client_capabilities=_CAPABILITIES)
        return partial(client.acquire_token_for_client, resource=cloud.resource)
    application = msal.ConfidentialClientApplication(
        credential.client_id,
        client_credential=_client_credential(credential, http),
        authority=f"{cloud.authority}/{connection.tenant}",
        http_client=http,
        client_capabilities=_CAPABILITIES,
        # The authority is the stack's choice: no question about it goes to another cloud's login host,
        # and no variable of the environment sends the secret to a regional one.
        instance_discovery=False,
        azure_region=False,
    )
    return partial(application.acquire_token_for_client, scopes=[cloud.scope])


def _client_credential(
    credential: ClientSecret | ClientCertificate | WorkloadIdentityFile | GitHubOidc, http: TokenHttp
) -> str | dict[str, Any]:
    match credential:
        case ClientSecret():
            return credential.secret
        case ClientCertificate():
            pair = load(credential)
            return {"private_key": pair.private_key, "public_certificate": pair.certificate}
        case WorkloadIdentityFile():
            return {"client_assertion": partial(_from_file, credential)}
        case GitHubOidc():
            return {"client_assertion": partial(_from_github, credential, http)}


def _from_file(credential: WorkloadIdentityFile) -> str:
    """The assertion in the file, read anew each time. Raises Misconfigured."""
    where = f"Reading the federated token of application {credential.client_id}"
    advice = f"Check {credential.source or 'the path'} and the workload identity of the pod."
    try:
        assertion = credential.path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        what = f"the file {credential.path} cannot be read ({type(error).__name__})"
        raise Misconfigured(Failure(where=where, what=what, advice=advice)) from None
    if not assertion:
        raise Misconfigured(Failure(where=where, what=f"the file {credential.path} is empty", advice=advice))
    return assertion


def _from_github(credential: GitHubOidc, http: TokenHttp) -> str:
    """The job's id token for the credential's audience. Raises Misconfigured or NotAuthenticated.

    Source: GitHub Actions, OpenID Connect reference (ACTIONS_ID_TOKEN_REQUEST_URL, audience, value).
    """
    where = "Asking GitHub for the job's id token"
    if urlsplit(credential.request_url).scheme != "https":
        what = "ACTIONS_ID_TOKEN_REQUEST_URL is not an https address"
        raise Misconfigured(Failure(where=where, what=what, advice="GitHub sets it; do not set it yourself."))
    options = {
        "params": {"audience": credential.audience},
        "headers": {"Authorization": f"Bearer {credential.request_token}", "Accept": "application/json"},
    }
    response = http.send("GET", credential.request_url, options)
    value = json_object(response.content).get("value")
    if response.status_code != 200 or not isinstance(value, str) or not value:
        raise NotAuthenticated(
            Failure(
                where=where,
                what="GitHub gave none",
                advice="Give the job the permission `id-token: write`; a pull request from a fork never has it.",
                service_words=clean(response.text, (credential.request_token,)) if response.status_code != 200 else "",
                status=response.status_code,
            )
        )
    return value


def _where(connection: Connection) -> str:
    credential = connection.credential
    source = f" (from {credential.source})" if credential.source else ""
    who = f"application {credential.client_id}" if credential.client_id else "the host's managed identity"
    return f"Signing in to tenant {connection.tenant} as {who}{source}"
