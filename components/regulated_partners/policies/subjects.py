"""What rules judge: connectors, the stack they are in, and what is configured."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace

from exchange_online.connectors import ConnectorSettings, Direction
from exchange_online.connectors.options import Options
from regulated_partners.policies.waiver import Waiver


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The values in force.

    Attributes:
        owner_pattern: regular expression that a comment must match somewhere, without regard to case.
        stacks: names of stacks whose connectors must be protected; empty means all but those on the emulator.
        max_days: how many days ahead a waiver may expire.
    """

    owner_pattern: str = r"\b(owner|team)\b\W*\w"
    stacks: tuple[str, ...] = ()
    max_days: int = 366

    def configured(self, values: Mapping[str, object]) -> Configuration:
        """With the values of one policy's configuration; the engine has checked them against the schema."""
        changed = {known.attribute: _own(values[known.name]) for known in PROPERTIES if known.name in values}
        return replace(self, **changed)  # type: ignore[arg-type]


def _own(value: object) -> object:
    """Lists as tuples; integers, which CrossGuard hands on as floats, as integers."""
    if isinstance(value, list):
        return tuple(value)
    return int(value) if isinstance(value, float) else value


@dataclass(frozen=True)
class ConfigProperty:
    """One configurable property.

    Attributes:
        name: in the configuration file.
        attribute: in `Configuration`.
        type, items: JSON Schema types; items is empty for what is no list.
        doc: one sentence.
    """

    name: str
    attribute: str
    type: str
    items: str
    doc: str

    @property
    def default(self) -> object:
        return next(field.default for field in fields(Configuration) if field.name == self.attribute)

    def schema(self) -> dict[str, object]:
        """Its JSON Schema, as CrossGuard's PolicyConfigSchema takes it."""
        default = list(self.default) if isinstance(self.default, tuple) else self.default
        shape: dict[str, object] = {"type": self.type, "description": self.doc, "default": default}
        return shape | {"items": {"type": self.items}} if self.items else shape


OWNER_PATTERN = ConfigProperty(
    "ownerPattern", "owner_pattern", "string", "", "Regular expression that a comment must match, case ignored."
)
STACKS = ConfigProperty(
    "stacks", "stacks", "array", "string", "Stacks in which it applies; empty is all but those on the emulator."
)
MAX_DAYS = ConfigProperty("maxDays", "max_days", "integer", "", "How many days ahead a waiver may expire.")

PROPERTIES = (OWNER_PATTERN, STACKS, MAX_DAYS)


@dataclass(frozen=True, kw_only=True)
class Connector:
    """One connector of the stack.

    Attributes:
        urn: Pulumi's name for the resource.
        settings: canonical.
        options: the consents declared beside the settings.
        partner: the name of the RegulatedPartner it belongs to; None for a connector of its own.
        protected: Pulumi refuses to delete it.
        connector_source: who made it, as the service says; empty while it is not known.
        unknown: Pulumi properties whose values are known only once other resources are there.
    """

    urn: str
    settings: ConnectorSettings
    options: Options = field(default_factory=Options)
    partner: str | None = None
    protected: bool = False
    connector_source: str = ""
    unknown: frozenset[str] = frozenset()

    @property
    def direction(self) -> Direction:
        return self.settings.direction

    @property
    def domains(self) -> tuple[str, ...]:
        """The partner's domains: senders for inbound, recipients for outbound."""
        return self.settings.domains

    @property
    def called(self) -> str:
        """`inbound connector 'Fabrikam - inbound'`."""
        return f"{self.direction.word} connector '{self.settings.name}'"

    @property
    def owner(self) -> str:
        """What a waiver names: the partner, or the connector where there is none."""
        return self.partner or self.settings.name


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack and the day it is judged on.

    Attributes:
        name: the stack's name without organization and project.
        local: its cloud is the emulator, so no mail of real people depends on it.
        today: decides which waivers are still in force.
        waivers: as declared, right and wrong ones.
        connectors: all that the stack declares; empty while single connectors are judged.
        partners: URN and name of each RegulatedPartner.
        configuration: what is configured for the policy that judges.
    """

    name: str
    local: bool
    today: datetime.date
    waivers: tuple[Waiver, ...] = ()
    connectors: tuple[Connector, ...] = ()
    partners: tuple[tuple[str, str], ...] = ()
    configuration: Configuration = field(default_factory=Configuration)

    def of(self, direction: Direction) -> Iterable[Connector]:
        """The connectors of a direction."""
        return (connector for connector in self.connectors if connector.direction is direction)

    def waiver(self, policy: str, owner: str) -> Waiver | None:
        """The waiver in force for a policy and a partner (or connector of its own), if there is one."""
        covering = (waiver for waiver in self.waivers if waiver.covers(policy, owner))
        return next((waiver for waiver in covering if waiver.in_force(self.today)), None)
