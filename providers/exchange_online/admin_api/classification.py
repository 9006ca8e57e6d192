"""Turns an answer that is a refusal into the typed error it means.

From the .NET type and text of the answer first, by the HTTP status only when nothing is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeAlias
from urllib.parse import urlsplit

from exchange_online.admin_api.error_envelope import ErrorWords, read_error, words_of
from exchange_online.admin_api.errors import (
    AccessDenied,
    AdminApiError,
    AlreadyExists,
    Failure,
    InvalidArgument,
    NotAuthenticated,
    NotFound,
    Repeat,
    RestrictedOffering,
    ServiceError,
    StalePage,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
    Unsupported,
)
from exchange_online.admin_api.redaction import clean

_DECIMAL_SECONDS = re.compile(r"\d{1,9}(?:\.\d+)?")


def classify(
    status: int, headers: Mapping[str, str], body: bytes, *, where: str = "The call", client_request_id: str = ""
) -> AdminApiError:
    """The typed error that a refusal means; the caller raises it.

    status: the HTTP status.
    headers: response headers, names in any case.
    body: response body as it came: JSON, text, NUL bytes or nothing.
    where: what was being done, for the sentence.
    client_request_id: the id that was sent.
    Source: exchange-wire 7.2: by the .NET type in the text first, by the HTTP status only when nothing is named.
    """
    named = {name.lower(): value for name, value in headers.items()}
    words = read_error(body)
    entry = _find(words)
    kind, what, advice, repeat, outcome_known = (
        (entry.kind, entry.what, entry.advice, entry.repeat, entry.outcome_known)
        if entry
        else _by_status(status, named, words)
    )
    parameters = _parameters_in(words)
    return kind(
        Failure(
            where=where,
            what=what.format(parameters=", ".join(parameters) or "that was sent"),
            advice=advice or kind.usual_advice,
            service_words=words.text or clean(named.get("x-ms-diagnostics", "")),
            status=status,
            request_id=clean(named.get("request-id", "")),
            client_request_id=client_request_id,
            exception_type=clean(words.exception_type or named.get("x-exceptiontype", "")),
            parameters=parameters,
            retry_after=retry_after(named.get("retry-after")),
            repeat=repeat,
            outcome_known=outcome_known,
        )
    )


def classify_reported(
    errors: tuple[str, ...], *, where: str, request_id: str = "", client_request_id: str = ""
) -> AdminApiError:
    """The typed error for a 200 that carries `@adminapi.errors`.

    errors: the entries, each a text or `StringId|.NET type|text`.
    An entry that the catalogue does not know leaves the outcome open: the cmdlet ran and then reported it.
    Source: exchange-wire 6.1 (the official client marks the execution as failed).
    """
    words = words_of(errors[0])
    entry = _find(words)
    kind = entry.kind if entry else ServiceError
    parameters = _parameters_in(words)
    return kind(
        Failure(
            where=where,
            what=(entry.what if entry else "the cmdlet reported an error").format(
                parameters=", ".join(parameters) or "that was sent"
            ),
            advice=(entry.advice if entry else "") or kind.usual_advice,
            service_words="; ".join(words_of(error).text for error in errors),
            status=200,
            request_id=request_id,
            client_request_id=client_request_id,
            exception_type=clean(words.exception_type),
            parameters=parameters,
            repeat=entry.repeat if entry else Repeat.NEVER,
            outcome_known=entry.outcome_known if entry else False,
        )
    )


_Verdict: TypeAlias = tuple[type[AdminApiError], str, str, Repeat, bool]


def _by_status(status: int, headers: Mapping[str, str], words: ErrorWords) -> _Verdict:
    if 300 <= status < 400:
        return _redirected(headers)
    known = _STATUSES.get(status)
    if known:
        return known(words)
    if status >= 500:
        return Unavailable, "the service failed", "", Repeat.READ, False
    return ServiceError, "the service refused the call", "", Repeat.NEVER, True


def _redirected(headers: Mapping[str, str]) -> _Verdict:
    try:
        host = urlsplit(headers.get("location", "")).netloc
    except ValueError:
        host = ""
    return (
        UnexpectedAnswer,
        f"the call was redirected to {clean(host) or 'another address'}, and was not sent there",
        "The access token is only ever sent to the host of the stack's cloud. If that is the right host for the "
        "tenant, set it as the cloud's host.",
        Repeat.NEVER,
        True,
    )


def _bad_request(words: ErrorWords) -> _Verdict:
    if _names_a_cause(words):
        return InvalidArgument, "the service refused the call", "", Repeat.NEVER, True
    return ServiceError, "the service refused the call", "", Repeat.NEVER, True


_STATUSES: dict[int, Callable[[ErrorWords], _Verdict]] = {
    400: _bad_request,
    401: lambda _: (NotAuthenticated, "the service did not accept the access token", "", Repeat.NEVER, True),
    403: lambda words: (
        AccessDenied,
        "the application may not run this cmdlet" + (", or the cmdlet does not exist" if words.bodyless else ""),
        "",
        Repeat.NEVER,
        True,
    ),
    404: lambda _: (
        ServiceError,
        "the address of the admin API was not found",
        "This says nothing about the object: check the cloud's host and the tenant.",
        Repeat.NEVER,
        True,
    ),
    408: lambda _: (Unavailable, "the service gave up waiting for the request", "", Repeat.READ, False),
    429: lambda _: (Throttled, "the service asks for fewer requests", "", Repeat.ANY, True),
    500: lambda _: (Unavailable, "the service failed", "", Repeat.READ, False),
    502: lambda _: (Unavailable, "a gateway before the service failed", "", Repeat.READ, False),
    503: lambda _: (Unavailable, "the service is not available", "", Repeat.IDEMPOTENT, False),
    504: lambda _: (Unavailable, "the service did not answer its gateway in time", "", Repeat.IDEMPOTENT, False),
}


def retry_after(value: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds that a `Retry-After` header asks to wait, or None when it asks for nothing usable.

    value: decimal seconds, as this service sends them, or an HTTP date.
    now: the present moment, for dates; a date that has passed counts as absent.
    Source: exchange-wire 8.3 (the official module parses a double); RFC 9110, 10.2.3.
    """
    text = (value or "").strip()
    if _DECIMAL_SECONDS.fullmatch(text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - now()).total_seconds()
    return seconds if seconds > 0 else None


