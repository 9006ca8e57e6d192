"""Turns an answer that is a refusal into the typed error it means.

From the .NET type and text of the answer first, by the HTTP status only when nothing is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from exchange_online.admin_api.error_envelope import ErrorWords, read_error, words_of
from exchange_online.admin_api.errors import (
    AccessDenied,
    AdminApiError,
    AlreadyExists,
    Ambiguous,
    Failure,
    InvalidArgument,
    LimitReached,
    NotAuthenticated,
    NotCustomizable,
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


@dataclass(frozen=True)
class _Entry:
    """One row of the catalogue.

    Attributes:
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


# Source of the role: Microsoft365DSC, settings.json of EXOInboundConnector and EXOOutboundConnector.
_MORE_ROLES = (
    "Give the application the Entra role Exchange Administrator, and wait some minutes: a role counts only in a token "
    "issued after it. Where it is to have no more than it needs: a role group of Exchange with the role Remote and "
    "Accepted Domains, for the whole organization; `Get-ManagementRole -Cmdlet New-InboundConnector "
    "-CmdletParameters RequireTls` lists the roles that have a cmdlet and its parameter."
)

_EITHER = (
    "It is one of two things, and these words should tell which: a value of the stack file, which they then name; or "
    "the tenant, which does not allow the write now (its service offering, a limit, a lock), and then no other value "
    "helps. Where they leave it open, Microsoft support finds the call by its request id."
)

_FORBIDDEN = (
    "Where these words speak of a role or a permission, the application lacks it: the Entra role Exchange "
    "Administrator has all that is needed here. Else the tenant does not allow the call now, and no value of the stack "
    "file is the cause: Microsoft support finds the call by its request id."
)

