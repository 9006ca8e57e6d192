"""GET /adminapi/v1.0/{tenant}/EXOModuleFile: the cmdlets that the caller may run."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exchange_online_emulator.admin_api import responses
from exchange_online_emulator.admin_api.authorization import authenticate
from exchange_online_emulator.cmdlets.parameters import cmdlet_specs
from exchange_online_emulator.errors import ForbiddenError, NotAuthenticatedError
from exchange_online_emulator.rules import rule
from exchange_online_emulator.service import Emulator
from exchange_online_emulator.tokens.roles import allows


@rule(
    "exported-cmdlets",
    "EXOModuleFile returns value.exportedCmdlets, the cmdlets that the caller's roles allow, separated by commas",
    tag="observed:multi",
    source="CIPP; SCUBA uses the path (exchange-wire 3.1); `value` as a list of one is assumed",
)
async def exported_cmdlets(request: Request) -> Response:
    """The permission pre-flight."""
    emulator: Emulator = request.app.state.emulator
    tenant, authorization = request.path_params["tenant"], request.headers.get("authorization", "")
    try:
        caller = await run_in_threadpool(authenticate, emulator, tenant, authorization)
    except NotAuthenticatedError as error:
        return responses.not_authenticated(error, emulator.url)
    except ForbiddenError:
        return responses.forbidden()
    names = [spec.name for spec in cmdlet_specs().values() if allows(caller.wids, writes=spec.writes)]
    return JSONResponse({"value": [{"exportedCmdlets": ",".join(names)}]}) if names else responses.forbidden()