@dataclass(frozen=True)
class _Entry:
    """One row of the catalogue.

    kind: the error it means.
    what: the rest of the sentence; `{parameters}` is replaced by the named parameters.
    types: parts of .NET type names (or of transient markers) looked for anywhere in the body.
    texts: parts of the text, lower case, straight apostrophes.
    advice: overrides the kind's usual advice.
    repeat, outcome_known: as in `Failure`.
    """

    kind: type[AdminApiError]
    what: str
    types: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    advice: str = ""
    repeat: Repeat = Repeat.NEVER
    outcome_known: bool = True


# Source of every row: exchange-wire 7.2, unless said otherwise. The order matters: the first match decides.
_CATALOGUE: tuple[_Entry, ...] = (
    _Entry(
        StalePage,
        "the link to the next page of the listing has expired",
        texts=("expired or invalid pagination request",),
        repeat=Repeat.NEVER,
    ),
    _Entry(
        Throttled,
        "the tenant has reached its number of concurrent requests",
        texts=("maximum number of concurrent requests per tenant",),
        repeat=Repeat.ANY,
    ),
    _Entry(
        RestrictedOffering,
        "this service offering does not allow the connector",
        # V32 (observed:single) and V35 (documented).
        types=("OrganizationInboundConnectorProhibitedException",),
        texts=("creation of inbound connectors is restricted",),
    ),
    _Entry(
        AccessDenied,
        "the application's role does not include a parameter or cmdlet that was used",
        types=("CmdletAccessDeniedException",),
        texts=(
            "aren't present in the role definition",
            "is not present in the role definition",
            "isn't assigned to any management roles",
            "isn't supported in this scenario. please check online documentation for assigning correct directory roles",
            "user is not allowed to call",
        ),
    ),
    _Entry(
        AccessDenied,
        "the server that got the call may not write this tenant's directory",
        types=("InsufficientPermissionsException",),
        advice=(
            "If the application does hold the Entra role Exchange Administrator, the call went to a wrong server: "
            "check that the tenant of the stack is the tenant's GUID or its onmicrosoft.com domain."
        ),
    ),
    _Entry(
        Unavailable,
        "the service has a passing problem",
        types=(
            # The official module's list.
            "DCOverloadedException",
            "SuitabilityDirectoryException",
            "ServerInMMException",
            "ADServerSettingsChangedException",
            "StorageTransientException",
            # Observed in one other public client each (exchange-wire 8.3); that they pass by is assumed.
            "CmdletProxyNotAvailableFailure",
            "ServerBusyException",
            "TransientException",
            "BackendCommunicationException",
            "TransientDALException",
        ),
        repeat=Repeat.IDEMPOTENT,
        outcome_known=False,
    ),
    _Entry(NotFound, "the object does not exist", types=("ManagementObjectNotFoundException",)),
    _Entry(
        AlreadyExists,
        "an object of this name exists already",
        types=("ADObjectAlreadyExistsException", "MemberAlreadyExistsException", "ManagedMemberExistsException"),
        # No text for connectors is on record (V29): assumed to read like the other objects'.
        texts=("already exists",),
    ),
    _Entry(
        Unsupported,
        "this cloud does not know the parameter {parameters}",
        texts=("invalid cmdlet parameters specified", "a parameter cannot be found that matches parameter name"),
    ),
    _Entry(
        InvalidArgument,
        "these parameters do not go together",
        types=("AmbiguousParameterSetException",),
        texts=("parameter set cannot be resolved",),
    ),
    _Entry(
        InvalidArgument,
        "the service refused the value of {parameters}",
        types=("ParameterTransformationException", "ParameterBindingException"),
        texts=("cannot process argument transformation",),
    ),
    _Entry(InvalidArgument, "the service refused a value", types=("System.Argument",)),
)

