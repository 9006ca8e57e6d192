"""GitHub's OIDC endpoint as a job of a workflow sees it, on a control path."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exchange_online_emulator.rules import rule
from exchange_online_emulator.service import Emulator

ISSUER = "https://token.actions.githubusercontent.com"
_COLLECTION = "github_jobs"


class GitHubJob(BaseModel):
    """What a job finds in its environment, and what a federated credential for it needs.

    `request_url` and `request_token` are ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN.
    """

    model_config = ConfigDict(frozen=True)

    request_url: str
    request_token: str
    issuer: str
    subject: str
    jwks: dict[str, list[dict[str, object]]]


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


@rule(
    "github-oidc",
    "GET of the request URL with `&audience=` and the request token as bearer gives {value: <JWT>, count}",
    tag="documented",
    source="GitHub Actions, OpenID Connect reference; count is the token's length (observed:multi)",
)
async def id_token(request: Request) -> Response:
    """GET /control/github/idtoken?audience=..."""
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
