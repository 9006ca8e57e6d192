"""Rules about the wire: paths, headers, bodies, encodings, pages, and the form of refusals."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from exchange_online.admin_api import AccessToken, Effect, JsonValue, Request, json_object
from exchange_online.connectors import Direction
from regulated_partners.conformance.answer import Answer
from regulated_partners.conformance.experiment import (
    Experiment,
    Reading,
    UndecidedError,
    by_switch,
    held,
    held_facts,
    held_if,
    otherwise,
)
from regulated_partners.conformance.workbench import Workbench

_OUT = Direction.OUTBOUND
_LIST = f"Get-{_OUT}"
_COMMAND = "InvokeCommand"

#: The module's version that its header names; which one does not matter to anybody here.
_MODULE = "3.9.2"

#: Seconds that an access token of Entra lives: 60 to 90 minutes, and up to 28 hours where it can be revoked.
#: Source: Microsoft identity platform, access tokens, token lifetime; continuous access evaluation.
_LIFETIMES = range(3599, 28 * 3600 + 1)


def _request(bench: Workbench, parameters: Mapping[str, JsonValue] | None = None, cmdlet: str = _LIST) -> Request:
    return bench.api.request(cmdlet, parameters or {})


def _asked(bench: Workbench, path: str, **headers: str) -> Answer:
    """A GET of something beside the cmdlets: `beta` or `v1.0`, and what stands after the tenant."""
    request = _request(bench)
    version, _, rest = path.partition("/")
    url = request.url.replace("/beta/", f"/{version}/").replace(f"/{_COMMAND}", f"/{rest}".rstrip("/"))
    changed = {**request.headers, **headers}
    return bench.send(replace(request, url=url, headers=changed, body=b"", method="GET"), f"GET {path}", None)


def _only_row(answer: Answer) -> Mapping[str, Any]:
    return answer.rows[0] if answer.rows else {}


def _anchor(bench: Workbench) -> Reading:
    guid = bench.standing(_OUT)
    change: Mapping[str, JsonValue] = {"Identity": guid, "Comment": "anchored"}
    # Not retried: a wrong anchor may well be answered with what passes elsewhere.
    foreign = bench.call(f"Set-{_OUT}", change, Effect.CREATE, X_AnchorMailbox=str(uuid.uuid4()))
    request = _request(bench, change, f"Set-{_OUT}")
    headers = {name: value for name, value in request.headers.items() if name != "X-AnchorMailbox"}
    without = bench.send(replace(request, headers=headers), f"Set-{_OUT}", change, Effect.IDEMPOTENT, note="no anchor")
    said = f"the Guid of an object answers {foreign}, none {without}"
    if not foreign.exception_type.endswith("InsufficientPermissionsException") or foreign.status != 400:
        return otherwise(said)
    return by_switch(said, "strict", not without.accepted, True)


def _member(bench: Workbench, identifier: str, parameters: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    request = _request(bench, parameters)
    names = ("X-CmdletName", "X-AnchorMailbox", "Prefer", "Accept")
    headers = {name: request.headers[name] for name in names}
    return {
        "id": identifier,
        "method": "POST",
        "url": request.url,
        "headers": headers,
        "body": json.loads(request.body),
    }


def _batched(bench: Workbench, members: Iterable[Mapping[str, JsonValue]], prefer: str) -> Answer:
    request = _request(bench)
    body = json.dumps({"requests": list(members)}).encode("ascii")
    headers = {name: value for name, value in request.headers.items() if name != "Prefer"} | (
        {"Prefer": prefer} if prefer else {}
    )
    url = request.url.replace(_COMMAND, "$batch")
    return bench.send(
        replace(request, url=url, headers=headers, body=body), "$batch", None, note=prefer or "without Prefer"
    )


def _statuses(answer: Answer) -> dict[str, object]:
    responses = answer.document.get("responses")
    found = responses if isinstance(responses, list) else []
    return {str(item.get("id")): item.get("status") for item in found if isinstance(item, dict)}


_ON, _BOGUS = "odata.continue-on-error", {"BogusParameter": 1}


def _batch(bench: Workbench) -> Reading:
    own = {"Identity": f"{bench.mark.name}*"}
    members = [_member(bench, "one", own), _member(bench, "two", _BOGUS), _member(bench, "three", own)]
    answer = _batched(bench, members, _ON)
    eleven = _batched(bench, [_member(bench, str(number), own) for number in range(11)], _ON)
    return held_facts(
        {
            "each member is answered, and one that fails fails alone": _statuses(answer)
            == {"one": 200, "two": 400, "three": 200},
            "eleven members are refused": eleven.refused,
        }
    )


def _batch_errors(bench: Workbench) -> Reading:
    members = [_member(bench, "one", _BOGUS), _member(bench, "two", {"Identity": f"{bench.mark.name}*"})]
    answered = _statuses(_batched(bench, members, ""))
    return held_if(answered == {"one": 400}, "it ends with the member that fails", f"answered: {answered}")


def _bearer(bench: Workbench) -> Reading:
    request = _request(bench)
    none, odd = (
        bench.send(request, _LIST, {}, note=note, token=AccessToken(value))
        for note, value in (("no token", ""), ("a token that is none", "nothing"))
    )
    schemes = [answer.headers.get("www-authenticate", "").partition(" ")[0] for answer in (none, odd)]
    return held_facts(
        {
            "401 with an empty body": all(answer.status == 401 and not answer.content for answer in (none, odd)),
            "Basic where no token is shown": schemes[0] == "Basic",
            "Bearer where one is": schemes[1] == "Bearer",
        }
    )


def _clixml(bench: Workbench) -> Reading:
    answer = bench.call(_LIST, {"Identity": f"{bench.mark.name}*"}, X_ResponseFormat="clixml")
    row = _only_row(answer)
    return held_if("_clixml" in row, "value[0]._clixml", f"{answer}, keys {', '.join(sorted(row)) or 'none'}")


def _compression(bench: Workbench) -> Reading:
    own: Mapping[str, JsonValue] = {"Identity": f"{bench.mark.name}*"}
    asked = bench.call(_LIST, own, Accept_Encoding="gzip")
    identity = bench.call(_LIST, own, Accept_Encoding="identity")
    if identity.headers.get("content-encoding", "identity") not in ("", "identity"):
        return otherwise("encoded although only identity is accepted")
    is_gzip = asked.headers.get("content-encoding", "").lower() == "gzip"
    return by_switch("gzip where it is accepted" if is_gzip else "not encoded", "compression", is_gzip, is_gzip)


def _forbidden(bench: Workbench, encoding: str) -> Answer:
    return bench.call("Get-RegulatedPartnersNothing", {}, Accept_Encoding=encoding)


def _is_nul(answer: Answer) -> bool:
    return answer.status == 403 and bool(answer.content) and not answer.content.strip(b"\0")


def _nul_body(bench: Workbench) -> Reading:
    answer = _forbidden(bench, "identity")
    said = f"{answer}, {len(answer.content)} bytes"
    return held_if(_is_nul(answer), f"{said}, all NUL; a missing role was not tried", said)


def _nul_encoding(bench: Workbench) -> Reading:
    answer = _forbidden(bench, "gzip")
    if not _is_nul(answer):
        raise UndecidedError(f"the answer is no run of NUL bytes: {answer}")
    declared = answer.headers.get("content-encoding", "").lower() == "gzip"
    return by_switch("declared as gzip" if declared else "not declared", "compression", declared, declared)


def _inner(answer: Answer, *names: str) -> Any:
    """A member inside of a body, by its names in any case; None where there is none."""
    value: Any = answer.document
    for name in names:
        if isinstance(value, list):
            value = value[0] if value else None
        if not isinstance(value, dict):
            return None
        value = next((found for key, found in value.items() if key.lower() == name.lower()), None)
    return value


def _envelope(bench: Workbench) -> Reading:
    unknown = bench.call(_LIST, _BOGUS)
    wrong = bench.call(_LIST, {"ResultSize": "nonsense"})
    return held_facts(
        {
            "error has code and message": all(
                isinstance(_inner(answer, "error", part), str)
                for answer in (unknown, wrong)
                for part in ("code", "message")
            ),
            "innererror has an internalexception with message and type": all(
                isinstance(_inner(answer, "error", "innererror", "internalexception", part), str)
                for answer in (unknown, wrong)
                for part in ("message", "type")
            ),
            "details has a message": isinstance(_inner(unknown, "error", "details", "message"), str),
            "a value of a wrong type has no details, and its warnings inside of error": (
                _inner(wrong, "error", "details") is None
                and isinstance(_inner(wrong, "error", "@adminapi.warnings"), list)
            ),
        }
    )


def _details(bench: Workbench) -> Reading:
    forms = []
    for answer in (bench.call(_LIST, _BOGUS), bench.call(_LIST, _BOGUS, X_ClientModuleVersion=_MODULE)):
        message = _inner(answer, "error", "details", "message")
        is_json = isinstance(message, str) and {"Message", "TypeName"} <= set(json_object(message))
        is_text = isinstance(message, str) and message.count("|") >= 2
        forms.append("JSON" if is_json else "text" if is_text else "neither")
    plain, module = forms
    said = f"{plain}; {module} where X-ClientModuleVersion is sent"
    value = {("text", "JSON"): "by_header", ("text", "text"): "text", ("JSON", "JSON"): "json"}.get((plain, module))
    return by_switch(said, "error_details", value, value != "text") if value else otherwise(said)


def _exported(bench: Workbench) -> Reading:
    answer = _asked(bench, f"v1.0/EXOModuleFile?Version={_MODULE}", CommandName="*")
    row = _only_row(answer)
    names = str(row.get("exportedCmdlets", "")).split(",")
    return held_facts(
        {
            "exportedCmdlets lists the cmdlets": {"New-InboundConnector", "Set-OutboundConnector"} <= set(names),
            "fileName and fileContent stand beside it": {"fileName", "fileContent"} <= row.keys(),
        }
    )


def _service_document(bench: Workbench) -> Reading:
    sets, model, banner = (_asked(bench, path) for path in ("beta/", "beta/$metadata", "beta/EXOBanner('x')"))
    return held_facts(
        {
            "entity sets": sets.accepted and isinstance(sets.document.get("value"), list),
            "a model with InvokeCommand": model.accepted and b"InvokeCommand" in model.content,
            "no banner": banner.accepted and not banner.rows,
        }
    )


def _path_case(bench: Workbench) -> Reading:
    request = _request(bench, {"Identity": f"{bench.mark.name}*"})
    url = request.url.replace("/adminapi/", "/adminApi/").replace(_COMMAND, _COMMAND.lower())
    answer = bench.send(replace(request, url=url), _LIST, {}, note="adminApi, invokecommand")
    return held_if(answer.accepted, "accepted", str(answer))


def _body(bench: Workbench) -> Reading:
    request = _request(bench)
    bodies: Mapping[str, object] = {
        "no CmdletInput": {"CmdletName": _LIST},
        "Parameters null": {"CmdletInput": {"CmdletName": _LIST, "Parameters": None}},
        "no JSON": None,
    }
    statuses = {
        what: bench.send(
            replace(request, body=json.dumps(body).encode() if body else b"nothing"), _LIST, None, note=what
        ).status
        for what, body in bodies.items()
    }
    said = ", ".join(f"{what}: HTTP {status}" for what, status in statuses.items())
    return held_if(set(statuses.values()) == {400}, said, said)


def _first_version(bench: Workbench) -> Reading:
    request = _request(bench)
    answer = bench.send(replace(request, url=request.url.replace("/beta/", "/v1.0/")), _LIST, {}, note="under v1.0")
    return held_if(answer.status == 405, "HTTP 405", str(answer))


def _claims(bench: Workbench) -> Reading:
    claims = bench.api.token_claims()
    wanted = ("aud", "iss", "tid", "appid", "oid", "roles", "wids", "idtyp", "iat", "nbf", "exp")
    if missing := [name for name in wanted if name not in claims]:
        return otherwise(f"without {', '.join(missing)}")
    try:
        seconds = int(str(claims["exp"])) - int(str(claims["iat"]))
    except ValueError:
        return otherwise("exp and iat are no numbers")
    said = f"it has them, and lives {seconds} s"
    # Entra's lifetimes differ from token to token: none of them is another rule.
    verdict = held if seconds in _LIFETIMES else otherwise
    return verdict(said, True, token_lifetime_seconds=seconds)


def _rate_headers(bench: Workbench) -> Reading:
    answer = bench.call(_LIST, {"Identity": f"{bench.mark.name}*"})
    found = any(name.startswith("rate-limit-") for name in answer.headers)
    return by_switch("they are there" if found else "none", "rate_limit_headers", found, found)


_NEEDS = (_OUT,)

WIRE_RULES: tuple[Experiment, ...] = (
    Experiment(
        "anchor",
        "Set- with X-AnchorMailbox of a random Guid, and without",
        "HTTP 400 InsufficientPermissionsException; accepted",
        _anchor,
        ("strict",),
        _NEEDS,
    ),
    Experiment(
        "batch", "$batch of three, one of which fails; of eleven", "200, 400, 200; the eleven are refused", _batch
    ),
    Experiment(
        "batch-errors",
        "$batch without continue-on-error whose first member fails",
        "only that member is answered",
        _batch_errors,
    ),
    Experiment(
        "bearer",
        "a Get- without a token, and with one that is none",
        "401, empty, with WWW-Authenticate Basic and Bearer",
        _bearer,
    ),
    Experiment("clixml", "X-ResponseFormat: clixml", "one row with _clixml", _clixml, needs=_NEEDS),
    Experiment(
        "compression",
        "Accept-Encoding gzip, and identity",
        "gzip, and no encoding",
        _compression,
        ("compression",),
    ),
    Experiment("nul-body", "a cmdlet that there is not", "403 with NUL bytes", _nul_body, is_forbidden=True),
    Experiment(
        "nul-body-encoding",
        "the same with Accept-Encoding gzip",
        "declared as gzip",
        _nul_encoding,
        ("compression",),
        is_forbidden=True,
    ),
    Experiment("error-envelope", "an unknown parameter, and a value of a wrong type", "the members listed", _envelope),
    Experiment(
        "json-details",
        "an unknown parameter, without and with X-ClientModuleVersion",
        "`Id|Type|text`; JSON",
        _details,
        ("error_details",),
    ),
    Experiment("exported-cmdlets", "GET of EXOModuleFile", "the cmdlets that the roles allow", _exported),
    Experiment(
        "service-document",
        "GET of the tenant's path, of $metadata, of EXOBanner",
        "entity sets, a model with InvokeCommand, no rows",
        _service_document,
    ),
    Experiment("path-case", "the path in another case", "accepted (HTTP 200)", _path_case),
    Experiment("request-body", "bodies that are no InvokeCommand", "HTTP 400", _body),
    Experiment("v1-invoke", "InvokeCommand under v1.0", "HTTP 405", _first_version),
    Experiment(
        "token-claims",
        "nothing: the names of the claims in the application's own token, and how long it lives",
        "the claims listed, and a lifetime from an hour to 28 hours",
        _claims,
        ("token_lifetime_seconds",),
    ),
    Experiment("rate-limit-headers", "a Get-", "no Rate-Limit-* headers", _rate_headers, ("rate_limit_headers",)),
)
