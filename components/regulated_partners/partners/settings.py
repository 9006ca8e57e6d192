"""The settings of a stack as one model: what they are called, which values they have, and the editor's schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from exchange_online.connectors import folded, shown
from exchange_online.names import CLOUD_NAMES, LOCAL, MOST_CALLS, address_problem, calls_of, tenant_problem
from regulated_partners.names import PREFIX
from regulated_partners.partners.declaration import Partner, StackAcknowledgement, StackWaiver
from regulated_partners.partners.findings import DeclarationFinding, did_you_mean, in_words, visible
from regulated_partners.partners.yaml_scalars import handed_on

#: What Microsoft's tools and people call the clouds. Source: Connect-ExchangeOnline, ExchangeEnvironmentName;
#: connector reference, 3.2: commercial holds GCC.
_OTHER_CLOUDS = {
    "commercial": ("azurecloud", "gcc", "global", "o365default", "public", "worldwide"),
    "gcc-high": ("azureusgovernment", "o365usgovgcchigh", "usgov"),
    "dod": ("o365usgovdod",),
    "china": ("21vianet", "azurechinacloud", "gallatin", "o365china"),
    "local": ("emulator", "localhost"),
}


def _cloud(name: str) -> str:
    if name not in CLOUD_NAMES:
        meant = next((cloud for cloud, words in _OTHER_CLOUDS.items() if folded(name) in words), name)
        remedy = did_you_mean(meant, CLOUD_NAMES, f"write one of {', '.join(CLOUD_NAMES)}.")
        raise PydanticCustomError("sentence", "there is no cloud '{name}'; {remedy}", {"name": name, "remedy": remedy})
    return name


def _text(value: object) -> object:
    """YAML takes digits for a number, which the engine hands on as text; what is encrypted only the engine can read."""
    if isinstance(value, dict) and value.keys() == {"secure"}:
        return None
    if type(value) is int:
        return str(value)
    return value.strip() or None if isinstance(value, str) else value


def _tenant(name: str | None) -> str | None:
    return _formed(name, tenant_problem, "write the tenant's GUID.")


def _address(url: str | None) -> str | None:
    return _formed(url, address_problem, "write only https:// and a host name.")


def _formed(value: str | None, problem_of: Callable[[str], str], remedy: str) -> str | None:
    if value is not None and (problem := problem_of(value)):
        facts = {"given": shown(value), "problem": problem, "remedy": remedy}
        raise PydanticCustomError("sentence", "{given} {problem}; {remedy}", facts)
    return value


def _calls(value: object) -> object:
    """The engine hands on numbers as texts."""
    if value in (None, ""):
        return None
    if (calls := calls_of(value)) is not None:
        return calls
    facts = {"given": shown(value), "most": MOST_CALLS}
    raise PydanticCustomError("sentence", "{given} is not a whole number from 1 to {most}.", facts)


def _flag(value: object) -> object:
    """The engine hands on true and false as texts."""
    return {"true": True, "false": False, "": None}.get(value, value) if isinstance(value, str) else value


@dataclass(frozen=True)
class _Shape:
    """What a value looks like that is judged item by item elsewhere: for the JSON Schema only."""

    of: Any

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: value, json_schema_input_schema=handler.generate_schema(self.of)
        )


Cloud = Annotated[
    StrictStr,
    AfterValidator(_cloud),
    BeforeValidator(lambda value: LOCAL if value in (None, "") else value),
    WithJsonSchema({"enum": list(CLOUD_NAMES)}),
]
Text = Annotated[StrictStr | None, BeforeValidator(_text), AfterValidator(visible)]
TenantName = Annotated[Text, AfterValidator(_tenant)]
Address = Annotated[Text, AfterValidator(_address)]
Calls = Annotated[
    StrictInt | None,
    BeforeValidator(_calls),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MOST_CALLS}),
]
Flag = Annotated[StrictBool | None, BeforeValidator(_flag)]


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class PreflightSettings(_Model):
    """How the pre-flight reaches the servers. `true` in the stack file takes the defaults."""

    seconds: float = Field(20.0, gt=0, le=300, description="How long the whole may take.")
    cache_minutes: StrictInt = Field(60, ge=0, le=10080, description="How long what was seen counts; 0 looks always.")
    resolver: StrictStr | None = Field(
        None, description="A resolver that validates DNSSEC and is trusted: ADDRESS or ADDRESS:PORT."
    )
    roots: StrictStr | None = Field(None, description="Trusted root certificates, a PEM file, instead of certifi's.")
    port: StrictInt = Field(25, ge=1, le=65535, description="Where a tunnel ends; connectors always use 25.")
    https_port: StrictInt = Field(443, ge=1, le=65535, description="The same for the policies of MTA-STS.")


class StackSettings(_Model):
    """Everything that a stack can say, by its names in a stack file without the namespace.

    What is declared of partners and connectors, the exceptions and the optional pre-flight stand here as they are
    declared: each of their mistakes is said by the one who reads them.
    """

    cloud: Cloud = Field(LOCAL, description="The cloud the tenant is in; local is the emulator on this machine.")
    tenant: TenantName = Field(None, description="The tenant's GUID.")
    client_id: Text = Field(None, description="The application's (client) id.")
    host: Address = Field(None, description="Instead of the cloud's: the host of the admin API, https.")
    scope: Text = Field(None, description="Instead of the cloud's: the OAuth scope of the token.")
    authority: Address = Field(None, description="Instead of the cloud's: the host of the token service, https.")
    ca_bundle: Text = Field(None, description="A PEM file with the certification authorities to trust.")
    client_secret: Any = Field(
        None, description="Set with `pulumi config set --secret`; better in the environment.", repr=False
    )
    managed_identity: Flag = Field(
        None, description="Signs in as the managed identity of the machine that runs Pulumi."
    )
    protect: Flag = Field(None, description="Whether Pulumi refuses to delete connectors; by default unless local.")
    ownership_mark: Flag = Field(
        None, description="Whether each connector's comment ends with a line that names project and stack; by default."
    )
    concurrent_calls: Calls = Field(
        None,
        description="How many calls to the service may be on their way at a time at the most; 1: one after the other.",
    )
    partners: Annotated[object, _Shape(list[Partner])] = Field(
        None, description="The partners, one after '- name: ...' each."
    )
    acknowledge: Annotated[object, _Shape(list[StackAcknowledgement])] = Field(
        None, description="Changes that weaken protection and are meant; `regulated-partners review`."
    )
    partners_file: Annotated[object, _Shape(str)] = Field(
        None, description="A file of partners that stacks share, from the project's directory."
    )
    partner_overrides: Annotated[object, _Shape(dict[str, Any])] = Field(
        None, description="What is different here, by the names of the file's partners."
    )
    leave_out: Annotated[object, _Shape(list[str])] = Field(
        None, description="Names of the file's partners that this stack does not have."
    )
    preflight: Annotated[object, _Shape(bool | PreflightSettings)] = Field(
        None,
        description="Whether `pulumi preview` looks at the partners' servers, and warns where mail would be refused.",
    )
    known_ways: Annotated[object, _Shape(list[str])] = Field(
        None,
        description="Names or Guids of connectors and transport rules outside of the stack that its partners' mail may "
        "meet, and that are meant.",
    )
    waivers: Annotated[object, _Shape(list[StackWaiver])] = Field(
        None, description="Policies that a partner need not keep for a while."
    )
    inbound_connectors: Annotated[object, _Shape(list[Any])] = Field(
        None, description="Inbound connectors that belong to no partner, by their parameters."
    )
    outbound_connectors: Annotated[object, _Shape(list[Any])] = Field(
        None, description="Outbound connectors that belong to no partner, by their parameters."
    )

    @property
    def local(self) -> bool:
        """Whether its tenant is the emulator's."""
        return self.cloud == LOCAL

    @property
    def protects(self) -> bool:
        """Whether Pulumi refuses to delete its connectors: unless the stack says otherwise, those of real tenants."""
        return not self.local if self.protect is None else self.protect


