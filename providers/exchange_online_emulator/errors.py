"""The refusals of the admin API as exceptions; `admin_api.responses` gives them their form on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange_online_emulator.rules import assumed, documented, observed_live, observed_multi

_INVOCATION = "Microsoft.Exchange.AdminApi.CommandInvocation"


class ServiceError(Exception):
    """A refusal with an HTTP status and the envelope of exchange-wire 7.1.

    Attributes:
        code: error.code.
        message: error.message.
        string_id, exception_type, text: the parts of details[0].message.
        has_details: False leaves `details` out, as body B does.
    """

    status = 400
    code = "BadRequest"
    message = "Invalid Operation"
    detail_code = "Client"
    string_id = ""
    exception_type = "System.Exception"
    inner_type = ""
    has_details = True

    def __init__(self, text: str, *, exception_type: str | None = None, status: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.exception_type = exception_type or self.exception_type
        self.status = status or self.status


class UnknownParameterError(ServiceError):
    """Body A."""

    exception_type = f"{_INVOCATION}.AmbiguousParameterSetException"

    @observed_live(
        "V26", "an unknown parameter is refused with 400 and body A, naming it", "G2O; connector-semantics V26"
    )
    def __init__(self, *names: str) -> None:
        super().__init__(
            "Parameter set cannot be resolved using the specified named parameters. "
            f"Invalid cmdlet parameters specified. {', '.join(names)}"
        )


class MissingParameterError(ServiceError):
    """A mandatory parameter is missing. The refusal is documented (V1, V2); the text is assumed."""

    exception_type = "System.Management.Automation.ParameterBindingException"

    @documented(
        "V1",
        "New-InboundConnector without Name or SenderDomains is refused",
        "New-InboundConnector; the text is assumed",
    )
    @documented("V2", "New-OutboundConnector without Name is refused", "New-OutboundConnector; the text is assumed")
    def __init__(self, *names: str) -> None:
        super().__init__(
            f"Cannot process command because of one or more missing mandatory parameters: {' '.join(names)}."
        )


class TransformationError(ServiceError):
    """Body B: a value that is not of the parameter's type."""

    exception_type = f"{_INVOCATION}.ParameterTransformationException"
    has_details = False

    def __init__(self, parameter: str, value: object, type_name: str, reason: str) -> None:
        shown = value if isinstance(value, str) else type(value).__name__
        super().__init__(
            f"Cannot process argument transformation on parameter '{parameter}'. "
            f'Cannot convert value "{shown}" to type "{type_name}". Error: "{reason}"'
        )


class ObjectNotFoundError(ServiceError):
    """Body C."""

    status = 404
    code = "NotFound"
    message = "Error executing cmdlet"
    detail_code = "Context"
    string_id = "Ex6F9304"
    exception_type = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"
    inner_type = "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException"

    @observed_multi(
        "V28",
        "Set, Remove and Validate of a missing object answer 404 with body C",
        "Microsoft365DSC #2998, DLConversionV2 #129; the status 404 is assumed (exchange-wire section 9, 2)",
    )
    def __init__(self, identity: str) -> None:
        super().__init__(
            f"The operation couldn't be performed because object '{identity}' couldn't be found on "
            "'EMULATOR01.PROD.OUTLOOK.COM'."
        )


class AmbiguousIdentityError(ServiceError):
    """An Identity that means more than one object. The text is assumed."""

    message = "Error executing cmdlet"
    detail_code = "Context"
    exception_type = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectAmbiguousException"
    inner_type = "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException"

    def __init__(self, identity: str) -> None:
        super().__init__(f"The operation couldn't be performed because '{identity}' matches multiple entries.")


class AlreadyExistsError(ServiceError):
    """A name that is taken."""

    message = "Error executing cmdlet"
    detail_code = "Context"
    exception_type = "Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException"
    inner_type = "Microsoft.Exchange.Management.PSDirectInvoke.DirectInvokeCmdletExecutionException"

    @assumed(
        "V29",
        "New, or a rename, to a name that exists answers 400 ADObjectAlreadyExistsException",
        "a real body of go-exoscc, of a role group: 400, this type; of connectors none is known (exchange-wire 9, 1)",
    )
    def __init__(self, name: str) -> None:
        super().__init__(f"The object '{name}' already exists.")


class InvalidSettingError(ServiceError):
    """Settings that the cmdlet refuses: `|System.ArgumentException|<text>` with 400 (form: CIPP #3873)."""

    exception_type = "System.ArgumentException"


class OrganizationProhibitedError(ServiceError):
    """An offering on which inbound connectors are prohibited (V32, V35)."""

    exception_type = "Microsoft.Exchange.Management.Tasks.OrganizationInboundConnectorProhibitedException"


