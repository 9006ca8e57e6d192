"""The answers of the admin API on the wire: rows, the success envelope, the error envelopes (bodies A, B, C)."""

from __future__ import annotations

import base64
import gzip
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from starlette.responses import Response

from exchange_online_emulator.admin_api.authorization import challenge_claims
from exchange_online_emulator.cmdlets.parameters import row_properties
from exchange_online_emulator.cmdlets.tenant import PlainRow
from exchange_online_emulator.cmdlets.values import ticks, variant
from exchange_online_emulator.errors import NotAuthenticatedError, ServiceError
from exchange_online_emulator.models import DN_SUFFIX, Kind, SettingValue, StoredObject, Switches
from exchange_online_emulator.rules import assumed, observed_client, observed_live, observed_multi, observed_single

WireValue = str | bool | int | None | list[str]
_CLASSES = {
    Kind.INBOUND: "msExchSMTPInboundConnector",
    Kind.OUTBOUND: "msExchSMTPOutboundConnector",
    Kind.TRANSPORT_RULE: "msExchTransportRule",
    Kind.ACCEPTED_DOMAIN: "msExchAcceptedDomain",
}
_ORDER = {
    Kind.INBOUND: row_properties(Kind.INBOUND),
    Kind.OUTBOUND: row_properties(Kind.OUTBOUND),
    Kind.TRANSPORT_RULE: (
        *("Priority", "Comments", "Conditions", "State", "Mode", "RecipientDomainIs", "SenderDomainIs"),
        *("RouteMessageOutboundConnector", "RouteMessageOutboundRequireTls", "Name", "Identity", "Guid", "IsValid"),
    ),
    Kind.ACCEPTED_DOMAIN: ("DomainName", "DomainType", "Default", "Name", "Identity", "Guid", "IsValid"),
}


def row(item: StoredObject | PlainRow, switches: Switches, tenant: str) -> dict[str, WireValue]:
    """One row with its sidecars; `tenant` is the GUID that directory names hold."""
    if isinstance(item, PlainRow):
        plain: dict[str, WireValue] = {}
        for name, value in item.values.items():
            _put(plain, name, value)
        return plain
    if item.kind in (Kind.MESSAGE_TRACE, Kind.MESSAGE_TRACE_DETAIL):
        return _plain(item)
    values = _properties(item)
    hidden = set(switches.unsupported_parameters)
    cells: dict[str, WireValue] = {}
    for name in _ORDER[item.kind]:
        if name in hidden:
            continue
        value = values[name] if name in values else item.settings.get(name)
        if switches.stored_form_variants:
            value = variant(name, value)
        _put(cells, name, value)
    for name, value in _directory_properties(item, tenant).items():
        _put(cells, name, value)
    return cells


@assumed(
    "message-trace-rows",
    "rows of the message trace have the documented properties and no directory properties; dates have no zone",
    "Get-MessageTraceV2, Get-MessageTraceDetailV2: properties by their examples; the wire form is not known",
)
def _plain(item: StoredObject) -> dict[str, WireValue]:
    cells: dict[str, WireValue] = {}
    for name, value in item.settings.items():
        if item.kind is Kind.MESSAGE_TRACE_DETAIL and name == "RecipientAddress":
            continue
        if name in ("Received", "Date"):
            cells[f"{name}@data.type"] = "System.DateTime"
        _put(cells, name, value)
    return cells


@observed_live(
    "row-shapes",
    "inbound and outbound rows have the properties of data/cmdlets.json and differ; Identity equals Name",
    "G2O, July 2026 (connector-semantics section 4)",
)
def _properties(item: StoredObject) -> Mapping[str, SettingValue]:
    stamp = item.text("LastValidationTimestamp")
    return {
        "Name": item.name,
        "Identity": item.name,
        "Guid": item.guid,
        "IsValid": True,
        "WhenChangedUTC": f"{ticks(item.changed)}Z",
        "WhenCreatedUTC": f"{ticks(item.created)}Z",
        "LastValidationTimestamp": ticks(datetime.fromisoformat(stamp)) if stamp else None,
    }


@observed_multi(
    "directory-properties",
    "rows carry generic directory properties (Id, DistinguishedName, ObjectClass, WhenChanged, ...)",
    "VOSS connector models, ScubaGear sample report, RAWHTTP; their values are assumed",
)
def _directory_properties(item: StoredObject, tenant: str) -> Mapping[str, SettingValue]:
    return {
        "AdminDisplayName": "",
        "ExchangeVersion": "0.1 (8.0.535.0)",
        "DistinguishedName": f"CN={item.name},{DN_SUFFIX.upper()}",
        "ObjectCategory": f"PROD.OUTLOOK.COM/Configuration/Schema/{_CLASSES[item.kind]}",
        "ObjectClass": ("top", _CLASSES[item.kind]),
        "WhenChanged": f"{ticks(item.changed)}+00:00",
        "WhenCreated": f"{ticks(item.created)}+00:00",
        "ExchangeObjectId": item.guid,
        "OrganizationId": f"EURPR01A001.PROD.OUTLOOK.COM/ConfigurationUnits/{tenant}",
        "OrganizationalUnitRoot": tenant,
        "Id": item.name,
        "OriginatingServer": "EMULATOR01.PROD.OUTLOOK.COM",
        "ObjectState": "Unchanged",
    }