@cache
def setting_names() -> tuple[str, ...]:
    """Every name of a setting, without the namespace."""
    return tuple(field.alias or name for name, field in StackSettings.model_fields.items())


def read_settings(
    config: Mapping[str, object], project: str = ""
) -> tuple[StackSettings, tuple[DeclarationFinding, ...]]:
    """The settings of a stack, whoever holds them: its file, the engine in a program, a preview or a plan.

    Args:
        config: by their names with namespace; lists and mappings may be JSON texts, as the engine hands them on.
        project: the project's name, whose namespace may hold settings that were meant for this one.

    Returns:
        The settings, those that are wrong left out, and what is wrong with them.
    """
    own = {name.removeprefix(PREFIX): _decoded(value) for name, value in config.items() if name.startswith(PREFIX)}
    known = {name: value for name, value in own.items() if name in setting_names()}
    findings = [*map(_unknown, sorted(own.keys() - known.keys())), *_misplaced(config, project)]
    try:
        return StackSettings.model_validate(known), tuple(findings)
    except ValidationError as error:
        details = error.errors(include_url=False)
    for detail in details:
        name = str(detail["loc"][0])
        if known.pop(name, None) is not None:
            path = PREFIX + name
            custom = detail["type"] == "sentence"
            findings.append(DeclarationFinding(path, detail["msg"]) if custom else in_words(detail, path, ()))
    return StackSettings.model_validate(known), tuple(findings)


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list; none of anything else."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _decoded(value: object) -> object:
    if not isinstance(value, str) or not value:
        # Null, which the engine hands on as an empty text.
        return None if value == "" else handed_on(value)
    try:
        decoded: object = json.loads(value)
    except ValueError:
        decoded = value
    return handed_on(decoded if isinstance(decoded, (list, dict)) else value)


def _unknown(name: str) -> DeclarationFinding:
    """A misspelled name must not read as "no partners", which would remove them all."""
    remedy = did_you_mean(name, setting_names(), f"the settings are {', '.join(sorted(setting_names()))}.")
    return DeclarationFinding(PREFIX + name, f"there is no such setting; {remedy}")


def _misplaced(config: Mapping[str, object], project: str) -> list[DeclarationFinding]:
    """Settings that Pulumi keeps under the project's own name: nobody would read them."""
    if not project or f"{project}:" == PREFIX:
        return []
    said = "the settings of regulated partners are not named after the project; write {} in its place."
    keys = sorted(name.partition(":")[2] for name in config if name.startswith(f"{project}:"))
    return [
        DeclarationFinding(f"{project}:{key}", said.format(f"{PREFIX}{key}:")) for key in keys if key in setting_names()
    ]
