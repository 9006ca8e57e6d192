"""The catalogue of refusals: from the .NET type and text of an answer to a typed error, never from the status alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from exchange_online.admin_api.error_envelope import ErrorWords
from exchange_online.admin_api.errors import (
    AccessDenied,
    AdminApiError,
    AlreadyExists,
    InvalidArgument,
    NotFound,
    Repeat,
    RestrictedOffering,
    StalePage,
    Throttled,
    Unavailable,
    Unsupported,
)


@dataclass(frozen=True)
class Entry:
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
CATALOGUE: tuple[Entry, ...] = (
    Entry(
        StalePage,
        "the link to the next page of the listing has expired",
        texts=("expired or invalid pagination request",),
        repeat=Repeat.NEVER,
    ),
    Entry(
        Throttled,
        "the tenant has reached its number of concurrent requests",
        texts=("maximum number of concurrent requests per tenant",),
        repeat=Repeat.ANY,
    ),
    Entry(
        RestrictedOffering,
        "this service offering does not allow the connector",
        # V32 (observed:single) and V35 (documented).
        types=("OrganizationInboundConnectorProhibitedException",),
        texts=("creation of inbound connectors is restricted",),
    ),
    Entry(
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
    Entry(
        AccessDenied,
        "the server that got the call may not write this tenant's directory",
        types=("InsufficientPermissionsException",),
        advice=(
            "If the application does hold the Entra role Exchange Administrator, the call went to a wrong server: "
            "check that the tenant of the stack is the tenant's GUID or its onmicrosoft.com domain."
        ),
    ),
    Entry(
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
    Entry(NotFound, "the object does not exist", types=("ManagementObjectNotFoundException",)),
    Entry(
        AlreadyExists,
        "an object of this name exists already",
        types=("ADObjectAlreadyExistsException", "MemberAlreadyExistsException", "ManagedMemberExistsException"),
        # No text for connectors is on record (V29): assumed to read like the other objects'.
        texts=("already exists",),
    ),
    Entry(
        Unsupported,
        "this cloud does not know the parameter {parameters}",
        texts=("invalid cmdlet parameters specified", "a parameter cannot be found that matches parameter name"),
    ),
    Entry(
        InvalidArgument,
        "these parameters do not go together",
        types=("AmbiguousParameterSetException",),
        texts=("parameter set cannot be resolved",),
    ),
    Entry(
        InvalidArgument,
        "the service refused the value of {parameters}",
        types=("ParameterTransformationException", "ParameterBindingException"),
        texts=("cannot process argument transformation",),
    ),
    Entry(InvalidArgument, "the service refused a value", types=("System.Argument",)),
)

_OBJECT_MISSING = Entry(NotFound, "the object does not exist", texts=("couldn't be found",))
_WRAPPERS = ("System.Exception", "ODataServiceException", "DirectInvokeCmdletExecutionException")

_PARAMETERS = (
    re.compile(r"Invalid cmdlet parameters specified\.?\s*(?P<names>\w+(?:\s*,\s*\w+)*)", re.I),
    re.compile(r"argument transformation on parameter '(?P<names>\w+)'", re.I),
    re.compile(r"matches parameter name '(?P<names>\w+)'", re.I),
    re.compile(r"^The (?P<names>\w+) parameter can ", re.I),
)


def find(words: ErrorWords) -> Entry | None:
    """The row that a refusal belongs to, or None when only the HTTP status is left to go by."""
    haystack = words.everything.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    lowered = haystack.lower()
    for entry in CATALOGUE:
        if any(name in haystack for name in entry.types) or any(text in lowered for text in entry.texts):
            return entry
    # "couldn't be found" alone means a missing object only when no other exception type says what it is about:
    # a wrong "missing" is the one mistake that must not happen here (DESIGN, rule 1).
    return None if names_a_cause(words) or _OBJECT_MISSING.texts[0] not in lowered else _OBJECT_MISSING


def names_a_cause(words: ErrorWords) -> bool:
    """Whether a refusal names a .NET type of its own, and not just one that wraps every failure."""
    return bool(words.exception_type) and not words.exception_type.endswith(_WRAPPERS)


def parameters_in(words: ErrorWords) -> tuple[str, ...]:
    """The cmdlet parameters that a refusal names, in its order."""
    for pattern in _PARAMETERS:
        match = pattern.search(words.text)
        if match:
            return tuple(name.strip() for name in match["names"].split(","))
    return ()
