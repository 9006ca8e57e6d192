"""Fetches the token with which a platform vouches for the application: a file, or GitHub's id token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from exchange_online.admin_api.credentials import GitHubOidc, WorkloadIdentityFile
from exchange_online.admin_api.errors import Failure, Misconfigured, NotAuthenticated
from exchange_online.admin_api.redaction import clean

if TYPE_CHECKING:
    from exchange_online.admin_api.token_http import TokenHttp


def from_file(credential: WorkloadIdentityFile) -> str:
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


def from_github(credential: GitHubOidc, http: TokenHttp) -> str:
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
    try:
        value = json.loads(response.content).get("value")
    except (ValueError, AttributeError):
        value = None
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
