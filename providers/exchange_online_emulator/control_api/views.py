"""The control API: its paths, and the seeding of objects as they stand, without the rules that judge a cmdlet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
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
from exchange_online_emulator.cmdlets.parameters import Bound, CmdletSpec, bind, cmdlet_specs, find_cmdlet
from exchange_online_emulator.control_api import models
from exchange_online_emulator.control_api.models import Seed
from exchange_online_emulator.control_token import VARIABLE, admits
from exchange_online_emulator.errors import ServiceError
from exchange_online_emulator.faults import Fault, Visibility
from exchange_online_emulator.models import Kind, Settings, StoredObject, Switches
from exchange_online_emulator.names import origin
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.tokens.applications import Application, ApplicationRegistration
from exchange_online_emulator.tokens.issue import EXCHANGE, issue
from exchange_online_emulator.tokens.views import start_job
from exchange_online_emulator.wire import BodyTooLargeError, read_body


def plant(emulator: Emulator, seed: Seed) -> int:
    """Put a seed into the tenant in one transaction; returns how many objects were made. Raises `ServiceError`."""
    store = emulator.store
    with store.transaction():
        created = sum(_plant_domain(emulator, name) for name in seed.accepted_domains)
        for kind, items in ((Kind.INBOUND, seed.inbound), (Kind.OUTBOUND, seed.outbound)):
            for bound in _unknown(emulator, kind, _seed_spec(kind), items):
                store.insert(StoredObject(kind, str(bound["Name"]), merged(bound, default_settings(kind))))
                created += 1
        created += sum(plant_message(store, message) for message in seed.messages)
        spec = cmdlet_specs()["new-transportrule"]
        for bound in _unknown(emulator, Kind.TRANSPORT_RULE, spec, seed.transport_rules):
            transport_rules.new(emulator.tenant, Visibility(), bound)
            created += 1
        return created


def _plant_domain(emulator: Emulator, name: str) -> int:
    if emulator.store.find(Kind.ACCEPTED_DOMAIN, name) is not None:
        return 0
    settings: Settings = {"DomainName": name, "DomainType": "Authoritative", "Default": False}
    emulator.store.insert(StoredObject(Kind.ACCEPTED_DOMAIN, name, settings))
    return 1


def _unknown(emulator: Emulator, kind: Kind, spec: CmdletSpec, items: list[dict[str, Any]]) -> Iterator[Bound]:
    """The parameters of the items whose name is not taken yet."""
    taken = {item.name.casefold() for item in emulator.store.objects(kind)}
    for item in items:
        bound = bind(spec, item)
        name = str(bound["Name"]).casefold()
        if name not in taken:
            taken.add(name)
            yield bound


def _seed_spec(kind: Kind) -> CmdletSpec:
    new, changed = (cmdlet_specs()[f"{verb}-{kind}".lower()] for verb in ("New", "Set"))
    extra = {name: item for name, item in changed.parameters.items() if name != "identity"}
    return CmdletSpec(new.name, {**extra, **new.parameters})


_BODY_LIMIT = 32 * 1024 * 1024


class _ProblemError(Exception):
    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class _Call:
    """A request: the emulator, the body as the model of its row in `_TABLE`, the number in the path, the base URL."""

    emulator: Emulator
    body: Any
    number: int = 0
    asked_at: str = ""


_Answer = BaseModel | Sequence[BaseModel] | None
_Handler = tuple[Callable[[_Call], _Answer], type[BaseModel] | None, int]


def _endpoint(handlers: Mapping[str, _Handler]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose refusals are `Problem` sentences."""

    async def endpoint(request: Request) -> Response:
        emulator: Emulator = request.app.state.emulator
        if request.headers.get("origin") not in (None, emulator.url):
            return _problem("The control API does not answer to web pages.", 403)
        if not admits(emulator.control_token, request.headers.get("authorization", "")):
            return _problem(
                f"The control API wants the control token as a bearer token; `Control` reads it from {VARIABLE}.", 401
            )
        handler, model, status = handlers.get(request.method) or handlers["GET"]
        try:
            body = await _body(request, model) if model else None
            call = _Call(emulator, body, request.path_params.get("id", 0), origin(request.headers))
            answer = await run_in_threadpool(handler, call)
        except _ProblemError as error:
            return _problem(str(error), error.status)
        except ServiceError as error:
            return _problem(error.text, error.status, error.exception_type)
        content = b"" if answer is None else to_json(answer)
        return Response(content, status, media_type="application/json" if content else None)

    return endpoint