@observed_multi(
    "sidecars",
    "next to a value stands its type: X@odata.type for lists and GUIDs, X@data.type for GUIDs, dates and numbers",
    "RAWHTTP, G2O, CIPP (exchange-wire 6.2)",
)
def _put(cells: dict[str, WireValue], name: str, value: SettingValue) -> None:
    if isinstance(value, tuple):
        cells[f"{name}@odata.type"] = "#Collection(String)"
        cells[name] = list(value)
        return
    if name in ("Guid", "ExchangeObjectId"):
        cells[f"{name}@odata.type"] = "#Guid"
        cells[f"{name}@data.type"] = "System.Guid"
    elif value is not None and (name.startswith("When") or name == "LastValidationTimestamp"):
        cells[f"{name}@data.type"] = "System.DateTime"
    elif isinstance(value, int) and not isinstance(value, bool):
        cells[f"{name}@data.type"] = "System.Int32"
    cells[name] = value


_EXCHANGE_APP = "00000002-0000-0ff1-ce00-000000000000"
_JSON = "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8"
_ODATA_EXCEPTION = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"
_CODES = {500: "InternalServerError", 501: "NotImplemented", 503: "ServiceUnavailable"}
_NUL_BODY = b"\0" * 1256


class Answer(Response):
    """An answer of the admin API; `note` is what it does not tell its caller, for the control API."""

    note: str | None = None


def success(
    context: str,
    rows: Sequence[dict[str, WireValue]],
    warnings: Sequence[str],
    *,
    next_link: str | None = None,
    confirmation_message: str | None = None,
    errors: Sequence[str] = (),
) -> Response:
    """The envelope of exchange-wire 6.1; `errors` makes it a 200 that carries failure."""
    body: dict[str, object] = {"@odata.context": context}
    if next_link is not None:
        body["@odata.nextLink"] = next_link
    body["adminapi.warnings@odata.type"] = "#Collection(String)"
    body["@adminapi.warnings"] = list(warnings)
    if errors:
        body["@adminapi.errors"] = list(errors)
    if confirmation_message is not None:
        body["@adminapi.confirmationmessage"] = confirmation_message
    body["value"] = list(rows)
    return _json(body, 200)


@observed_client(
    "clixml",
    "with X-ResponseFormat: clixml the rows come as CLIXML in value[0]._clixml",
    "TMPEXO (exchange-wire 5.1); the XML is only sketched",
)
def clixml(rows: Sequence[dict[str, WireValue]]) -> list[dict[str, WireValue]]:
    """One row that holds all rows as XML."""
    root = ElementTree.Element("Objs", {"Version": "1.1.0.1"})
    for item in rows:
        properties = ElementTree.SubElement(ElementTree.SubElement(root, "Obj"), "Props")
        for name, value in item.items():
            if "@" not in name:
                ElementTree.SubElement(properties, "S", {"N": name}).text = str(value)
    return [{"_clixml": ElementTree.tostring(root, encoding="unicode")}]


@observed_multi(
    "error-envelope",
    "errors: error.code, message, details[0].message as `Id|Type|text`, innererror with internalexception; body B has "
    "no details and its warnings inside error",
    "Microsoft365DSC #2998, G2O, TMPEXO, CIPP, EXOHELPER (exchange-wire 7)",
)
@observed_single(
    "json-details",
    "where the request carries X-ClientModuleVersion, details[0].message is JSON with Message, TypeName, StackTrace "
    "and InnerError (switch error_details)",
    "go-exoscc keeps a real body of this form and sends the header; azure-auth does not and sees `Id|Type|text`; that "
    "the header decides is inferred",
)
def refusal(error: ServiceError, *, json_details: bool = False) -> Answer:
    """The envelope for a refusal; `json_details`: with the newer form of its details."""
    body: dict[str, object] = {"code": _CODES.get(error.status, error.code), "message": error.message}
    if error.has_details:
        message = f"{error.string_id}|{error.exception_type}|{error.text}"
        if json_details:
            serialized = {"Message": error.text, "TypeName": error.exception_type, "StackTrace": None}
            message = json.dumps({**serialized, "InnerError": None}, ensure_ascii=False)
        body["details"] = [{"code": error.detail_code, "target": "", "message": message}]
    body["innererror"] = {
        "message": error.message,
        "type": _ODATA_EXCEPTION,
        "stacktrace": "",
        "internalexception": {
            "message": error.text,
            "type": error.inner_type or error.exception_type,
            "stacktrace": "",
        },
    }
    if not error.has_details:
        body["adminapi.warnings@odata.type"] = "#Collection(String)"
        body["@adminapi.warnings"] = []
    return _json({"error": body}, error.status, {"x-ExceptionType": error.exception_type.rpartition(".")[2]})