class DehydratedError(ServiceError):
    """A write in a tenant that still shares its configuration with others."""

    exception_type = "Microsoft.Exchange.Configuration.Tasks.InvalidOperationInDehydratedContextException"

    @observed_multi(
        "dehydrated",
        "dehydrated=true: every New-, Set- and Remove- is refused until Enable-OrganizationCustomization was run",
        "Microsoft 365 help, microsoft-365-docs #7403 (text), two public projects of 2026 (type, 400), "
        "SEPPmail365cloud 1.3.0 (connectors); that Set- and Remove- are refused too is assumed",
        applies="switch",
    )
    def __init__(self) -> None:
        super().__init__(
            "The command you tried to run isn't currently allowed in your organization. To run this command, you first "
            "need to run the command: Enable-OrganizationCustomization."
        )


@dataclass(frozen=True)
class _Known:
    """A refusal that others have seen; statuses are assumed."""

    exception_type: str
    text: str
    source: str
    status: int = 400


#: By the name that the fault `known_refusal` takes.
KNOWN_REFUSALS: Mapping[str, _Known] = {
    "dehydrated": _Known(DehydratedError.exception_type, str(DehydratedError()), "as the switch dehydrated"),
    "parameter_not_in_role": _Known(
        "",
        'Some of the parameters specified with the "New-InboundConnector" cmdlet aren\'t present in the role '
        "definition for the current user. Check the management roles assigned to you, and try again.",
        "Microsoft365DSC #6753, CIPP, of another cmdlet",
    ),
    "cmdlet_not_in_role": _Known(
        "System.Management.Automation.CommandNotFoundException",
        "The term 'New-InboundConnector' is not recognized as a name of a cmdlet, function, script file, or executable "
        "program.",
        "PowerShell 7; that the service says it over HTTP is assumed",
    ),
    "write_scope": _Known(
        "",
        "The operation on Identity \"Fabrikam\" failed because it's out of the current user's write scope. 'Fabrikam' "
        "isn't within your current write scopes. Can't perform save operation.",
        "two public projects, of groups and mailboxes; the type is not known",
    ),
    "quota": _Known(
        "",
        'The following error occurred during validation in agent "Provisioning Policy Agent": "The number of '
        '"InboundConnector" objects in the organization "fabrikam.onmicrosoft.com" has reached or exceeded the '
        'resource quota (4450) enforced by policy "QuotaPolicy".".',
        "Microsoft's page on public folder mailboxes; of connectors it is assumed",
    ),
    "type_fixed": _Known(
        "Microsoft.Exchange.Management.Tasks.ErrorInboundConnectorConnectorTypeCannotChangeException",
        "Cannot change the connector type of Inbound connector 'Fabrikam'",
        "Microsoft Q&A 1622346, word for word",
    ),
}


def known_refusal(of: str) -> ServiceError:
    """The refusal of that name in `KNOWN_REFUSALS`."""
    known = KNOWN_REFUSALS[of]
    error = ServiceError(known.text, status=known.status)
    # Several are on record without a type, as `||text`.
    error.exception_type = known.exception_type
    return error


class StalePageError(ServiceError):
    """A next link that expired or belongs to another request."""

    def __init__(self) -> None:
        super().__init__("Expired or Invalid pagination request. Default Expiry time is 00:30:00")


class AnchorError(ServiceError):
    """A write routed by a wrong X-AnchorMailbox."""

    exception_type = "Microsoft.Exchange.Data.Directory.InsufficientPermissionsException"

    def __init__(self) -> None:
        super().__init__(
            "Source server:EMULATOR01.PROD.OUTLOOK.COM doesn't have write permission to target DC:. Usually it "
            "indicates that target forest isn't an account partition of source forest. The user has insufficient "
            "access rights."
        )


class MalformedRequestError(ServiceError):
    """A request that is not an InvokeCommand. Status and text are assumed; only the envelope is known."""

    exception_type = "Microsoft.OData.ODataException"

    def __init__(self, text: str, *, status: int = 400) -> None:
        super().__init__(text, status=status)
        self.message = text


class NotEmulatedError(ServiceError):
    """A cmdlet that Exchange Online has and the emulator has not. No answer of the service looks like this."""

    status = 501
    code = "NotImplemented"
    exception_type = "System.NotImplementedException"

    @assumed(
        "not-emulated",
        "a documented cmdlet that is not emulated answers 501 and says so, also in the log and to the control API "
        "(status, calls); nothing is done",
        "no answer of the service: it would run the cmdlet; the names are those of office-docs-powershell",
    )
    def __init__(self, cmdlet: str) -> None:
        super().__init__(f"The emulator does not emulate {cmdlet}: see docs/emulator.md for what it does.")
        self.message = self.text


class ForbiddenError(Exception):
    """403 with a body of NUL bytes: the cmdlet does not exist, or no role allows it. The two cannot be told apart.

    Its text, for the log and the control API alone, tells them apart.
    """


class NotAuthenticatedError(Exception):
    """401 with an empty body. `diagnostics` goes into WWW-Authenticate or x-ms-diagnostics; never a token."""

    def __init__(self, reason: str, *, claims: str | None = None, bearer: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.claims = claims
        # Whether the caller has shown a bearer token.
        self.bearer = bearer
