"""What can go wrong with a call to the admin API, as typed exceptions that read as sentences."""

# The names are the states that callers handle, as in `except NotFound`.
# ruff: noqa: N818
from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar

from exchange_online.connectors import Direction


class Repeat(Enum):
    """Which calls may be sent again after a failure. Each member allows what the one before it allows, and more.

    Source: exchange-wire 8.3 (the official module's list, and the policy drawn from it).
    """

    NEVER = 0
    READ = 1
    IDEMPOTENT = 2
    #: The service surely did nothing, so even a create may be sent again.
    ANY = 3


@dataclass(frozen=True)
class Failure:
    """The facts of one failed call.

    Attributes:
        what: what went wrong, as the rest of a sentence without its full stop.
        advice: what the reader should do, as whole sentences.
        service_words: the service's own text, cleaned for a log.
        status: HTTP status, or None when no answer came.
        request_id, client_request_id: the ids that Microsoft support asks for; empty when unknown.
        exception_type: the .NET type that the service named; empty when it named none.
        parameters: the cmdlet parameters that the service named.
        retry_after: how long the service asks to wait, in seconds.
        repeat: which calls may be sent again.
        outcome_known: False when a write may have been done all the same.
    """

    where: str
    what: str
    advice: str = ""
    service_words: str = ""
    status: int | None = None
    request_id: str = ""
    client_request_id: str = ""
    exception_type: str = ""
    parameters: tuple[str, ...] = ()
    retry_after: float | None = None
    repeat: Repeat = Repeat.NEVER
    outcome_known: bool = True

    def sentence(self) -> str:
        """The whole text for the person who reads the log."""
        parts = [f"{self.where}: {_stop(self.what)}"]
        if self.service_words:
            parts.append(f"The service said: {_stop(self.service_words)}")
        if self.advice:
            parts.append(self.advice)
        ids = {"HTTP": self.status, "request-id": self.request_id, "client-request-id": self.client_request_id}
        if known := ", ".join(f"{name} {value}" for name, value in ids.items() if value):
            parts.append(f"({known})")
        return " ".join(parts)


def _stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


class AdminApiError(Exception):
    """A call that did not do what was asked. `str()` is a full sentence with what to do."""

    usual_advice: ClassVar[str] = ""
    """The advice of a failure that brings none of its own."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure if failure.advice else replace(failure, advice=self.usual_advice)

    def __str__(self) -> str:
        return self.failure.sentence()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class Misconfigured(AdminApiError):
    """A setting, a variable or a credential file is missing or wrong. Nothing was sent to Exchange Online."""


class NotAuthenticated(AdminApiError):
    """No token could be had, or the service did not accept it (AADSTS errors, HTTP 401)."""

    usual_advice = (
        "Check that the application, the tenant and the credential belong together, and that the stack's cloud is the "
        "tenant's cloud."
    )


class AccessDenied(AdminApiError):
    """The application is known but may not run this cmdlet (V36; HTTP 403, or 401 without the app role)."""

    usual_advice = (
        "Grant the application the app role Exchange.ManageAsApp (Office 365 Exchange Online) with admin consent, and "
        "the Entra role Exchange Administrator (Global Reader is enough for reading); then wait some minutes, because "
        "a role counts only in a token issued after it."
    )


class TenantRefuses(AdminApiError):
    """The tenant as it is does not allow the write: no value of a declaration changes that."""

    usual_advice = "Nothing in the stack file is the cause: ask Microsoft support about the tenant."


class RestrictedOffering(TenantRefuses):
    """The tenant's service offering does not allow inbound connectors of this kind (V30 to V32, V35)."""

    usual_advice = (
        "Nothing in the stack file is the cause, and trying again does not help: ask Microsoft support to allow "
        "inbound connectors. What they want to know is in Microsoft's inbound connector FAQ (advisory EX505293)."
    )


class NotCustomizable(TenantRefuses):
    """The tenant still shares its configuration with others ("dehydrated"), so nothing of it can be written.

    Source: Enable-OrganizationCustomization (once, not to be undone); Microsoft 365 help, "Unable to enable unified
    auditing" (60 minutes). That the property IsDehydrated changes earlier was measured by two public projects.
    """

    usual_advice = (
        "Nothing in the stack file is the cause. An administrator of the role group Organization Management does this "
        "once, in Exchange Online PowerShell: `Connect-ExchangeOnline`, then `Enable-OrganizationCustomization`, which "
        "cannot be undone. Then wait an hour (IsDehydrated reads False before it has taken effect everywhere), and run "
        "`pulumi up` again."
    )


#: How many connectors of a direction a tenant is said to hold at most. Source: a user's figures of 2021,
#: OfficeDocs-O365ServiceDescriptions #494, unconfirmed; Microsoft documents none.
QUOTED_LIMITS = {Direction.INBOUND: 4450, Direction.OUTBOUND: 1800}


class LimitReached(TenantRefuses):
    """The tenant has as many objects of the kind as it may have."""

    usual_advice = (
        "Nothing in the stack file is the cause: the tenant has all that its limit allows (of connectors, by a source "
        f"of 2021, {QUOTED_LIMITS[Direction.OUTBOUND]} outbound and {QUOTED_LIMITS[Direction.INBOUND]} inbound ones). "
        "Remove what nobody uses, which `regulated-partners inventory` lists, or put the domains of several connectors "
        "into one."
    )


class InvalidArgument(AdminApiError):
    """The service refused a value or a combination of parameters (V1 to V25), or for a cause that is not known here.

    The advice tells the two apart.
    """

    usual_advice = "Correct the value in the stack file."


class Unsupported(InvalidArgument):
    """This cloud does not know a parameter (V26). `failure.parameters` names it."""

    usual_advice = "Remove it from the stack file: newer parameters reach the clouds at different times."


class NotFound(AdminApiError):
    """The service named a missing object by its .NET type or text (V28). Never raised for a bare HTTP 404."""

    usual_advice = "Run `pulumi refresh` to see what is there."


class Ambiguous(InvalidArgument):
    """The service finds more than one object by the identity that was sent. Source: CIPP-API PR #1568."""

    usual_advice = (
        "Several objects of the tenant answer to this identity, so none was touched: rename those that are called by "
        "it in the admin centre, and run it again."
    )


class AlreadyExists(AdminApiError):
    """An object of this name is there already (V29)."""

    usual_advice = "Adopt the existing object, or choose another name."


class Throttled(AdminApiError):
    """The service asks for fewer requests (HTTP 429, or the tenant's concurrency limit)."""

    usual_advice = "Run it again later, and not several runs against one tenant at the same time."


class Unavailable(AdminApiError):
    """The service, or the way to it, fails for now."""

    usual_advice = "Run it again; if it goes on, look at the service health of Exchange Online."


class Cancelled(AdminApiError):
    """The run was cancelled while the call waited: it was not sent."""

    usual_advice = "Run it again: what was done before is known, and is not done twice."


class StalePage(Unavailable):
    """The service no longer accepts the link to the next page of a listing; the listing starts again."""


class OutcomeUnknown(AdminApiError):
    """A create was sent and its answer was lost: the object may or may not be there.

    The caller lists and matches by name before it tries again.
    """

    usual_advice = "Look for the object by name before trying again."


class UnexpectedAnswer(AdminApiError):
    """Something answered that does not speak the admin API: a proxy, a redirect, a page cut short."""

    usual_advice = "Check the host of the stack's cloud, and any proxy between here and it."


class ServiceError(AdminApiError):
    """The service refused for a reason that this client does not know."""

    usual_advice = "Read the service's words; with the request id Microsoft support can find the call."