# Source of every row: exchange-wire 7.2, unless said otherwise. The order matters: the first match decides.
_CATALOGUE: tuple[_Entry, ...] = (
    _Entry(
        StalePage,
        "the link to the next page of the listing has expired",
        texts=("expired or invalid pagination request",),
    ),
    _Entry(
        Throttled,
        "the tenant has reached its number of concurrent requests",
        texts=("maximum number of concurrent requests per tenant",),
        repeat=Repeat.ANY,
    ),
    _Entry(
        NotCustomizable,
        "the tenant has not been enabled for customization yet (it is dehydrated)",
        # The type: measured by two public projects in 2026, as a 400; the text: Microsoft 365 help, and issues such as
        # microsoft-365-docs #7403. The name of the cmdlet stays in every language.
        types=("InvalidOperationInDehydratedContextException",),
        texts=("need to run the command: enable-organizationcustomization",),
    ),
    _Entry(
        RestrictedOffering,
        "a developer subscription does not allow inbound connectors",
        # V35 (documented: "Opening a support ticket in affected organizations won't help").
        texts=("creation of inbound connectors is restricted",),
        advice=(
            "Nothing in the stack file is the cause. By Microsoft's documentation this holds for Microsoft 365 E5 "
            "developer subscriptions, and support does not lift it: use a tenant with another subscription."
        ),
    ),
    _Entry(
        RestrictedOffering,
        "this service offering does not allow the connector",
        # V32 (observed:single).
        types=("OrganizationInboundConnectorProhibitedException",),
    ),
    _Entry(
        LimitReached,
        "the tenant has reached the number of such objects that it may have",
        # Microsoft's page on public folder mailboxes; that connectors are counted in these words is assumed.
        texts=("has reached or exceeded the resource quota",),
    ),
    _Entry(
        AccessDenied,
        "the application's roles do not include a parameter or cmdlet that was used",
        types=("CmdletAccessDeniedException",),
        texts=(
            "aren't present in the role definition",
            "is not present in the role definition",
            "isn't assigned to any management roles",
        ),
        advice=_MORE_ROLES,
    ),
    _Entry(
        AccessDenied,
        "the application's roles do not reach as far as this object",
        # A write scope also shuts out what is synchronized from on-premises servers, in other words than these. The
        # second text is that of groups ("... can only be performed by a manager of the group").
        texts=("isn't within your current write scopes", "you don't have sufficient permissions"),
        advice=_MORE_ROLES,
    ),
    _Entry(
        AccessDenied,
        "the cmdlet is not in the application's roles, or this cloud does not have it",
        # PowerShell's own words for a cmdlet that a session was not given (Microsoft365DSC #4586).
        types=("CommandNotFoundException",),
        texts=("is not recognized as the name of a cmdlet", "is not recognized as a name of a cmdlet"),
        advice=_MORE_ROLES,
    ),
    _Entry(
        AccessDenied,
        "the application has no role for this",
        texts=(
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
    _Entry(
        Ambiguous,
        "more than one object has this identity",
        types=("ManagementObjectAmbiguousException",),
        texts=("matches multiple entries",),
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
    _Entry(
        InvalidArgument,
        "the type of a connector that exists cannot be changed",
        # Microsoft Q&A 1622346 (2024-03), of Set-InboundConnector, with the answer's own prefix.
        types=("ConnectorTypeCannotChangeException",),
        advice="Declare one of the wanted type under another name, let `pulumi up` make it, and then remove this one.",
    ),
    # `Ex0D6BFD|Microsoft.Exchange.Data.DataValidationException|There are multiple primary SMTP addresses...`, of a
    # mailbox: the general type for a property that does not hold what it may.
    _Entry(InvalidArgument, "the service refused a value", types=("System.Argument", ".DataValidationException")),
)

_OBJECT_MISSING = _Entry(NotFound, "the object does not exist", texts=("couldn't be found",))
_WRAPPERS = ("System.Exception", "ODataServiceException", "DirectInvokeCmdletExecutionException")

_PARAMETERS = (
    re.compile(r"Invalid cmdlet parameters specified\.?\s*(?P<names>\w+(?:\s*,\s*\w+)*)", re.I),
    re.compile(r"argument transformation on parameter '(?P<names>\w+)'", re.I),
    re.compile(r"matches parameter name '(?P<names>\w+)'", re.I),
    re.compile(r"^The (?P<names>\w+) parameter can ", re.I),
)


_PAGE = "the answer is a web page, which a proxy between here and the service gives, and the service does not"
_PROXY = "If the proxy refused the call, who runs it can allow the host of the stack's cloud. Otherwise: "

_REFUSED = "the service refused the call"
_FAILED = _Entry(Unavailable, "the service failed", repeat=Repeat.READ, outcome_known=False)

#: By the HTTP status, for a refusal that names nothing. Source: exchange-wire 7.2, 8.3.
_STATUSES: dict[int, _Entry] = {
    401: _Entry(NotAuthenticated, "the service did not accept the access token"),
    403: _Entry(AccessDenied, "the application may not run this cmdlet"),
    404: _Entry(
        ServiceError,
        "the address of the admin API was not found",
        advice="This says nothing about the object: check the cloud's host and the tenant.",
    ),
    408: _Entry(Unavailable, "the service gave up waiting for the request", repeat=Repeat.READ, outcome_known=False),
    429: _Entry(Throttled, "the service asks for fewer requests", repeat=Repeat.ANY),
    502: _Entry(Unavailable, "a gateway before the service failed", repeat=Repeat.READ, outcome_known=False),
    503: _Entry(Unavailable, "the service is not available", repeat=Repeat.IDEMPOTENT, outcome_known=False),
    504: _Entry(
        Unavailable, "the service did not answer its gateway in time", repeat=Repeat.IDEMPOTENT, outcome_known=False
    ),
}


@dataclass(frozen=True)
class KnownRefusal:
    """A refusal that is known, for pages that list them.

    Attributes:
        what: what our error says of it.
        told_by: what it is known by: parts of .NET types or of texts of the service, or `HTTP` and a status.
        advice: what our error says to do.
    """

    what: str
    told_by: tuple[str, ...]
    advice: str


def known_refusals() -> tuple[KnownRefusal, ...]:
    """The catalogue in its order, then what is known by its HTTP status alone."""
    rows = [
        *((entry, (*entry.types, *entry.texts)) for entry in (*_CATALOGUE, _OBJECT_MISSING)),
        *((entry, (f"HTTP {status}",)) for status, entry in _STATUSES.items()),
    ]
    return tuple(KnownRefusal(entry.what, told_by, entry.advice or entry.kind.usual_advice) for entry, told_by in rows)


def classify(
    status: int, headers: Mapping[str, str], body: bytes, *, where: str = "The call", client_request_id: str = ""
) -> AdminApiError:
    """The typed error that a refusal means; the caller raises it.

    Source: exchange-wire 7.2: by the .NET type in the text first, by the HTTP status only when nothing is named.

    Args:
        headers: response headers, names in any case.
        body: response body as it came: JSON, text, NUL bytes or nothing.
    """
    named = {name.lower(): value for name, value in headers.items()}
    words = read_error(body)
    entry = _find(words) or _by_status(status, named, words)
    if words.is_page and status >= 400:
        entry = replace(entry, what=f"{entry.what}; {_PAGE}")
    return _error(
        entry,
        Failure(
            where=where,
            what="",
            service_words=words.text or clean(named.get("x-ms-diagnostics", "")),
            status=status,
            request_id=clean(named.get("request-id", "")),
            client_request_id=client_request_id,
            exception_type=clean(words.exception_type or named.get("x-exceptiontype", "")),
            parameters=_parameters_in(words),
            retry_after=retry_after(named.get("retry-after")),
        ),
    )


def classify_reported(
    errors: tuple[str, ...], *, where: str, request_id: str = "", client_request_id: str = ""
) -> AdminApiError:
    """The typed error for a 200 that carries `@adminapi.errors`, each a text or `StringId|.NET type|text`.

    One that the catalogue does not know leaves the outcome open: the cmdlet ran and then reported it.
    Source: exchange-wire 6.1 (the official client marks the execution as failed).
    """
    words = words_of(errors[0])
    return _error(
        _find(words) or _Entry(ServiceError, "the cmdlet reported an error", outcome_known=False),
        Failure(
            where=where,
            what="",
            service_words="; ".join(words_of(error).text for error in errors),
            status=200,
            request_id=request_id,
            client_request_id=client_request_id,
            exception_type=clean(words.exception_type),
            parameters=_parameters_in(words),
        ),
    )


def _error(entry: _Entry, failure: Failure) -> AdminApiError:
    return entry.kind(
        replace(
            failure,
            what=entry.what.format(parameters=", ".join(failure.parameters) or "that was sent"),
            advice=entry.advice,
            repeat=entry.repeat,
            outcome_known=entry.outcome_known,
        )
    )


def _by_status(status: int, headers: Mapping[str, str], words: ErrorWords) -> _Entry:
    if 300 <= status < 400:
        return _redirected(headers)
    if status == 403:
        return _forbidden(words)
    if status == 400 and _names_a_cause(words):
        return _Entry(InvalidArgument, _REFUSED, advice=_EITHER)
    return _STATUSES.get(status) or (_FAILED if status >= 500 else _Entry(ServiceError, _REFUSED))


def _forbidden(words: ErrorWords) -> _Entry:
    """A missing role, as a rule; a cause that has a name of its own need not be one."""
    if _names_a_cause(words):
        return replace(_STATUSES[403], what="the service forbids the call", advice=_FORBIDDEN)
    if words.is_page:
        advice = f"{_PROXY}{_STATUSES[403].kind.usual_advice}"
        return replace(_STATUSES[403], advice=advice)
    if words.bodyless:
        return replace(_STATUSES[403], what=f"{_STATUSES[403].what}, or the cmdlet does not exist")
    return _STATUSES[403]


def _redirected(headers: Mapping[str, str]) -> _Entry:
    try:
        host = urlsplit(headers.get("location", "")).netloc
    except ValueError:
        host = ""
    # A host is no place for braces, which `format` would read.
    shown = clean(host).replace("{", "").replace("}", "") or "another address"
    return _Entry(
        UnexpectedAnswer,
        f"the call was redirected to {shown}, and was not sent there",
        advice="The access token is only ever sent to the host of the stack's cloud. If that is the right host for the "
        "tenant, set it as the cloud's host.",
    )


def retry_after(value: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds that a `Retry-After` header asks to wait, or None when it asks for nothing usable.

    Source: exchange-wire 8.3 (the official module parses a double); RFC 9110, 10.2.3.

    Args:
        value: decimal seconds, as this service sends them, or an HTTP date.
        now: the present moment, for dates; a date that has passed counts as absent.
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


def _find(words: ErrorWords) -> _Entry | None:
    """The row that a refusal belongs to, or None when only the HTTP status is left to go by."""
    haystack = words.everything.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    lowered = haystack.lower()
    for entry in _CATALOGUE:
        if entry.kind in (NotFound, AlreadyExists) and not words.is_envelope:
            continue
        if any(name in haystack for name in entry.types) or any(text in lowered for text in entry.texts):
            return entry
    # "couldn't be found" alone means a missing object only when no other exception type says what it is about:
    # a wrong "missing" is the one mistake that must not happen here (DESIGN, rule 1).
    missing = words.is_envelope and _OBJECT_MISSING.texts[0] in lowered and not _names_a_cause(words)
    return _OBJECT_MISSING if missing else None


def _names_a_cause(words: ErrorWords) -> bool:
    """Whether a refusal names a .NET type of its own, and not just one that wraps every failure."""
    return bool(words.exception_type) and not words.exception_type.endswith(_WRAPPERS)


def _parameters_in(words: ErrorWords) -> tuple[str, ...]:
    """The cmdlet parameters that a refusal names, in its order."""
    for pattern in _PARAMETERS:
        if match := pattern.search(words.text):
            return tuple(name.strip() for name in match["names"].split(","))
    return ()
