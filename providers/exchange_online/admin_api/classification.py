"""Turns an answer that is a refusal into the typed error it means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeAlias
from urllib.parse import urlsplit

from exchange_online.admin_api import catalogue
from exchange_online.admin_api.error_envelope import ErrorWords, read_error, words_of
from exchange_online.admin_api.errors import (
    AccessDenied,
    AdminApiError,
    Failure,
    InvalidArgument,
    NotAuthenticated,
    Repeat,
    ServiceError,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
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
    entry = catalogue.find(words)
    kind, what, advice, repeat, outcome_known = (
        (entry.kind, entry.what, entry.advice, entry.repeat, entry.outcome_known)
        if entry
        else _by_status(status, named, words)
    )
    parameters = catalogue.parameters_in(words)
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
    entry = catalogue.find(words)
    kind = entry.kind if entry else ServiceError
    parameters = catalogue.parameters_in(words)
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
    if catalogue.names_a_cause(words):
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
