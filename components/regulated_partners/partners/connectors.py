"""Connectors of a stack that belong to no partner: each declared by the parameters of its cmdlet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from exchange_online.connectors import Checked, ConnectorSettings, Direction, InputValue, check
from regulated_partners.partners.findings import DeclarationFinding, about_moment
from regulated_partners.partners.yaml_scalars import Moment

#: The stack's setting that lists the connectors of a direction.
KEYS = {Direction.INBOUND: "inboundConnectors", Direction.OUTBOUND: "outboundConnectors"}

#: What an item may hold beside the connector's properties: words of Pulumi's resource options.
_PROTECT, _ALIASES = "protect", "aliases"


@dataclass(frozen=True)
class DeclaredConnector:
    """One connector of a stack file.

    Attributes:
        direction: inbound or outbound.
        checked: what the rules made of it.
        protect: whether Pulumi refuses to delete it; None leaves it to the stack.
        aliases: earlier names; with them a rename changes it in place.
    """

    direction: Direction
    checked: Checked
    protect: bool | None
    aliases: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def settings(self) -> ConnectorSettings:
        """What the connector will be."""
        return self.checked.settings

    @property
    def place(self) -> str:
        """Where it stands, for a person."""
        return f"{KEYS[self.direction]} '{self.name}'"

    @property
    def inputs(self) -> dict[str, InputValue]:
        """Canonical Pulumi properties."""
        return self.checked.inputs()


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
    findings = list(_moments(properties))
    said = {finding.path for finding in findings}
    findings += [
        DeclarationFinding(finding.path, f"{finding.sentence()}.", finding.severity)
        for finding in checked.findings
        if finding.path not in said
    ]
    findings += _option_findings(item)
    if any(finding.is_error for finding in findings):
        return None, tuple(findings)
    return DeclaredConnector(direction, checked, item.get(_PROTECT), tuple(item.get(_ALIASES) or ())), tuple(findings)


def _moments(properties: dict[str, Any]) -> Iterable[DeclarationFinding]:
    for key, value in properties.items():
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, Moment):
                path = f"{key}[{index}]" if isinstance(value, list) else key
                yield DeclarationFinding(path, about_moment(item))


def _option_findings(item: dict[Any, Any]) -> Iterable[DeclarationFinding]:
    if not isinstance(item.get(_PROTECT), bool | None):
        yield DeclarationFinding(_PROTECT, "this is not true or false; write one of them, without quotation marks.")
    aliases = item.get(_ALIASES) or []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        yield DeclarationFinding(_ALIASES, "this is not a list of texts; write each earlier name after '- '.")
