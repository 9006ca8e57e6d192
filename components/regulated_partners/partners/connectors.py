"""Connectors of a stack that belong to no partner: each declared by the parameters of its cmdlet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pulumi

from exchange_online import InboundConnector, OutboundConnector
from exchange_online.connectors import ConnectorSettings, Direction, check, parameters
from exchange_online.connectors.canonical import InputValue
from exchange_online.connectors.options import OPTION_KEYS
from regulated_partners.partners.findings import DeclarationFinding

#: The stack's setting that lists the connectors of a direction.
KEYS = {Direction.INBOUND: "inboundConnectors", Direction.OUTBOUND: "outboundConnectors"}

#: What an item may hold beside the connector's properties: words of Pulumi's resource options.
_PROTECT, _ALIASES = "protect", "aliases"


@dataclass(frozen=True)
class DeclaredConnector:
    """One connector of a stack file.

    Attributes:
        direction: inbound or outbound.
        inputs: canonical Pulumi properties.
        protect: whether Pulumi refuses to delete it; None leaves it to the stack.
        aliases: earlier names; with them a rename changes it in place.
    """

    direction: Direction
    inputs: dict[str, InputValue]
    protect: bool | None
    aliases: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.inputs.get("name", ""))

    @property
    def settings(self) -> ConnectorSettings:
        """What the connector will be."""
        return check(self.direction, self.inputs).settings

    def declare(self, opts: pulumi.ResourceOptions) -> InboundConnector | OutboundConnector:
        """The resource."""
        own = pulumi.ResourceOptions(protect=self.protect, aliases=[pulumi.Alias(name=name) for name in self.aliases])
        merged = pulumi.ResourceOptions.merge(opts, own)
        if self.direction is Direction.INBOUND:
            return InboundConnector(self.name, **arguments(self.direction, self.inputs), opts=merged)
        return OutboundConnector(self.name, **arguments(self.direction, self.inputs), opts=merged)


def arguments(direction: Direction, inputs: dict[str, Any]) -> dict[str, Any]:
    """Pulumi properties as keyword arguments of the resource classes."""
    attributes = {parameter.key: parameter.attribute for parameter in parameters(direction)} | OPTION_KEYS
    return {attributes[key]: value for key, value in inputs.items()}


def read_connectors(
    direction: Direction, declared: object
) -> tuple[tuple[DeclaredConnector, ...], tuple[DeclarationFinding, ...]]:
    """Reads the list of a direction; null is the empty list. Returns what is right, and everything there is to say."""
    key = KEYS[direction]
    if declared is None:
        return (), ()
    if not isinstance(declared, list):
        return (), (DeclarationFinding(key, "this is not a list; write each connector after '- name: ...'."),)
    connectors: list[DeclaredConnector] = []
    findings: list[DeclarationFinding] = []
    for index, item in enumerate(declared):
        connector, found = _read_connector(direction, item)
        findings += [finding.below(f"{key}[{index}]") for finding in found]
        if connector is not None:
            connectors.append(connector)
    return tuple(connectors), tuple(findings)


def _read_connector(
    direction: Direction, item: object
) -> tuple[DeclaredConnector | None, tuple[DeclarationFinding, ...]]:
    if not isinstance(item, dict):
        return None, (DeclarationFinding("", "this is not a mapping; write 'name: value' lines."),)
    properties = {str(key): value for key, value in item.items() if key not in (_PROTECT, _ALIASES)}
    checked = check(direction, properties)
    findings = [
        DeclarationFinding(finding.path, f"{finding.sentence()}.", finding.severity) for finding in checked.findings
    ]
    findings += _option_findings(item)
    protect, aliases = item.get(_PROTECT), item.get(_ALIASES) or []
    if checked.errors or any(_option_findings(item)):
        return None, tuple(findings)
    return DeclaredConnector(direction, checked.inputs(), protect, tuple(aliases)), tuple(findings)


def _option_findings(item: dict[Any, Any]) -> Iterable[DeclarationFinding]:
    if not isinstance(item.get(_PROTECT), bool | None):
        yield DeclarationFinding(_PROTECT, "this is not true or false; write one of them, without quotation marks.")
    aliases = item.get(_ALIASES) or []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        yield DeclarationFinding(_ALIASES, "this is not a list of texts; write each earlier name after '- '.")
