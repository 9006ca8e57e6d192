"""The one place that knows the wire: how a cmdlet call is written as HTTP, and how its answer is read."""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from exchange_online.admin_api.clouds import Cloud

JsonValue: TypeAlias = "str | bool | int | float | Sequence[JsonValue] | Mapping[str, JsonValue] | None"

#: Rows per page; the maximum. Source: exchange-wire 8.1.
PAGE_SIZE = 1000

#: Cmdlets that take `ResultSize`, lower case. Source: their pages. Others refuse it as an unknown parameter (V26).
LISTINGS = frozenset({"get-inboundconnector", "get-outboundconnector", "get-accepteddomain", "get-transportrule"})

_ANCHOR = "APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{tenant}"
_HASHTABLE = {"@odata.type": "#Exchange.GenericHashTable"}
_CMDLET = re.compile(r"[A-Za-z]+-[A-Za-z0-9]+")
_CLAIMS = re.compile(r'\bclaims\s*=\s*"?(?P<value>[A-Za-z0-9+/_-]+=*)"?', re.I)
_MORE_ROWS = "more results available than are currently displayed"


@dataclass(frozen=True)
class Request:
    """One cmdlet call as HTTP. The next page of a listing is the same request sent to another URL.

    Attributes:
        headers: without Authorization, which the transport adds.
        body: JSON in ASCII bytes.
        method: another one than POST only where something else than a cmdlet is asked for.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"

    @property
    def client_request_id(self) -> str:
        """The id of this call: the same on every retry and every page."""
        return self.headers["client-request-id"]


@dataclass(frozen=True)
class Page:
    """One answer, read.

    Attributes:
        rows: the objects, without the keys that contain `@`.
        warnings, errors: `@adminapi.warnings`, `@adminapi.errors`.
        next_link: URL of the next page; empty on the last.
        is_cut_short: whether the service left rows out and gave no way to get them.
    """

    rows: tuple[Mapping[str, object], ...] = ()
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    next_link: str = ""
    is_cut_short: bool = False


class UnreadableError(Exception):
    """An answer of status 2xx whose body is not the success envelope."""


def request(
    cloud: Cloud,
    tenant: str,
    cmdlet: str,
    parameters: Mapping[str, JsonValue],
    *,
    connection_id: str,
) -> Request:
    """A cmdlet call as HTTP.

    Source: exchange-wire 5.1 to 5.3.

    Args:
        tenant: the tenant's GUID; a vanity domain gives 401 or breaks paging.
        cmdlet: for example `Set-OutboundConnector`.
        parameters: by their PowerShell names; None is `$null`, a list replaces, a mapping is a hashtable.

    Raises:
        ValueError: for a name that is no cmdlet.
    """
    if not _CMDLET.fullmatch(cmdlet):
        raise ValueError(f"{cmdlet!r} is not the name of a cmdlet")
    body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": encode(parameters)}}
    headers = {
        "Accept": "application/json",
        "Accept-Charset": "UTF-8",
        "Accept-Language": "en-US",
        "Content-Type": "application/json",
        "Prefer": f"odata.maxpagesize={PAGE_SIZE}",
        "X-AnchorMailbox": _ANCHOR.format(tenant=tenant),
        "X-ClientApplication": "RegulatedPartners",
        "X-CmdletName": cmdlet,
        "X-ResponseFormat": "json",
        "client-request-id": str(uuid.uuid4()),
        "connection-id": connection_id,
    }
    # ASCII with escapes: accented characters as UTF-8 have given HTTP 500 (CIPP #2898).
    return Request(
        url=f"{cloud.host}/adminapi/beta/{tenant}/InvokeCommand",
        headers=headers,
        body=json.dumps(body, ensure_ascii=True, allow_nan=False).encode("ascii"),
    )


def with_result_size(cmdlet: str, parameters: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """The parameters of a listing, asking for all rows unless the caller says how many.

    Source: Get-InboundConnector and the others, ResultSize (default 1000).
    """
    if cmdlet.lower() not in LISTINGS or any(name.lower() == "resultsize" for name in parameters):
        return parameters
    return {**parameters, "ResultSize": "Unlimited"}


def encode(parameters: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Parameters as the service's binder reads them: hashtables, and lists of them, carry their OData type.

    Source: exchange-wire 5.3 (without the type the binder sees a JObject and refuses).
    """
    encoded: dict[str, JsonValue] = {}
    for name, value in parameters.items():
        if isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
            encoded[f"{name}@odata.type"] = "#Collection(Exchange.GenericHashTable)"
        encoded[name] = _encode_value(value)
    return encoded


def _encode_value(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return {**_HASHTABLE, **encode(value)}
    if isinstance(value, (list, tuple)):
        return [_encode_value(item) for item in value]
    return value


def read_page(body: bytes) -> Page:
    """The answer of a call that succeeded. Unknown keys are ignored.

    Source: exchange-wire 6.1.

    Args:
        body: of a 2xx answer. Empty, or without `value`, means no rows; NUL bytes do not, with which the service
            refuses (exchange-wire 7.2).

    Raises:
        UnreadableError: its text says what is wrong with it.
    """
    if not body.strip(b" \r\n\t"):
        return Page()
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise UnreadableError("its body is not JSON") from None
    if document is None:
        return Page()
    if not isinstance(document, dict):
        raise UnreadableError("its body is not a JSON object")
    members = {key.lower(): value for key, value in document.items()}
    if "error" in members:
        raise UnreadableError("it has status 200 and an error as its body")
    value = members.get("value")
    rows = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(row, dict) for row in rows):
        raise UnreadableError("its rows are not objects")
    warnings = _strings(members.get("@adminapi.warnings"))
    kept = tuple(warning for warning in warnings if _MORE_ROWS not in warning)
    next_link = _link(members.get("@odata.nextlink"))
    return Page(
        rows=tuple(_without_annotations(row) for row in rows),
        warnings=kept,
        errors=_strings(members.get("@adminapi.errors")),
        next_link=next_link,
        is_cut_short=not next_link and kept != warnings,
    )


def json_object(text: str | bytes) -> Mapping[str, Any]:
    """The object that a text holds as JSON; an empty one for any other text."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _without_annotations(row: Mapping[str, object]) -> dict[str, object]:
    return {
        key: _without_annotations(value) if isinstance(value, dict) else value
        for key, value in row.items()
        if "@" not in key
    }


def _strings(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(item if isinstance(item, str) else json.dumps(item) for item in items)


def _link(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadableError("its link to the next page is not a string")
    return value


def same_origin(link: str, url: str) -> bool:
    """Whether a link to a next page leads to the host that was asked: only there may the token go."""
    try:
        there, here = ((parts.scheme, parts.hostname, parts.port or 443) for parts in (urlsplit(link), urlsplit(url)))
    except ValueError:
        return False
    return there == here


def claims_challenge(headers: Mapping[str, str]) -> str | None:
    """The claims that a 401 asks the next token to hold, as JSON; None when it asks for none.

    Source: exchange-wire 4 (CAE); the value is base64 of JSON.

    Args:
        headers: names in lower case.
    """
    found = _CLAIMS.search(headers.get("www-authenticate", ""))
    if found is None:
        return None
    value = found["value"]
    try:
        text = base64.b64decode(value.replace("-", "+").replace("_", "/") + "=" * (-len(value) % 4)).decode("utf-8")
        return text if isinstance(json.loads(text), dict) else None
    except ValueError:
        return None
