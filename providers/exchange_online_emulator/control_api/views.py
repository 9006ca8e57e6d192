"""The control API: its paths, and the seeding of objects as they stand, without the rules that judge a cmdlet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exchange_online_emulator.admin_api.responses import row
from exchange_online_emulator.cmdlets import transport_rules
from exchange_online_emulator.cmdlets.changes import merged
from exchange_online_emulator.cmdlets.connectors import default_settings, renamed_source
from exchange_online_emulator.cmdlets.dispatch import run
from exchange_online_emulator.cmdlets.message_trace import plant_message
from exchange_online_emulator.cmdlets.parameters import CmdletSpec, Parameter, bind, find_cmdlet
from exchange_online_emulator.control_api import models
from exchange_online_emulator.control_api.models import Seed
from exchange_online_emulator.errors import ServiceError
from exchange_online_emulator.faults import Fault, Visibility
from exchange_online_emulator.models import Kind, Settings, StoredObject, Switches
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.storage import recorded
from exchange_online_emulator.tokens.applications import ApplicationRegistration
from exchange_online_emulator.tokens.issue import issue
from exchange_online_emulator.tokens.views import start_job
from exchange_online_emulator.wire import BodyTooLargeError, read_body


def plant(emulator: Emulator, seed: Seed) -> int:
    """Put a seed into the tenant in one transaction; returns how many objects were made. Raises `ServiceError`."""
    with emulator.store.transaction():
        created = sum(_plant_domain(emulator, name) for name in seed.accepted_domains)
        created += _plant_connectors(emulator, Kind.INBOUND, seed.inbound)
        created += _plant_connectors(emulator, Kind.OUTBOUND, seed.outbound)
        created += sum(plant_message(emulator.store, message) for message in seed.messages)
        return created + _plant_rules(emulator, seed.transport_rules)


def _plant_domain(emulator: Emulator, name: str) -> int:
    if any(item.matches(name) for item in emulator.store.objects(Kind.ACCEPTED_DOMAIN)):
        return 0
    settings: Settings = {"DomainName": name, "DomainType": "Authoritative", "Default": False}
    emulator.store.insert(StoredObject(Kind.ACCEPTED_DOMAIN, name, settings))
    return 1


def _plant_connectors(emulator: Emulator, kind: Kind, items: list[dict[str, Any]]) -> int:
    spec, taken, created = _seed_spec(kind), _names(emulator, kind), 0
    for item in items:
        bound = bind(spec, item)
        name = str(bound["Name"])
        if name.casefold() not in taken:
            emulator.store.insert(StoredObject(kind, name, merged(bound, default_settings(kind))))
            taken.add(name.casefold())
            created += 1
    return created


def _plant_rules(emulator: Emulator, items: list[dict[str, Any]]) -> int:
    spec, taken, created = _spec("New-TransportRule"), _names(emulator, Kind.TRANSPORT_RULE), 0
    for item in items:
        bound = bind(spec, item)
        if str(bound["Name"]).casefold() not in taken:
            transport_rules.new(emulator.tenant, Visibility(), bound)
            taken.add(str(bound["Name"]).casefold())
            created += 1
    return created


def _names(emulator: Emulator, kind: Kind) -> set[str]:
    return {item.name.casefold() for item in emulator.store.objects(kind)}


def _seed_spec(kind: Kind) -> CmdletSpec:
    new, changed = _spec(f"New-{kind}"), _spec(f"Set-{kind}")
    extra: dict[str, Parameter] = {
        name: item for name, item in changed.parameters.items() if name not in new.parameters and name != "identity"
    }
    return CmdletSpec(new.name, {**extra, **new.parameters})


def _spec(name: str) -> CmdletSpec:
    spec = find_cmdlet(name)
    if spec is None:
        raise LookupError(name)
    return spec


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
        outcome = run(emulator.tenant, Visibility(), cmdlet, wanted.parameters)
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


async def github_job(emulator: Emulator, request: Request) -> Response:
    """POST /control/github."""
    wanted = await _body(request, models.GitHubRequest)
    return _json(await run_in_threadpool(start_job, emulator, wanted.subject), 201)


async def token(emulator: Emulator, request: Request) -> Response:
    """POST /control/tokens."""
    wanted = await _body(request, models.TokenRequest)
    known = await run_in_threadpool(emulator.applications.get, wanted.client_id)
    if known is None:
        raise _ProblemError(f"There is no application {wanted.client_id}.", 404)
    minted = issue(emulator.signing_key, emulator.identity.tenant, known, wanted.audience, wanted.lifetime)
    return _json(models.TokenAnswer(access_token=minted), 201)


ROUTES = [
    Route(f"/control/{path}", view(handler), methods=methods)
    for path, handler, methods in (
        ("status", status, ["GET"]),
        ("reset", reset, ["POST"]),
        ("seed", seed, ["POST"]),
        ("invoke", invoke, ["POST"]),
        ("calls", calls, ["GET", "DELETE"]),
        ("switches", switches, ["GET", "PATCH"]),
        ("faults", faults, ["GET", "POST", "DELETE"]),
        ("faults/{id:int}", fault, ["DELETE"]),
        ("applications", applications, ["GET", "POST"]),
        ("github", github_job, ["POST"]),
        ("tokens", token, ["POST"]),
    )
]
