"""The setting `regulated-partners:preflight`: whether a preview looks at the partners' servers, and how."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError
from pydantic.alias_generators import to_camel


class PreflightSettingError(Exception):
    """A setting that cannot be read. The text is a sentence."""


class PreflightSettings(BaseModel):
    """How the pre-flight reaches the servers. `true` in the stack file takes the defaults."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)

    seconds: float = Field(20.0, gt=0, le=300, description="How long the whole may take.")
    cache_minutes: StrictInt = Field(60, ge=0, le=10080, description="How long what was seen counts; 0 looks always.")
    resolver: StrictStr | None = Field(
        None, description="A resolver that validates DNSSEC and is trusted: ADDRESS or ADDRESS:PORT."
    )
    roots: StrictStr | None = Field(None, description="Trusted root certificates, a PEM file, instead of certifi's.")
    port: StrictInt = Field(25, ge=1, le=65535, description="Where a tunnel ends; connectors always use 25.")
    https_port: StrictInt = Field(443, ge=1, le=65535, description="The same for the policies of MTA-STS.")


def read_preflight_settings(declared: object) -> PreflightSettings | None:
    """Reads the setting; None where it is missing or false: the pre-flight is opt-in.

    Args:
        declared: as the stack has it, or as `Config.get_object` hands it on.

    Raises:
        PreflightSettingError: with what is wrong.
    """
    if declared in (None, False, "false"):
        return None
    if declared in (True, "true"):
        return PreflightSettings()
    try:
        return PreflightSettings.model_validate(declared)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(["preflight", *(str(part) for part in first["loc"])])
        raise PreflightSettingError(
            f"{where}: {first['msg'][:200]}; write true, false, or the settings that docs/verify.md lists."
        ) from None


def preflight_schema() -> dict[str, Any]:
    """The setting's JSON Schema, for the schema of a stack file."""
    settings = json.loads(json.dumps(PreflightSettings.model_json_schema(by_alias=True)))
    text = "Whether `pulumi preview` looks at the partners' servers, and warns where mail would be refused."
    return {"description": text, "anyOf": [{"type": "boolean"}, settings]}