class NulBody(Answer):
    """403 with NUL bytes. They are never encoded; the encoding that the request accepts stands in their headers."""

    def __init__(self, note: str | None) -> None:
        super().__init__(_NUL_BODY, 403, _identifiers(), _JSON)
        self.note = note


@observed_multi(
    "nul-body",
    "an unknown cmdlet and a missing directory role answer 403 with a run of NUL bytes that is no JSON; the control "
    "API tells them apart (calls, note)",
    "G2O, AZAPP (exchange-wire 7.2); its length is assumed",
)
def forbidden(note: str | None = None) -> Answer:
    """403 with NUL bytes."""
    return NulBody(note)


@observed_single(
    "nul-body-encoding",
    "where the request accepts gzip, the NUL bytes of a 403 are declared as gzip, which they are not (switch "
    "compression)",
    "azure-auth, measured 2026-09-25 on an unknown cmdlet; go-exoscc and two more clients guard against it; that a "
    "missing role answers so too is assumed",
)
@observed_multi(
    "compression",
    "answers are gzip where the request accepts it (switch compression)",
    "TMPEXO and CIPP ask for it; which answers are compressed, and from which size, is assumed",
)
def encoded(response: Response, accept_encoding: str) -> Response:
    """The answer in the encoding that a request accepts; `accept_encoding` is its header."""
    if not response.body or not _accepts_gzip(accept_encoding):
        return response
    if not isinstance(response, NulBody):
        response.body = gzip.compress(bytes(response.body), compresslevel=1)
        response.headers["Content-Length"] = str(len(response.body))
    response.headers["Content-Encoding"] = "gzip"
    return response


def _accepts_gzip(accept_encoding: str) -> bool:
    """Source: RFC 9110, 12.5.3; the wildcard is left out."""
    found = re.search(r"(?:^|,)\s*gzip\s*(?:;\s*q=(?P<weight>[\d.]+)\s*)?(?:,|$)", accept_encoding, re.IGNORECASE)
    return found is not None and (found["weight"] or "1").strip("0.") != ""


def not_authenticated(error: NotAuthenticatedError, authority: str) -> Response:
    """401, empty, with WWW-Authenticate: Basic, Bearer, or the claims of a CAE challenge."""
    authorization_uri = f"{authority}/common/oauth2/authorize"
    if not error.bearer:
        header = 'Basic Realm=""'
    elif error.claims is not None:
        claims = base64.b64encode(challenge_claims(error.claims).encode()).decode()
        header = (
            f'Bearer realm="", authorization_uri="{authorization_uri}", client_id="{_EXCHANGE_APP}", '
            f'error="insufficient_claims", claims="{claims}"'
        )
    else:
        header = (
            f'Bearer client_id="{_EXCHANGE_APP}", trusted_issuers="00000001-0000-0000-c000-000000000000@*", '
            f'token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="{authorization_uri}", '
            'error="invalid_token"'
        )
    headers = _identifiers() | {"WWW-Authenticate": header, "x-ms-diagnostics": f'2000003;reason="{error.reason}"'}
    return Response(b"", 401, headers)


@observed_single(
    "rate-limit-headers",
    "rate_limit_headers=true: answers carry Rate-Limit-Limit, -Remaining and -Reset, and numbers of concurrent calls",
    "RAWHTTP (exchange-wire 8.2; EXOHELPER reads them); G2O saw none, the default (CONFLICT)",
    applies="switch",
)
def rate_limit_headers() -> dict[str, str]:
    """The headers of one capture."""
    reset = datetime.now(UTC) + timedelta(minutes=5)
    return {
        "Rate-Limit-Limit": "30000",
        "Rate-Limit-Remaining": "29997",
        "Rate-Limit-Reset": reset.isoformat(),
        "X-Concurrencycount": "0",
        "X-Combinedapponlyconcurrencycount": "0",
    }


def _json(body: dict[str, object], status: int, headers: dict[str, str] | None = None) -> Answer:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Answer(text.encode(), status, _identifiers() | (headers or {}), _JSON)


def _identifiers() -> dict[str, str]:
    return {
        "request-id": str(uuid.uuid4()),
        "Odata-Version": "4.0",
        "X-CalculatedBETarget": "EMULATOR01.PROD.OUTLOOK.COM",
    }
