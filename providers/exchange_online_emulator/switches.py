"""The switches: where sources disagree or nobody knows, a test chooses how the service behaves."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


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
    unknown_identity: Literal["all", "not_found"] = Field(
        "all", description="Get with an Identity that does not exist: every row (documented) or not found"
    )
    include_test_mode: Literal["only", "also"] = Field(
        "only", description="IncludeTestModeConnectors true: only those (documented) or those too (peers)"
    )
    connector_in_use: Literal["refuse", "accept"] = Field("refuse", description="V34, assumed")
    unsupported_parameters: tuple[str, ...] = Field(
        (), description="parameters this cloud does not know yet, such as MtaStsMode: V26, and absent from rows"
    )
    stored_form_variants: bool = Field(
        False, description="N6, N7, N8, N9: masked networks, bracketed smart hosts, sorted lists, domain paths"
    )
    validation_succeeds: bool = Field(True, description="what Validate-OutboundConnector finds")
    rate_limit_headers: bool = Field(False, description="Rate-Limit-* headers on answers (sources disagree)")
    token_lifetime_seconds: int = Field(3599, ge=1, le=86400)
    page_token_lifetime_seconds: float = Field(1800, ge=0, le=86400, description="error text says 30 minutes")
    max_page_size: int = Field(1000, ge=1, le=1000, description="the largest page, whatever Prefer asks")
