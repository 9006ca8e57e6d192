"""The paths of the admin API: InvokeCommand, under a fault if one acts, and EXOModuleFile."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exchange_online_emulator.admin_api import responses
from exchange_online_emulator.admin_api.authorization import authenticate, authorized_cmdlet, check_anchor
from exchange_online_emulator.admin_api.requests import BODY_LIMIT, Asked, Invocation, parse
from exchange_online_emulator.admin_api.responses import row
from exchange_online_emulator.cmdlets.dispatch import run
from exchange_online_emulator.cmdlets.parameters import cmdlet_specs, find_cmdlet
from exchange_online_emulator.cmdlets.tenant import Outcome
from exchange_online_emulator.errors import (
    ForbiddenError,
    MalformedRequestError,
    NotAuthenticatedError,
    ServiceError,
    StalePageError,
    known_refusal,
)
from exchange_online_emulator.faults import (
    Action,
    BrokenPageLink,
    ConnectionReset,
    Delay,
    ErrorsInAnswer,
    ExpiredToken,
    Forbidden,
    Garbage,
    KnownRefusal,
    ReadLag,
    Refusal,
    Throttled,
    Visibility,
)
from exchange_online_emulator.models import Kind, StoredObject
from exchange_online_emulator.rules import observed_multi
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.storage import Call
from exchange_online_emulator.tokens.applications import allows
from exchange_online_emulator.wire import (
    LOST,
    BodyTooLargeError,
    CutResponse,
    LostAnswer,
    ResetConnection,
    plain_answer,
    read_body,
)


def _before(emulator: Emulator, fault: Action | None) -> Response | None:
    """The answer of a fault that strikes before the cmdlet, None when the cmdlet runs."""
    if isinstance(fault, ExpiredToken):
        if fault.claims:
            # Unix seconds with a fraction, so that two in one second differ.
            emulator.challenge = f"{time.time():.6f}"
        error = NotAuthenticatedError("token expired", claims=emulator.challenge if fault.claims else None)
        return responses.not_authenticated(error, emulator.url)
    if isinstance(fault, BrokenPageLink):
        stale = StalePageError() if fault.how == "stale" else ServiceError("Object reference not set.", status=500)
        return responses.refusal(stale)
    return None if fault is None or getattr(fault, "after_write", False) else _struck(fault)


async def _after(emulator: Emulator, fault: Action | None, response: Response) -> Response:
    """The answer once the cmdlet is done: the fault's, or the service's own."""
    if isinstance(fault, Delay):
        await emulator.faults.delay(fault)
        return response
    if fault is None or not getattr(fault, "after_write", False):
        return response
    if isinstance(fault, ConnectionReset) and fault.midway:
        return CutResponse(bytes(response.body), response.status_code, dict(response.headers))
    return _struck(fault) or response


def _struck(fault: Action) -> Response | None:
    if isinstance(fault, ConnectionReset):
        return ResetConnection()
    if isinstance(fault, Forbidden):
        return responses.forbidden()
    if isinstance(fault, (Refusal, KnownRefusal)):
        return responses.refusal(_refused(fault))
    if isinstance(fault, ErrorsInAnswer):
        return responses.success("", [], [], errors=fault.errors)
    if isinstance(fault, Garbage):
        return Response(fault.body, 200, media_type=fault.content_type)
    return plain_answer(fault)


def _refused(fault: Refusal | KnownRefusal) -> ServiceError:
    if isinstance(fault, KnownRefusal):
        return known_refusal(fault.of)
    error = ServiceError(fault.text, exception_type=fault.exception_type, status=fault.status)
    error.has_details = fault.details
    return error


_TRUNCATED = (
    "There are more results available than are currently displayed. "
    "To view them, increase the value for the ResultSize parameter."
)
_DEFAULT_RESULT_SIZE = 1000


async def invoke_command(request: Request) -> Response:
    """Run one cmdlet, under a fault if one acts, and note the call."""
    emulator: Emulator = request.app.state.emulator
    with on_way(emulator) as together:
        too_many = emulator.has_too_many()
        try:
            raw = await read_body(request, BODY_LIMIT)
        except BodyTooLargeError:
            return responses.refusal(MalformedRequestError("Maximum request length exceeded.", status=413))
        asked = Asked(request.headers, request.url.query, request.path_params["tenant"], raw, together)
        performed = await perform(emulator, asked, too_many=too_many)
    request.state.cmdlet = performed.cmdlet
    return performed.response


@contextlib.contextmanager
def on_way(emulator: Emulator) -> Iterator[int]:
    """Counts a call for as long as it is answered; gives how many there are then."""
    emulator.on_way += 1
    try:
        yield emulator.on_way
    finally:
        emulator.on_way -= 1


@dataclass(frozen=True)
class Performed:
    """The answer of one InvokeCommand; cmdlet: for the log."""

    cmdlet: str
    response: Response


async def perform(emulator: Emulator, asked: Asked, *, too_many: bool = False) -> Performed:
    """Run one cmdlet, under a fault if one acts, and note the call.

    Args:
        too_many: answer that the tenant has too many calls on their way.
    """
    if emulator.latency and not too_many:
        await asyncio.sleep(emulator.latency)
    try:
        invocation = parse(asked, strict=emulator.tenant.switches.strict)
    except MalformedRequestError as error:
        refused = await run_in_threadpool(authentication_refusal, emulator, asked)
        return Performed("-", refused or responses.refusal(error))
    epoch = emulator.epoch
    page = 2 if invocation.page_token else 1
    fault = None if too_many else await run_in_threadpool(_fault, emulator, invocation, page)
    response = plain_answer(Throttled()) if too_many else _before(emulator, fault)
    if response is None:
        response = await run_in_threadpool(answer, emulator, asked, invocation, fault)
        response = await _after(emulator, fault, response)
    status = LOST if isinstance(response, LostAnswer) else response.status_code
    call = Call(
        cmdlet=invocation.cmdlet,
        parameters=dict(invocation.parameters),
        status=status,
        page=page,
        fault=fault.kind if fault else None,
        anchor=invocation.anchor,
        client_request_id=asked.headers.get("client-request-id"),
        prefer=invocation.prefer,
        cmdlet_header=asked.headers.get("x-cmdletname"),
        started=asked.started,
        together=asked.together,
    )
    if epoch == emulator.epoch:
        await run_in_threadpool(emulator.store.record, call)
    return Performed(invocation.cmdlet, response)


def _fault(emulator: Emulator, invocation: Invocation, page: int) -> Action | None:
    if not emulator.faults.all():
        return None
    identities, cmdlet = invocation.identities, find_cmdlet(invocation.cmdlet)
    if cmdlet is not None:
        # A fault names an object as its reader knows it; the call may name it by GUID.
        found = [emulator.store.find(Kind(cmdlet.noun), identity) for identity in identities]
        identities |= {name for item in found if item for name in (item.name.casefold(), item.guid)}
    return emulator.faults.take(invocation.cmdlet, identities, page)


def authentication_refusal(emulator: Emulator, asked: Asked) -> Response | None:
    """The answer to a caller without a token that counts, None for one who has one."""
    try:
        authenticate(emulator, asked.tenant, asked.authorization)
    except NotAuthenticatedError as error:
        return responses.not_authenticated(error, emulator.url)
    except ForbiddenError:
        return responses.forbidden()
    return None


def answer(emulator: Emulator, asked: Asked, invocation: Invocation, fault: Action | None) -> Response:
    """The answer of the service itself, whatever the fault will make of it."""
    try:
        wids = authenticate(emulator, asked.tenant, asked.authorization)
        cmdlet = authorized_cmdlet(wids, invocation.cmdlet)
        if cmdlet.writes:
            check_anchor(emulator, invocation.anchor)
        lag = fault if isinstance(fault, ReadLag) else None
        visibility = Visibility(emulator.faults, lag)
        outcome = run(emulator.tenant, visibility, cmdlet, invocation.parameters)
        response = _page(emulator, invocation, outcome, lists=cmdlet.verb == "Get")
    except NotAuthenticatedError as error:
        return responses.not_authenticated(error, emulator.url)
    except ForbiddenError:
        return responses.forbidden()
    except ServiceError as error:
        return responses.refusal(error)
    if emulator.tenant.switches.rate_limit_headers:
        response.headers.update(responses.rate_limit_headers())
    return response


@dataclass(frozen=True)
class _Page:
    rows: tuple[StoredObject, ...]
    more: bool
    truncated: bool


@observed_multi(
    "paging",
    "a page has at most odata.maxpagesize rows (at most 1000); more come by POST of the same body to @odata.nextLink; "
    "without ResultSize Unlimited the first answer stops at ResultSize (default 1000) with a warning and a next link",
    "TMPEXO, CIPP, AZAPP, EXOHELPER; G2O (truncated form); default: Get-InboundConnector, ResultSize",
)
def _cut(rows: tuple[StoredObject, ...], after: int | None, size: int, result_size: int | None) -> _Page:
    rest = tuple(item for item in rows if after is None or item.sequence > after)
    done = len(rows) - len(rest)
    # A client that follows the next link of a truncated listing gets the rest: the limit is of the first answer.
    left = None if result_size is None or done >= result_size else result_size - done
    take = size if left is None else min(size, left)
    return _Page(rest[:take], len(rest) > take, truncated=left is not None and take == left and len(rest) > take)


def _page(emulator: Emulator, invocation: Invocation, outcome: Outcome, *, lists: bool) -> Response:
    switches, tenant = emulator.tenant.switches, emulator.identity.tenant
    base = f"{emulator.url}/adminapi/beta/{tenant}"
    items, warnings, next_link = outcome.rows, outcome.warnings, None
    if lists:
        lifetime = switches.page_token_lifetime_seconds
        token = invocation.page_token
        after = emulator.page_tokens.read(token, invocation.query, lifetime) if token else None
        size = min(invocation.page_size, switches.max_page_size)
        objects = tuple(item for item in items if isinstance(item, StoredObject))
        page = _cut(objects, after, size, _result_size(invocation))
        items = page.rows
        if page.more:
            skip = emulator.page_tokens.make(invocation.query, page.rows[-1].sequence)
            next_link = f"{base}/InvokeCommand?%24skiptoken={quote(skip)}"
        if page.truncated:
            warnings = (*warnings, _TRUNCATED)
    rows = [row(item, switches, tenant) for item in items]
    if invocation.select:
        wanted = {name.lower() for name in invocation.select}
        rows = [
            {name: cell for name, cell in item.items() if name.partition("@")[0].lower() in wanted} for item in rows
        ]
    if invocation.wants_clixml:
        rows = responses.clixml(rows)
    context = f"{base}/$metadata#Collection(Exchange.GenericHashTable)"
    return responses.success(
        context, rows, warnings, next_link=next_link, confirmation_message=outcome.confirmation_message
    )


def _result_size(invocation: Invocation) -> int | None:
    given = next((value for name, value in invocation.parameters.items() if name.lower() == "resultsize"), None)
    if given is None:
        return _DEFAULT_RESULT_SIZE
    return None if isinstance(given, str) and given.lower() == "unlimited" else int(str(given))


@observed_multi(
    "exported-cmdlets",
    "EXOModuleFile returns value.exportedCmdlets, the cmdlets that the caller's roles allow, separated by commas",
    "CIPP; SCUBA uses the path (exchange-wire 3.1); `value` as a list of one is assumed",
)
async def exported_cmdlets(request: Request) -> Response:
    """The permission pre-flight."""
    emulator: Emulator = request.app.state.emulator
    tenant, authorization = request.path_params["tenant"], request.headers.get("authorization", "")
    try:
        wids = await run_in_threadpool(authenticate, emulator, tenant, authorization)
    except NotAuthenticatedError as error:
        return responses.not_authenticated(error, emulator.url)
    except ForbiddenError:
        return responses.forbidden()
    names = [spec.name for spec in cmdlet_specs().values() if allows(wids, writes=spec.writes)]
    return JSONResponse({"value": [{"exportedCmdlets": ",".join(names)}]}) if names else responses.forbidden()


#: How the first part of the path is written. Source: RAWHTTP (case does not matter).
PATHS = ("adminapi", "AdminApi", "adminApi")

ROUTES = [
    Route(f"/{name}/{version}/{{tenant}}/{path}", endpoint, methods=[method])
    for name in PATHS
    for version, path, endpoint, method in (
        ("beta", "InvokeCommand", invoke_command, "POST"),
        ("v1.0", "EXOModuleFile", exported_cmdlets, "GET"),
    )
]
