"""The catalogue of refusals: each known answer becomes its typed error, with the service's words and what to do."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.admin_api import (
    AccessDenied,
    AdminApiError,
    AlreadyExists,
    InvalidArgument,
    NotAuthenticated,
    NotCustomizable,
    NotFound,
    RestrictedOffering,
    ServiceError,
    StalePage,
    Throttled,
    Unavailable,
    Unsupported,
    classify,
)

ODATA = "Microsoft.Exchange.Admin.OData.Core.ODataServiceException"


def body(
    message: str = "",
    *,
    internal: tuple[str, str] | None = None,
    code: str = "BadRequest",
    outer: str = "Invalid Operation",
) -> bytes:
    """An error envelope. message: of details[0]. internal: text and type of the inner exception."""
    error: dict[str, object] = {"code": code, "message": outer}
    if message:
        error["details"] = [{"code": "Client", "target": "", "message": message}]
    inner: dict[str, object] = {"message": outer, "type": ODATA, "stacktrace": "at ManagementObjectNotFoundException"}
    if internal:
        inner["internalexception"] = {"message": internal[0], "type": internal[1], "stacktrace": ""}
    error["innererror"] = inner
    error["@adminapi.warnings"] = []
    return json.dumps({"error": error}).encode()


UNKNOWN_PARAMETER = (
    "Parameter set cannot be resolved using the specified named parameters. Invalid cmdlet parameters specified. "
    "MtaStsMode"
)
AMBIGUOUS = "Microsoft.Exchange.AdminApi.CommandInvocation.AmbiguousParameterSetException"
BAD_ENUM = (
    "Cannot process argument transformation on parameter 'TlsSettings'. Cannot convert value \"Nonsense\" to type "
    '"TlsAuthLevel". Error: "Unable to match the identifier name Nonsense to a valid enumerator name. Specify one of '
    'the following enumerator names and try again: EncryptionOnly, CertificateValidation, DomainValidation"'
)
TRANSFORMATION = "Microsoft.Exchange.AdminApi.CommandInvocation.ParameterTransformationException"
MISSING = "The operation couldn't be performed because object 'Fabrikam' couldn't be found on 'X.PROD.OUTLOOK.COM'."
MISSING_TYPE = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
DIRECT = "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException"
ROLE = (
    '||Some of the parameters specified with the "Get-ExoSecOpsOverrideRule" cmdlet aren\'t present in the role '
    "definition for the current user. Check the management roles assigned to you, and try again."
)
PROXIED = (
    "|Microsoft.Exchange.Configuration.CmdletProxyException|Error on proxy command 'Set-X' to server Y: NotFound: "
    "Error executing cmdlet : " + body(f"Ex6F9304|{MISSING_TYPE}|{MISSING}", code="NotFound").decode()
)
DIRECTORY = "Microsoft.Exchange.Data.Directory"
SERIALIZED = json.dumps({"ClassName": MISSING_TYPE, "Message": MISSING, "localizedString": {"stringId": "Ex6F9304"}})

CASES: dict[str, tuple[int, bytes, type[AdminApiError], str]] = {
    "unknown parameter (body A)": (
        400,
        body(f"|{AMBIGUOUS}|{UNKNOWN_PARAMETER}", internal=(UNKNOWN_PARAMETER, AMBIGUOUS)),
        Unsupported,
        "this cloud does not know the parameter MtaStsMode",
    ),
    "parameters that do not go together": (
        400,
        body(f"|{AMBIGUOUS}|Parameter set cannot be resolved using the specified named parameters."),
        InvalidArgument,
        "do not go together",
    ),
    "bad enum (body B)": (
        400,
        body(internal=(BAD_ENUM, TRANSFORMATION)),
        InvalidArgument,
        "the value of TlsSettings",
    ),
    "not found (body C)": (
        404,
        body(f"Ex6F9304|{MISSING_TYPE}|{MISSING}", internal=("...", DIRECT), code="NotFound"),
        NotFound,
        "does not exist",
    ),
    "not found as 400": (400, body(f"Ex6F9304|{MISSING_TYPE}|{MISSING}"), NotFound, "does not exist"),
    "not found as 500": (
        500,
        body(f"Ex6F9304|{MISSING_TYPE}|{MISSING}", code="InternalServerError"),
        NotFound,
        "does not exist",
    ),
    "not found by text": (400, body(internal=(MISSING, DIRECT)), NotFound, "does not exist"),
    "not found, curly apostrophe": (400, body("||" + MISSING.replace("'", "\u2019")), NotFound, "does not exist"),
    "not found, serialized": (400, body(SERIALIZED), NotFound, "The service said: The operation couldn't"),
    "not found, proxied": (400, body(PROXIED), NotFound, "The service said: The operation couldn't be performed"),
    "not found, keys in other case": (
        400,
        json.dumps({"Error": {"Code": "NotFound", "Details": [{"Message": f"Ex1|{MISSING_TYPE}|{MISSING}"}]}}).encode(),
        NotFound,
        "does not exist",
    ),
    "another type that says couldn't be found": (
        400,
        body("|Microsoft.Exchange.Some.OtherException|The accepted domain couldn't be found."),
        InvalidArgument,
        "The accepted domain couldn't be found",
    ),
    "the type only in a stack trace": (400, body(), ServiceError, "Invalid Operation"),
    "bare 404": (404, b"<html>Not Found</html>", ServiceError, "says nothing about the object"),
    "exists": (
        400,
        body("|Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException|The object is there."),
        AlreadyExists,
        "exists already",
    ),
    "exists, by text": (409, body("||The connector 'x' already exists."), AlreadyExists, "exists already"),
    "exists, member": (
        400,
        body("ExB10BE9|Microsoft.Exchange.Management.Tasks.WLCDManagedMemberExistsException|Taken."),
        AlreadyExists,
        "exists already",
    ),
    "semantic validation": (
        400,
        body("|System.ArgumentException|The SenderRewritingEnabled parameter can only be specified for OnPremises."),
        InvalidArgument,
        "The SenderRewritingEnabled parameter can only",
    ),
    "any other typed 400": (
        400,
        body("|Microsoft.Exchange.Foo.BarException|The smart host is not nice."),
        InvalidArgument,
        "It is one of two things",
    ),
    "typed 400, in the newer form": (
        400,
        body(json.dumps({"Message": "Das Objekt ist da.", "TypeName": f"{DIRECTORY}.ADObjectAlreadyExistsException"})),
        AlreadyExists,
        "Das Objekt ist da",
    ),
    "a property that does not hold what it may": (
        400,
        body("Ex0D6BFD|Microsoft.Exchange.Data.DataValidationException|There are multiple primary SMTP addresses."),
        InvalidArgument,
        "Correct the value in the stack file",
    ),
    "dehydrated, in another language": (
        400,
        body(
            "|Microsoft.Exchange.Configuration.Tasks.InvalidOperationInDehydratedContextException|Der Befehl ist nicht "
            "zulässig."
        ),
        NotCustomizable,
        "Enable-OrganizationCustomization",
    ),
    "dehydrated, by text, as 500": (
        500,
        body(
            internal=(
                "The command you tried to run isn\u2019t currently allowed in your organization. To run this command, "
                "you first need to run the command: Enable-OrganizationCustomization.",
                DIRECT,
            )
        ),
        NotCustomizable,
        "wait an hour",
    ),
    "developer subscription": (
        400,
        body("||Creation of inbound connectors is restricted in your organization."),
        RestrictedOffering,
        "support does not lift it",
    ),
    "forbidden by a cause with a name": (
        403,
        body("|Microsoft.Exchange.Foo.LockedException|The organization is locked."),
        AccessDenied,
        "Else the tenant does not allow the call now",
    ),
    "forbidden without a cause": (403, b"Forbidden", AccessDenied, "Exchange.ManageAsApp"),
    "dehydrated, without a type": (
        400,
        body("||... first need to run the command: Enable-OrganizationCustomization."),
        NotCustomizable,
        "Organization Management",
    ),
    "sufficient permissions": (
        400,
        body("|System.InvalidOperationException|You don't have sufficient permissions."),
        AccessDenied,
        "Exchange Administrator",
    ),
    "a write scope that on-premises servers own": (
        400,
        body("||The operation failed because it's out of the current user's write scope. It is being synchronized."),
        ServiceError,
        "Read the service's words",
    ),
    "NUL bytes": (403, b"\0" * 512, AccessDenied, "or the cmdlet does not exist"),
    "no role, 401 with text": (
        401,
        body(outer="User is not allowed to call Get-Mailbox", code="Unauthorized"),
        AccessDenied,
        "User is not allowed to call",
    ),
    "empty 401": (401, b"", NotAuthenticated, "did not accept the access token"),
    "parameter not in role": (400, body(ROLE), AccessDenied, "Exchange Administrator"),
    "parameter not in role, as 403": (403, body(ROLE), AccessDenied, "aren't present in the role definition"),
    "wrong anchor": (
        400,
        body(f"|{DIRECTORY}.InsufficientPermissionsException|Source server:X doesn't have write permission."),
        AccessDenied,
        "went to a wrong server",
    ),
    "directory hiccup": (
        500,
        body(
            internal=(
                "Active Directory response: The LDAP server is unavailable..",
                f"{DIRECTORY}.ADTransientException",
            ),
            code="InternalServerError",
        ),
        Unavailable,
        "passing problem",
    ),
    "throttled as text": (429, b"Too many requests", Throttled, "Too many requests"),
    "tenant concurrency as 400": (
        400,
        b"You have reached the maximum number of concurrent requests per tenant. Please wait and try again",
        Throttled,
        "number of concurrent requests",
    ),
    "stale page": (
        400,
        body(internal=("Expired or Invalid pagination request. Default Expiry time is 00:30:00", "System.Exception")),
        StalePage,
        "has expired",
    ),
    "restricted offering": (
        400,
        body(
            "|Microsoft.Exchange.Management.Tasks.OrganizationInboundConnectorProhibitedException|Für dieses Angebot."
        ),
        RestrictedOffering,
        "Für dieses Angebot",
    ),
    "server error": (500, b"", Unavailable, "the service failed"),
    "rare server error": (507, b"oops", Unavailable, "oops"),
    "teapot": (418, b"", ServiceError, "refused the call"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_known_refusal_has_its_type(case: str) -> None:
    """Fails when a refusal is taken for another: a missing role for a missing object deletes a connector from state."""
    status, content, kind, part = CASES[case]
    error = classify(status, {"request-id": "rid-1"}, content, where="Set-X 'Fabrikam'", client_request_id="crid-1")
    assert type(error) is kind
    text = str(error)
    assert part in text
    assert text.startswith("Set-X 'Fabrikam': ")
    assert text.endswith(f"(HTTP {status}, request-id rid-1, client-request-id crid-1)")
    assert "\0" not in text
    assert error.failure.request_id == "rid-1"


def test_a_whole_sentence() -> None:
    """Fails when the text is no longer what a person can act on."""
    status, content, *_ = CASES["unknown parameter (body A)"]
    error = classify(status, {}, content, where="New-OutboundConnector 'Fabrikam Bank - outbound' in tenant contoso")
    assert str(error) == (
        "New-OutboundConnector 'Fabrikam Bank - outbound' in tenant contoso: this cloud does not know the parameter "
        "MtaStsMode. The service said: Parameter set cannot be resolved using the specified named parameters. Invalid "
        "cmdlet parameters specified. MtaStsMode. Remove it from the stack file: newer parameters reach the clouds at "
        "different times. (HTTP 400)"
    )
    assert error.failure.parameters == ("MtaStsMode",)


def test_x_ms_diagnostics_speaks_when_the_body_does_not() -> None:
    """Fails when the only words of a bodyless refusal are thrown away."""
    error = classify(403, {"X-MS-Diagnostics": '2000003;reason="role required"'}, b"\0\0")
    assert 'The service said: 2000003;reason="role required".' in str(error)


def test_the_services_words_cannot_break_a_log() -> None:
    """Fails when a text of the service colours a terminal, forges log lines or fills the log."""
    error = classify(400, {}, body("||red \x1b[31m\r\nERROR forged line " + "x" * 5000))
    assert "\x1b" not in str(error)
    assert "\n" not in str(error)
    assert len(str(error)) < 1500


def test_a_text_that_nobody_can_print_is_made_printable() -> None:
    """Fails when half a character in an answer makes printing the error fail."""
    assert str(classify(400, {}, b'{"error": {"message": "half \\ud800 character"}}')).encode()


def test_an_answer_nested_without_end_is_a_sentence() -> None:
    """Fails when a hostile answer ends the process."""
    assert str(classify(400, {}, b"[" * 200_000))
    for message in ('{"a":' * 200_000, "proxy command " + '{"a":' * 200_000):
        assert str(classify(400, {}, json.dumps({"error": {"message": message}}).encode()))


def test_an_error_survives_another_process() -> None:
    """Fails when an error of a worker process arrives as a failure to unpickle."""
    error = classify(400, {"request-id": "r"}, CASES["bad enum (body B)"][1])
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(again), str(again)) == (type(error), str(error))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "Error", "details", "message", "innererror", "internalexception", "type", "value"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    status=st.integers(300, 599), content=_json.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=80)
)
def test_no_body_whatever_breaks_the_reader(status: int, content: bytes) -> None:
    """Fails when an unforeseen answer gives a traceback, or passes for a missing object."""
    error = classify(status, {}, content)
    assert str(error)
    assert not isinstance(error, NotFound)
