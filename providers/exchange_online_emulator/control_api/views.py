"""The views of the control API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exchange_online_emulator.admin_api.rows import row
from exchange_online_emulator.calls import recorded
from exchange_online_emulator.cmdlets.connectors import renamed_source
from exchange_online_emulator.cmdlets.dispatch import run
from exchange_online_emulator.cmdlets.parameters import find_cmdlet
from exchange_online_emulator.cmdlets.tenant import Immediate
from exchange_online_emulator.control_api import models
from exchange_online_emulator.control_api.seeding import plant
from exchange_online_emulator.errors import ServiceError
from exchange_online_emulator.faults.models import Fault
from exchange_online_emulator.http_requests import BodyTooLargeError, read_body
from exchange_online_emulator.models import Kind, StoredObject
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.switches import Switches
from exchange_online_emulator.tokens import github
from exchange_online_emulator.tokens.applications import ApplicationRegistration
from exchange_online_emulator.tokens.issue import issue

_BODY_LIMIT = 32 * 1024 * 1024
_Model = TypeVar("_Model", bound=BaseModel)
_Handler = Callable[[Emulator, Request], Awaitable[Response]]


class _ProblemError(Exception):
    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def view(handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose refusals are `Problem` sentences."""

    async def endpoint(request: Request) -> Response:
        if request.headers.get("origin") not in (None, request.app.state.emulator.url):
            return _problem("The control API does not answer to web pages.", 403)
        try:
            return await handler(request.app.state.emulator, request)
        except _ProblemError as error:
            return _problem(str(error), error.status)
        except ServiceError as error:
            return _problem(error.text, error.status, error.exception_type)

    return endpoint


async def _body(request: Request, model: type[_Model]) -> _Model:
    try:
        return model.model_validate_json(await read_body(request, _BODY_LIMIT) or b"{}")
    except BodyTooLargeError:
        raise _ProblemError("The body is larger than 32 MiB.", 413) from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise _ProblemError(f"{where}: {first['msg']}.") from None


def _problem(text: str, status: int, exception_type: str | None = None) -> Response:
    return JSONResponse(models.Problem(error=text, exception_type=exception_type).model_dump(), status)


def _json(model: BaseModel, status: int = 200) -> Response:
    return Response(model.model_dump_json(), status, media_type="application/json")


def _list(items: list[_Model] | tuple[_Model, ...]) -> Response:
    return Response("[" + ",".join(item.model_dump_json() for item in items) + "]", media_type="application/json")


async def status(emulator: Emulator, request: Request) -> Response:  # noqa: ARG001
    """GET /control/status."""

    def answer() -> models.StatusAnswer:
        return models.StatusAnswer(
            url=emulator.url,
            tenant=emulator.identity.tenant,
            initial_domain=emulator.identity.initial_domain,
            counts={kind.value: len(emulator.store.objects(kind)) for kind in Kind},
            calls=len(emulator.store.calls()),
            switches=emulator.tenant.switches,
            faults=list(emulator.faults.all()),
            applications=[item.client_id for item in emulator.applications.all()],
        )

    return _json(await run_in_threadpool(answer))


async def reset(emulator: Emulator, request: Request) -> Response:  # noqa: ARG001
    """POST /control/reset."""
    await run_in_threadpool(emulator.reset)
    return Response(status_code=204)


async def seed(emulator: Emulator, request: Request) -> Response:
    """POST /control/seed."""
    content = await _body(request, models.Seed)
    created = await run_in_threadpool(plant, emulator, content)
    return _json(models.Seeded(created=created))


async def invoke(emulator: Emulator, request: Request) -> Response:
    """POST /control/invoke: no token, no anchor, no faults, not in the call log."""
    wanted = await _body(request, models.InvokeRequest)
    return _json(await run_in_threadpool(_invoke, emulator, wanted))


