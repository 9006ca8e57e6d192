"""Turns what Entra says about a refused sign-in into a sentence with what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from exchange_online.admin_api.errors import Failure, NotAuthenticated
from exchange_online.admin_api.redaction import clean

_CODE = re.compile(r"AADSTS(\d+)")
_TRACE = re.compile(r"\s*(?:Trace ID|Correlation ID|Timestamp):.*", re.S)

# Source of the codes: Microsoft Entra authentication and authorization error codes.
_FEDERATED = (
    "no federated credential of the application matches the token",
    "Compare issuer, subject and audience in the service's words with the application's federated credentials: in "
    "GitHub the subject names repository and environment, branch or pull request.",
)
_SCOPE = ("the scope of the token is not valid", "Check the cloud's scope: it must end in /.default.")
#: By the number behind AADSTS: what it means, and what to do.
KNOWN: Mapping[str, tuple[str, str]] = {
    "7000215": (
        "the client secret is wrong",
        "Use the secret's Value, which Entra shows once, and not its Secret ID; or create a new secret.",
    ),
    "7000222": ("the client secret has expired", "Create a new client secret for the application and use that."),
    "700016": (
        "the tenant does not know the application",
        "Check clientId and tenant; the application must be registered in this tenant or have its admin consent.",
    ),
    "7000229": (
        "the application has no service principal in the tenant",
        "Give admin consent to the application in this tenant.",
    ),
    "90002": (
        "the tenant does not exist in this cloud",
        "Check the stack's tenant, and that its cloud is the tenant's.",
    ),
    "900023": ("the tenant is neither a GUID nor a domain of this cloud", "Check the stack's tenant."),
    "900021": ("the tenant id is not valid", "Check the stack's tenant."),
    "500011": (
        "the tenant does not know the service that the token is for",
        "Check the cloud's scope; the tenant needs Exchange Online.",
    ),
    "500014": (
        "Exchange Online is off in the tenant: its subscription has lapsed, or an administrator has disabled it",
        "The stack file is not the cause: renew the subscription, or enable sign-in for the enterprise application "
        "Office 365 Exchange Online.",
    ),
    "1002012": _SCOPE,
    "70011": _SCOPE,
    "700027": (
        "the certificate is not one of the application's",
        "Upload the certificate (without its key) to the application, or use the file of one that is there.",
    ),
    "700024": (
        "the signed assertion is outside its time of validity",
        "Check the clock of this machine; a federated token must be fresh.",
    ),
    "70021": _FEDERATED,
    "700211": _FEDERATED,
    "700212": _FEDERATED,
    "700213": _FEDERATED,
    "7000112": ("the application is disabled in the tenant", "Enable sign-in for the application, or use another one."),
    "7000113": ("the application may not use this cloud's service", "Check clientId and scope."),
    "53003": (
        "a Conditional Access policy blocks the application",
        "Ask who administers Conditional Access for workload identities to allow the pipeline's address.",
    ),
}


def refused(
    answer: Mapping[str, object],
    *,
    where: str,
    secrets: tuple[str, ...] = (),
    status: int | None = None,
    usual_advice: str = "",
) -> NotAuthenticated:
    """The error that a refused sign-in means.

    Args:
        answer: the JSON object of the token service, as MSAL hands it on: error, error_description, error_codes,
            correlation_id.
        secrets: values that must not show.
        usual_advice: for a code that is not known here, instead of the error's own.
    """
    description = str(answer.get("error_description") or answer.get("error") or "")
    found = _CODE.search(description)
    code = found[1] if found else ""
    what, advice = KNOWN.get(code, ("the sign-in was refused", usual_advice))
    return NotAuthenticated(
        Failure(
            where=where,
            what=what,
            advice=advice,
            service_words=clean(_TRACE.sub("", description), secrets),
            status=status,
            request_id=clean(str(answer.get("trace_id") or "")),
            client_request_id=clean(str(answer.get("correlation_id") or "")),
            exception_type=f"AADSTS{code}" if code else clean(str(answer.get("error") or "")),
        )
    )
