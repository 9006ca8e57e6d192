"""POST /adminapi/beta/{tenant}/InvokeCommand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from exchange_online_emulator.admin_api import faulty, responses
from exchange_online_emulator.admin_api.authorization import authenticate, authorized_cmdlet, check_anchor
from exchange_online_emulator.admin_api.requests import BODY_LIMIT, Invocation, parse
from exchange_online_emulator.admin_api.rows import row
from exchange_online_emulator.calls import Call, record
from exchange_online_emulator.cmdlets.dispatch import run
from exchange_online_emulator.cmdlets.outcome import Outcome
from exchange_online_emulator.cmdlets.parameters import find_cmdlet
from exchange_online_emulator.errors import ForbiddenError, MalformedRequestError, NotAuthenticatedError, ServiceError
from exchange_online_emulator.faults.engine import LaggingVisibility
from exchange_online_emulator.faults.models import Action, ReadLag
from exchange_online_emulator.http_requests import BodyTooLargeError, read_body
from exchange_online_emulator.http_responses import LOST, LostAnswer
from exchange_online_emulator.models import Kind, StoredObject
from exchange_online_emulator.rules import rule
from exchange_online_emulator.service import Emulator

_TRUNCATED = (
    "There are more results available than are currently displayed. "
    "To view them, increase the value for the ResultSize parameter."
)
_DEFAULT_RESULT_SIZE = 1000


async def invoke_command(request: Request) -> Response:
    """Run one cmdlet, under a fault if one acts, and note the call."""
    emulator: Emulator = request.app.state.emulator
    if emulator.latency:
        await asyncio.sleep(emulator.latency)
    try:
        raw = await read_body(request, BODY_LIMIT)
        invocation = parse(request, raw, strict=emulator.tenant.switches.strict)
    except BodyTooLargeError:
        return responses.refusal(MalformedRequestError("Maximum request length exceeded.", status=413))
    except MalformedRequestError as error:
        refused = await run_in_threadpool(_authentication_refusal, emulator, request)
        return refused or responses.refusal(error)
    epoch = emulator.epoch
    page = 2 if invocation.page_token else 1
    request.state.cmdlet = invocation.cmdlet
    fault = await run_in_threadpool(_fault, emulator, invocation, page)
    response = faulty.before(emulator, fault)
    if response is None:
        response = await run_in_threadpool(answer, emulator, request, invocation, fault)
        response = await faulty.after(fault, response)
    status = LOST if isinstance(response, LostAnswer) else response.status_code
    call = Call.of(request, invocation.cmdlet, invocation.parameters, status, fault)
    if epoch == emulator.epoch:
        await run_in_threadpool(record, emulator.store, call)
    return response


def _fault(emulator: Emulator, invocation: Invocation, page: int) -> Action | None:
    if not emulator.faults.all():
        return None
    identities, cmdlet = invocation.identities, find_cmdlet(invocation.cmdlet)
    if cmdlet is not None:
        # A fault names an object as its reader knows it; the call may name it by GUID.
        found = [emulator.store.find(Kind(cmdlet.noun), identity) for identity in identities]
        identities |= {name for item in found if item for name in (item.name.casefold(), item.guid)}
    return emulator.faults.take(invocation.cmdlet, identities, page)


def _authentication_refusal(emulator: Emulator, request: Request) -> Response | None:
    try:
        authenticate(emulator, request.path_params["tenant"], request.headers.get("authorization", ""))
    except NotAuthenticatedError as error:
        return responses.not_authenticated(error, emulator.url)
    except ForbiddenError:
        return responses.forbidden()
    return None


def answer(emulator: Emulator, request: Request, invocation: Invocation, fault: Action | None) -> Response:
    """The answer of the service itself, whatever the fault will make of it."""
    try:
        caller = authenticate(emulator, request.path_params["tenant"], request.headers.get("authorization", ""))
        cmdlet = authorized_cmdlet(caller, invocation.cmdlet)
        if cmdlet.writes:
            check_anchor(emulator, invocation.anchor)
        lag = fault if isinstance(fault, ReadLag) else None
        visibility = LaggingVisibility(emulator.faults, lag)
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


@rule(
    "paging",
    "a page has at most odata.maxpagesize rows (at most 1000); more come by POST of the same body to @odata.nextLink; "
    "without ResultSize Unlimited the first answer stops at ResultSize (default 1000) with a warning and a next link",
    tag="observed:multi",
    source="TMPEXO, CIPP, AZAPP, EXOHELPER; G2O (truncated form); default: Get-InboundConnector, ResultSize",
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
    warnings, next_link = outcome.warnings, None
    objects = tuple(item for item in outcome.rows if isinstance(item, StoredObject))
    rows = [row(item, switches, tenant) for item in outcome.rows] if not lists else []
    if lists:
        lifetime = switches.page_token_lifetime_seconds
        token = invocation.page_token
        after = emulator.page_tokens.read(token, invocation.query, lifetime) if token else None
        size = min(invocation.page_size, switches.max_page_size)
        page = _cut(objects, after, size, _result_size(invocation))
        rows = [row(item, switches, tenant) for item in page.rows]
        if page.more:
            skip = emulator.page_tokens.make(invocation.query, page.rows[-1].sequence)
            next_link = f"{base}/InvokeCommand?%24skiptoken={quote(skip)}"
        if page.truncated:
            warnings = (*warnings, _TRUNCATED)
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