def _invoke(emulator: Emulator, wanted: models.InvokeRequest) -> models.InvokeAnswer:
    cmdlet = find_cmdlet(wanted.cmdlet)
    if cmdlet is None:
        raise _ProblemError(f"The emulator knows no cmdlet {wanted.cmdlet}.", 404)
    with emulator.store.transaction():
        outcome = run(emulator.tenant, Immediate(), cmdlet, wanted.parameters)
        created = next((item for item in outcome.rows if isinstance(item, StoredObject)), None)
        if wanted.connector_source is not None and cmdlet.verb == "New" and created is not None:
            made = renamed_source(created, wanted.connector_source)
            emulator.store.update(made)
            outcome = replace(outcome, rows=(made,))
    switches, tenant = emulator.tenant.switches, emulator.identity.tenant
    rows = [dict(row(item, switches, tenant)) for item in outcome.rows]
    return models.InvokeAnswer(rows=rows, warnings=list(outcome.warnings))


async def calls(emulator: Emulator, request: Request) -> Response:
    """GET, DELETE /control/calls."""
    if request.method == "DELETE":
        await run_in_threadpool(emulator.store.clear_calls)
        return Response(status_code=204)
    return _list(await run_in_threadpool(recorded, emulator.store))


async def switches(emulator: Emulator, request: Request) -> Response:
    """GET, PATCH /control/switches: a PATCH changes the fields it names."""
    if request.method == "PATCH":
        given = await _body(request, Switches)
        update = {name: getattr(given, name) for name in given.model_fields_set}

        def change() -> None:
            emulator.tenant.switches = emulator.tenant.switches.model_copy(update=update)

        await run_in_threadpool(change)
    return _json(await run_in_threadpool(lambda: emulator.tenant.switches))


async def faults(emulator: Emulator, request: Request) -> Response:
    """GET, POST, DELETE /control/faults."""
    if request.method == "POST":
        return _json(emulator.faults.add(await _body(request, Fault)), 201)
    if request.method == "DELETE":
        emulator.faults.clear()
        return Response(status_code=204)
    return _list(emulator.faults.all())


async def fault(emulator: Emulator, request: Request) -> Response:
    """DELETE /control/faults/{id}."""
    if not emulator.faults.remove(int(request.path_params["id"])):
        raise _ProblemError(f"There is no fault {request.path_params['id']}.", 404)
    return Response(status_code=204)


async def applications(emulator: Emulator, request: Request) -> Response:
    """GET, POST /control/applications."""
    if request.method == "POST":
        registration = await _body(request, ApplicationRegistration)
        application = await run_in_threadpool(emulator.applications.register, registration)
        return _json(models.ApplicationAnswer(**application.model_dump(exclude={"secret_digests"})), 201)
    known = await run_in_threadpool(emulator.applications.all)
    return _list([models.ApplicationAnswer(**item.model_dump(exclude={"secret_digests"})) for item in known])


async def application(emulator: Emulator, request: Request) -> Response:
    """DELETE /control/applications/{client_id}."""
    client_id = request.path_params["client_id"]
    if not await run_in_threadpool(emulator.applications.remove, client_id):
        raise _ProblemError(f"There is no application {client_id}.", 404)
    return Response(status_code=204)


async def github_job(emulator: Emulator, request: Request) -> Response:
    """POST /control/github."""
    wanted = await _body(request, models.GitHubRequest)
    return _json(await run_in_threadpool(github.start_job, emulator, wanted.subject), 201)


async def token(emulator: Emulator, request: Request) -> Response:
    """POST /control/tokens."""
    wanted = await _body(request, models.TokenRequest)
    known = await run_in_threadpool(emulator.applications.get, wanted.client_id)
    if known is None:
        raise _ProblemError(f"There is no application {wanted.client_id}.", 404)
    minted = issue(emulator.signing_key, emulator.identity.tenant, known, wanted.audience, wanted.lifetime)
    return _json(models.TokenAnswer(access_token=minted.value), 201)
