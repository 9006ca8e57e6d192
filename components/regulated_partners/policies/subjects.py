"""What rules judge: connectors, the stack they are in, and what is configured."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from exchange_online.connectors import ConnectorSettings, Direction, Options
from regulated_partners.policies.waiver import Waiver


class Configuration(BaseModel):
    """What of the pack can be configured, beside the enforcement level of each policy: the values in force."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)

    owner_pattern: str = Field(
        r"\b(owner|team)\b\W*\w", description="Regular expression that a comment must match, case ignored."
    )
    stacks: tuple[str, ...] = Field(
        (), description="Stacks in which it applies; empty is all but those on the emulator."
    )
    max_days: int = Field(366, description="How many days ahead a waiver may expire.")


#: The JSON Schema of each property, as CrossGuard's PolicyConfigSchema takes it.
PROPERTIES: dict[str, dict[str, Any]] = {
    name: {key: value for key, value in schema.items() if key != "title"}
    for name, schema in Configuration.model_json_schema()["properties"].items()
}


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
        tenant: tells tenants apart, where the resources of a stack have several.
    """

    urn: str
    settings: ConnectorSettings
    options: Options = field(default_factory=Options)
    partner: str | None = None
    protected: bool = False
    connector_source: str = ""
    unknown: frozenset[str] = frozenset()
    tenant: str = ""

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

    def tenants(self) -> Iterable[Stack]:
        """The stack once for each of its tenants, with what it has there; a partner without connectors is in all."""
        for tenant in dict.fromkeys(connector.tenant for connector in self.connectors):
            own = tuple(connector for connector in self.connectors if connector.tenant == tenant)
            elsewhere = {one.partner for one in self.connectors} - {one.partner for one in own}
            partners = tuple((urn, name) for urn, name in self.partners if name not in elsewhere)
            yield replace(self, connectors=own, partners=partners)

    def waiver(self, policy: str, owner: str) -> Waiver | None:
        """The waiver in force for a policy and a partner (or connector of its own), if there is one."""
        covering = (waiver for waiver in self.waivers if waiver.covers(policy, owner))
        return next((waiver for waiver in covering if waiver.in_force(self.today)), None)