async def _body(request: Request, model: type[BaseModel]) -> BaseModel:
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


def _status(call: _Call) -> models.StatusAnswer:
    emulator = call.emulator
    return models.StatusAnswer(
        url=emulator.url,
        tenant=emulator.identity.tenant,
        initial_domain=emulator.identity.initial_domain,
        counts={kind.value: len(emulator.store.objects(kind)) for kind in Kind},
        calls=emulator.store.count_calls(),
        switches=emulator.tenant.switches,
        faults=list(emulator.faults.all()),
        applications=[item.client_id for item in emulator.applications.all()],
        not_emulated=sorted(emulator.not_emulated),
    )


def _connection(call: _Call) -> models.ConnectionAnswer:
    identity = call.emulator.identity
    return models.ConnectionAnswer(
        url=call.asked_at,
        scope=f"{EXCHANGE}/.default",
        tenant=identity.tenant,
        initial_domain=identity.initial_domain,
        client_id=identity.client_id,
        client_secret=identity.client_secret,
        ca_certificate=identity.ca_certificate,
    )


async def _ca_certificate(request: Request) -> Response:
    """GET /ca.pem: no secret, so it is there without a token, for who sets the trust up."""
    emulator: Emulator = request.app.state.emulator
    return Response(emulator.identity.ca_certificate, media_type="application/x-pem-file")


def _invoke(call: _Call) -> models.InvokeAnswer:
    # No token, no anchor, no faults, not in the call log.
    emulator, wanted = call.emulator, call.body
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


def _remove_fault(call: _Call) -> None:
    if not call.emulator.faults.remove(call.number):
        raise _ProblemError(f"There is no fault {call.number}.", 404)


def _shown(application: Application) -> models.ApplicationAnswer:
    return models.ApplicationAnswer(**application.model_dump(exclude={"secret_digests"}))


def _mint(call: _Call) -> models.TokenAnswer:
    emulator, wanted = call.emulator, call.body
    known = emulator.applications.get(wanted.client_id)
    if known is None:
        raise _ProblemError(f"There is no application {wanted.client_id}.", 404)
    minted = issue(emulator.signing_key, emulator.identity.tenant, known, wanted.audience, wanted.lifetime)
    return models.TokenAnswer(access_token=minted)


#: By path and method: what answers, the model of the body, the status.
_TABLE: Mapping[str, Mapping[str, _Handler]] = {
    "status": {"GET": (_status, None, 200)},
    "connection": {"GET": (_connection, None, 200)},
    "reset": {"POST": (lambda call: call.emulator.reset(), None, 204)},
    "seed": {"POST": (lambda call: models.Seeded(created=plant(call.emulator, call.body)), Seed, 200)},
    "invoke": {"POST": (_invoke, models.InvokeRequest, 200)},
    "calls": {
        "GET": (lambda call: call.emulator.store.calls(), None, 200),
        "DELETE": (lambda call: call.emulator.store.clear_calls(), None, 204),
    },
    "switches": {
        "GET": (lambda call: call.emulator.tenant.switches, None, 200),
        "PATCH": (lambda call: call.emulator.tenant.switch(**call.body.model_dump(exclude_unset=True)), Switches, 200),
    },
    "faults": {
        "GET": (lambda call: call.emulator.faults.all(), None, 200),
        "POST": (lambda call: call.emulator.faults.add(call.body), Fault, 201),
        "DELETE": (lambda call: call.emulator.faults.clear(), None, 204),
    },
    "faults/{id:int}": {"DELETE": (_remove_fault, None, 204)},
    "applications": {
        "GET": (lambda call: [_shown(item) for item in call.emulator.applications.all()], None, 200),
        "POST": (lambda call: _shown(call.emulator.applications.register(call.body)), ApplicationRegistration, 201),
    },
    "github": {"POST": (lambda call: start_job(call.emulator, call.body.subject), models.GitHubRequest, 201)},
    "tokens": {"POST": (_mint, models.TokenRequest, 201)},
}
ROUTES = [
    Route("/ca.pem", _ca_certificate, methods=["GET"]),
    *(Route(f"/control/{path}", _endpoint(rows), methods=list(rows)) for path, rows in _TABLE.items()),
]
