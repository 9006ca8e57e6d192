"""`$batch`: several InvokeCommands in one request, each with an answer of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exchange_online_emulator.admin_api import responses
from exchange_online_emulator.admin_api.requests import BODY_LIMIT, Asked, read_json
from exchange_online_emulator.admin_api.views import AnyCaseRoute, authentication_refusal, encoded, on_way, perform
from exchange_online_emulator.cmdlets.parameters import Json
from exchange_online_emulator.errors import MalformedRequestError
from exchange_online_emulator.faults import Throttled
from exchange_online_emulator.names import origin
from exchange_online_emulator.rules import documented, observed_multi
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.wire import BodyTooLargeError, LostAnswer, ResetConnection, plain_answer, read_body

#: Members at the most. Source: TMPEXO and CIPP send no more; the service's own limit is not known.
_MOST = 10

_REFUSED = 400
_PATH = re.compile(r"/adminapi/beta/([^/]+)/InvokeCommand", re.IGNORECASE)
_CONTINUE = re.compile(r"(?:^|[;,])\s*odata\.continue-on-error\s*(?:=\s*true\s*)?(?:$|[;,])", re.IGNORECASE)


@dataclass(frozen=True)
class _Member:
    id: str
    asked: Asked


@observed_multi(
    "batch",
    '$batch takes {"requests": [{id, method: POST, url, headers, body}]}, at most 10, and answers 200 with '
    '{"responses": [{id, status, headers, body}]}; a member that fails fails alone; its next page is the same member '
    "with the next link as its url",
    "TMPEXO, CIPP (exchange-wire 3.4: form, absolute url, own status, next links, never more than 10); that more are "
    "refused, that ids are unique, that the members run one after the other, and the body of a member whose answer is "
    "no JSON, are assumed",
)
async def batch(request: Request) -> Response:
    """POST of several calls."""
    return encoded(request, await _batched(request))


async def _batched(request: Request) -> Response:
    emulator: Emulator = request.app.state.emulator
    request.state.cmdlet = "$batch"
    with on_way(emulator) as together:
        if emulator.has_too_many():
            return plain_answer(Throttled()) or Response(status_code=429)
        try:
            raw = await read_body(request, BODY_LIMIT)
        except BodyTooLargeError:
            return responses.refusal(MalformedRequestError("Maximum request length exceeded.", status=413))
        tenant, query = request.path_params["tenant"], request.url.query
        envelope = Asked(request.headers, query, tenant, raw, origin(request.headers), together)
        if refused := await run_in_threadpool(authentication_refusal, emulator, envelope):
            return refused
        try:
            members = _members(emulator, envelope)
        except MalformedRequestError as error:
            return responses.refusal(error)
        return await _answers(emulator, members, goes_on=_goes_on(request.headers.get("prefer", "")))


@documented(
    "batch-errors",
    "without `Prefer: odata.continue-on-error` a batch ends with the first member that fails; the rest is not run",
    "OData Protocol (preference continue-on-error), OData WebApi; TMPEXO and CIPP always send it; that Exchange "
    "follows it is assumed",
)
def _goes_on(prefer: str) -> bool:
    return _CONTINUE.search(prefer) is not None


async def _answers(emulator: Emulator, members: list[_Member], *, goes_on: bool) -> Response:
    answered: list[dict[str, object]] = []
    for member in members:
        performed = await perform(emulator, replace(member.asked, started=datetime.now(UTC)))
        response = performed.response
        if isinstance(response, LostAnswer):
            # There is one connection, and it breaks for all.
            return ResetConnection()
        answered.append(_answer(member.id, response))
        if response.status_code >= _REFUSED and not goes_on:
            break
    return JSONResponse({"responses": answered}, 200, {"Odata-Version": "4.0"})


def _answer(identifier: str, response: Response) -> dict[str, object]:
    text = bytes(response.body).decode("utf-8", "replace").strip("\0")
    body: object = None
    if text:
        try:
            body = json.loads(text)
        except ValueError:
            body = text
    waits = response.headers.get("retry-after")
    headers = {} if waits is None else {"Retry-After": waits}
    return {"id": identifier, "status": response.status_code, "headers": headers, "body": body}


def _members(emulator: Emulator, envelope: Asked) -> list[_Member]:
    if envelope.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise MalformedRequestError("The media type is not supported; send application/json.", status=415)
    body = read_json(envelope.body, strict=emulator.tenant.switches.strict)
    given = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(given, list) or not given:
        raise MalformedRequestError("The property 'requests' is missing, empty or not an array.")
    if len(given) > _MOST:
        raise MalformedRequestError(f"The batch has {len(given)} requests; the most is {_MOST}.")
    members = [_member(emulator, envelope, item) for item in given]
    if len({member.id for member in members}) < len(members):
        raise MalformedRequestError("The ids of the requests are not unique.")
    return members


def _member(emulator: Emulator, envelope: Asked, item: Json) -> _Member:
    if not isinstance(item, dict) or not isinstance(identifier := item.get("id"), str) or not identifier:
        raise MalformedRequestError("A request of the batch has no id.")
    url, headers, body = item.get("url"), item.get("headers", {}), item.get("body")
    if str(item.get("method", "")).upper() != "POST" or not isinstance(headers, dict) or not isinstance(body, dict):
        raise MalformedRequestError(f"The request {identifier} is no POST with headers and a body.")
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:
        parts = urlsplit("")
    found = _PATH.fullmatch(parts.path)
    if found is None or not parts.netloc or not emulator.means_tenant(found[1]):
        raise MalformedRequestError(f"The url of the request {identifier} is not InvokeCommand of this tenant.")
    own = Headers(dict(_headers(envelope, headers)))
    asked = replace(envelope, headers=own, query=parts.query, tenant=found[1], body=json.dumps(body).encode())
    return _Member(identifier, asked)


def _headers(envelope: Asked, given: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Its own, and what one connection has for all: who asks, and that it is JSON."""
    yield "authorization", envelope.authorization
    yield "content-type", "application/json"
    for name, value in given.items():
        if isinstance(value, str) and value.isascii() and value.isprintable():
            yield name.lower(), value


ROUTES = [AnyCaseRoute("/adminapi/beta/{tenant}/$batch", batch, ["POST"])]
