"""The client of Exchange Online's admin API (`InvokeCommand`): clouds, credentials, transport, errors, cmdlets.

Importing it sends nothing and imports neither requests nor MSAL.
"""

from exchange_online.admin_api.classification import classify
from exchange_online.admin_api.client import AdminApi, Shared
from exchange_online.admin_api.clouds import CLOUDS, EMULATOR_VARIABLE, Cloud
from exchange_online.admin_api.connectors import ConnectorCmdlets, TransportRules, Written
from exchange_online.admin_api.credentials import (
    AccessToken,
    ClientCertificate,
    ClientSecret,
    Credential,
    GitHubOidc,
    ManagedIdentity,
    WorkloadIdentityFile,
)
from exchange_online.admin_api.errors import (
    QUOTED_LIMITS,
    AccessDenied,
    AdminApiError,
    AlreadyExists,
    Failure,
    InvalidArgument,
    LimitReached,
    Misconfigured,
    NotAuthenticated,
    NotCustomizable,
    NotFound,
    OutcomeUnknown,
    RestrictedOffering,
    ServiceError,
    StalePage,
    Throttled,
    Unavailable,
    UnexpectedAnswer,
    Unsupported,
)
from exchange_online.admin_api.message_trace import (
    LONGEST_TRACE,
    TracedMessage,
    TraceEvent,
    trace_events,
    traced_messages,
)
from exchange_online.admin_api.redaction import clean
from exchange_online.admin_api.settings import Connection, Settings, Tenant, connection, guid_of, settings_from
from exchange_online.admin_api.validation import ValidationTask, record_validation, validate_outbound_connector
from exchange_online.admin_api.waiting import TIME_SCALE, Effect, RetryPolicy, Timeouts, pace
from exchange_online.admin_api.wire import JsonValue

__all__ = [
    "CLOUDS",
    "EMULATOR_VARIABLE",
    "LONGEST_TRACE",
    "QUOTED_LIMITS",
    "TIME_SCALE",
    "AccessDenied",
    "AccessToken",
    "AdminApi",
    "AdminApiError",
    "AlreadyExists",
    "ClientCertificate",
    "ClientSecret",
    "Cloud",
    "Connection",
    "ConnectorCmdlets",
    "Credential",
    "Effect",
    "Failure",
    "GitHubOidc",
    "InvalidArgument",
    "JsonValue",
    "LimitReached",
    "ManagedIdentity",
    "Misconfigured",
    "NotAuthenticated",
    "NotCustomizable",
    "NotFound",
    "OutcomeUnknown",
    "RestrictedOffering",
    "RetryPolicy",
    "ServiceError",
    "Settings",
    "Shared",
    "StalePage",
    "Tenant",
    "Throttled",
    "Timeouts",
    "TraceEvent",
    "TracedMessage",
    "TransportRules",
    "Unavailable",
    "UnexpectedAnswer",
    "Unsupported",
    "ValidationTask",
    "WorkloadIdentityFile",
    "Written",
    "classify",
    "clean",
    "connection",
    "guid_of",
    "pace",
    "record_validation",
    "settings_from",
    "trace_events",
    "traced_messages",
    "validate_outbound_connector",
]
