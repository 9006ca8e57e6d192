"""The requests and answers of the control API."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from exchange_online_emulator.cmdlets.message_trace import TracedMessage
from exchange_online_emulator.faults import ActiveFault
from exchange_online_emulator.models import Switches
from exchange_online_emulator.tokens.applications import Application


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Seed(_Model):
    """What to put into the tenant.

    Connectors and rules by the parameters of their New- cmdlet; also `IsValidated`, `LastValidationTimestamp`,
    `ValidationRecipients` and `ConnectorSource` AdminUI, which only a Set or the portal writes. The rules V* do not
    judge a seed: a tenant may hold what an older service accepted. What exists by name is left as it is.
    """

    accepted_domains: list[str] = []
    inbound: list[dict[str, Any]] = []
    outbound: list[dict[str, Any]] = []
    transport_rules: list[dict[str, Any]] = []
    messages: list[TracedMessage] = []


class Seeded(_Model):
    """How many objects a seed made."""

    created: int


class InvokeRequest(_Model):
    """A cmdlet run by somebody else; see `Control.invoke`."""

    cmdlet: str
    parameters: dict[str, Any] = {}
    connector_source: str | None = None


class InvokeAnswer(_Model):
    """The rows, as the admin API returns them, and the warnings."""

    rows: list[dict[str, Any]]
    warnings: list[str]


class GitHubRequest(_Model):
    """The subject of a workflow job."""

    subject: str


class GitHubJob(BaseModel):
    """What a job finds in its environment, and what a federated credential for it needs.

    Attributes:
        request_url: ACTIONS_ID_TOKEN_REQUEST_URL.
        request_token: ACTIONS_ID_TOKEN_REQUEST_TOKEN.
    """

    model_config = ConfigDict(frozen=True)

    request_url: str
    request_token: str
    issuer: str
    subject: str
    jwks: dict[str, list[dict[str, object]]]


class TokenRequest(_Model):
    """A token to mint, however odd: another audience, already expired (negative lifetime, seconds)."""

    client_id: str
    audience: str = "https://outlook.office365.com"
    lifetime: int = 3599


class TokenAnswer(_Model):
    """A minted token."""

    access_token: str = Field(repr=False)


class StatusAnswer(_Model):
    """What the emulator holds."""

    url: str
    tenant: str
    initial_domain: str
    counts: dict[str, int]
    calls: int
    switches: Switches
    faults: list[ActiveFault]
    applications: list[str]
    not_emulated: list[str] = Field([], description="documented cmdlets that were called and are not emulated")


class ConnectionAnswer(_Model):
    """What a client needs that cannot read connection.json, because it is on another machine.

    Attributes:
        url: by the name that was asked.
        ca_certificate: PEM.
    """

    url: str
    scope: str
    tenant: str
    initial_domain: str
    client_id: str
    client_secret: str = Field(repr=False)
    ca_certificate: str


class Problem(_Model):
    """A refusal of the control API, or of a cmdlet invoked through it."""

    error: str
    exception_type: str | None = None


class ApplicationAnswer(Application):
    """A registered application, its secrets left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)
