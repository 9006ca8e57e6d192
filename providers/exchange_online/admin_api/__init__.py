"""The client of Exchange Online's admin API (`InvokeCommand`): clouds, credentials, transport, errors.

Importing it sends nothing and imports neither requests nor MSAL.
"""

from exchange_online.admin_api.classification import classify
from exchange_online.admin_api.client import AdminApi, Answer, connect
from exchange_online.admin_api.clouds import CLOUDS, Cloud
from exchange_online.admin_api.credentials import (
    ClientCertificate,
    ClientSecret,
    Credential,
    GitHubOidc,
    ManagedIdentity,
    WorkloadIdentityFile,
)
from exchange_online.admin_api.errors import (
    AccessDenied,
    AdminApiError,
    AlreadyExists,
    Failure,
    InvalidArgument,
    Misconfigured,
    NotAuthenticated,
    NotFound,
    OutcomeUnknown,
    Repeat,
    RestrictedOffering,
    ServiceError,
    StalePage,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
    Unsupported,
)
from exchange_online.admin_api.settings import Connection, Settings, connection
from exchange_online.admin_api.waiting import Effect, RetryPolicy, Timeouts
from exchange_online.admin_api.wire import JsonValue, parse_datetime

__all__ = [
    "CLOUDS",
    "AccessDenied",
    "AdminApi",
    "AdminApiError",
    "AlreadyExists",
    "Answer",
    "ClientCertificate",
    "ClientSecret",
    "Cloud",
    "Connection",
    "Credential",
    "Effect",
    "Failure",
    "GitHubOidc",
    "InvalidArgument",
    "JsonValue",
    "ManagedIdentity",
    "Misconfigured",
    "NotAuthenticated",
    "NotFound",
    "OutcomeUnknown",
    "Repeat",
    "RestrictedOffering",
    "RetryPolicy",
    "ServiceError",
    "Settings",
    "StalePage",
    "Throttled",
    "Timeouts",
    "Unavailable",
    "UnexpectedAnswer",
    "Unsupported",
    "WorkloadIdentityFile",
    "classify",
    "connect",
    "connection",
    "parse_datetime",
]