_OBJECT_MISSING = _Entry(NotFound, "the object does not exist", texts=("couldn't be found",))
_WRAPPERS = ("System.Exception", "ODataServiceException", "DirectInvokeCmdletExecutionException")

_PARAMETERS = (
    re.compile(r"Invalid cmdlet parameters specified\.?\s*(?P<names>\w+(?:\s*,\s*\w+)*)", re.I),
    re.compile(r"argument transformation on parameter '(?P<names>\w+)'", re.I),
    re.compile(r"matches parameter name '(?P<names>\w+)'", re.I),
    re.compile(r"^The (?P<names>\w+) parameter can ", re.I),
)


def _find(words: ErrorWords) -> _Entry | None:
    """The row that a refusal belongs to, or None when only the HTTP status is left to go by."""
    haystack = words.everything.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    lowered = haystack.lower()
    for entry in _CATALOGUE:
        if any(name in haystack for name in entry.types) or any(text in lowered for text in entry.texts):
            return entry
    # "couldn't be found" alone means a missing object only when no other exception type says what it is about:
    # a wrong "missing" is the one mistake that must not happen here (DESIGN, rule 1).
    return None if _names_a_cause(words) or _OBJECT_MISSING.texts[0] not in lowered else _OBJECT_MISSING


def _names_a_cause(words: ErrorWords) -> bool:
    """Whether a refusal names a .NET type of its own, and not just one that wraps every failure."""
    return bool(words.exception_type) and not words.exception_type.endswith(_WRAPPERS)


def _parameters_in(words: ErrorWords) -> tuple[str, ...]:
    """The cmdlet parameters that a refusal names, in its order."""
    for pattern in _PARAMETERS:
        match = pattern.search(words.text)
        if match:
            return tuple(name.strip() for name in match["names"].split(","))
    return ()
