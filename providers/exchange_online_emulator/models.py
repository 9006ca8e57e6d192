"""What the emulated tenant holds, as frozen records, and the switches by which a test chooses its behaviour."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SettingValue = str | bool | int | None | tuple[str, ...]
Settings = Mapping[str, SettingValue]


class Kind(StrEnum):
    """The kinds of object, named as in the cmdlets (`New-<Kind>`)."""

    INBOUND = "InboundConnector"
    OUTBOUND = "OutboundConnector"
    TRANSPORT_RULE = "TransportRule"
    ACCEPTED_DOMAIN = "AcceptedDomain"
    ORGANIZATION_CONFIG = "OrganizationConfig"
    MESSAGE_TRACE = "MessageTraceV2"
    MESSAGE_TRACE_DETAIL = "MessageTraceDetailV2"


@dataclass(frozen=True)
class StoredObject:
    """One object of the tenant.

    Attributes:
        settings: each property (`RequireTls`) in its stored form.
        sequence: orders listings.
        created, changed: UTC.
    """

    kind: Kind
    name: str
    settings: Settings
    guid: str = field(default_factory=lambda: str(uuid.uuid4()))
    sequence: int = 0
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))

    def matches(self, identity: str) -> bool:
        """Whether Identity (a name, GUID or distinguished name, any case) means this object."""
        wanted = identity.casefold()
        return wanted in (self.name.casefold(), self.guid, f"cn={self.name.casefold()},{DN_SUFFIX}")

    def text(self, name: str) -> str | None:
        """A scalar text setting, None when unset."""
        value = self.settings.get(name)
        return value if isinstance(value, str) else None

    def values(self, name: str) -> tuple[str, ...]:
        """A list setting, empty when unset."""
        value = self.settings.get(name)
        return value if isinstance(value, tuple) else ()

    def flag(self, name: str) -> bool:
        """A Boolean setting, False when unset."""
        return self.settings.get(name) is True


DN_SUFFIX = "cn=transport settings,cn=configuration,dc=emulator,dc=prod,dc=outlook,dc=com"


class Switches(BaseModel):
    """How the emulated tenant behaves where the real one differs from offering to offering, or is not known.

    Kept in the state file, so a restart keeps them. Each field's description names its rule.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    strict: bool = Field(
        False, description="refuse also what is only assumed to be refused (V8-V11, V19, V21-V24, ...)"
    )
    offering: Literal["unrestricted", "disabled", "prohibited", "developer"] = Field(
        "unrestricted", description="V30/V31 (disabled), V32 (prohibited), V35 (developer)"
    )
    dehydrated: bool = Field(False, description="as a new tenant before Enable-OrganizationCustomization: no writes")
    unknown_identity: Literal["not_found", "all", "ambiguous"] = Field(
        "not_found",
        description="Get with an Identity that does not exist: not found (peers), every row (documented) or an error "
        "that it is ambiguous",
    )
    include_test_mode: Literal["also", "only"] = Field(
        "also", description="IncludeTestModeConnectors true: those too (peers) or only those (documented)"
    )
    list_clearing: Literal["any", "empty_list", "remove"] = Field(
        "any",
        description="what empties a list in a Set: null, [] and the like, or [] alone, or only a Remove of its values",
    )
    connector_in_use: Literal["refuse", "accept"] = Field("refuse", description="V34, assumed")
    sender_rewriting: Literal["refuse", "accept_false"] = Field(
        "refuse", description="V16, SenderRewritingEnabled false on a Partner connector (undecided)"
    )
    unsupported_parameters: tuple[str, ...] = Field(
        (), description="parameters this cloud does not know yet, such as MtaStsMode: V26, and absent from rows"
    )
    stored_form_variants: bool = Field(
        False, description="N6, N7, N8, N9: masked networks, bracketed smart hosts, sorted lists, domain paths"
    )
    validation_succeeds: bool = Field(True, description="what Validate-OutboundConnector finds")
    result_size: Literal["cuts", "ignored"] = Field(
        "cuts", description="ResultSize: the first answer stops at it, or it has no effect (sources disagree)"
    )
    error_details: Literal["by_header", "text", "json"] = Field(
        "by_header",
        description="the form of error details: JSON where X-ClientModuleVersion is sent, always text, or always JSON",
    )
    compression: bool = Field(
        True, description="answers are gzip where the request accepts it; the NUL bytes of a 403 are only declared so"
    )
    rate_limit_headers: bool = Field(False, description="Rate-Limit-* headers on answers (sources disagree)")
    token_lifetime_seconds: int = Field(3599, ge=1, le=86400)
    page_token_lifetime_seconds: float = Field(1800, ge=0, le=86400, description="error text says 30 minutes")
    max_concurrent: int = Field(
        0,
        ge=0,
        description="how many calls the tenant may have on their way; one more answers 429 and the text of the limit, "
        "at once. 0: no limit. The service's own is not published",
    )
    max_page_size: int = Field(1000, ge=1, le=1000, description="the largest page, whatever Prefer asks")
