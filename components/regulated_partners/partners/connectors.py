"""Connectors of a stack that belong to no partner: each declared by the parameters of its cmdlet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from exchange_online.connectors import (
    SECRET_PROPERTIES,
    Checked,
    ConnectorSettings,
    Direction,
    InputValue,
    Severity,
    about_domain,
    check,
    shown,
)
from regulated_partners.partners.findings import DeclarationFinding, about_moment
from regulated_partners.partners.secure import connector_has, connector_may_keep, is_secure, refusal
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


def about_domains(settings: ConnectorSettings) -> Iterable[DeclarationFinding]:
    """Domains that hardly are a partner's. Servers of one's own may have any."""
    key = "senderDomains" if settings.direction is Direction.INBOUND else "recipientDomains"
    for domain in settings.domains if settings.is_partner else ():
        if doubt := about_domain(domain):
            yield DeclarationFinding(key, doubt, Severity.WARNING)


def _read_connector(
    direction: Direction, item: object
) -> tuple[DeclaredConnector | None, tuple[DeclarationFinding, ...]]:
    if not isinstance(item, dict):
        return None, (DeclarationFinding("", f"{shown(item)} is not a mapping; write 'name: value' lines."),)
    properties = {str(key): value for key, value in item.items() if key not in (_PROTECT, _ALIASES)}
    for key in [key for key, value in properties.items() if is_secure(value) and not connector_has(direction, key)]:
        properties[key] = None
    checked = check(direction, properties, is_secure)
    findings = list(_moments(properties))
    said = {finding.path for finding in findings}
    findings += [
        DeclarationFinding(finding.path, f"{finding.sentence()}.", finding.severity)
        for finding in checked.findings
        if finding.path not in said
    ]
    findings += [*_option_findings(item), *_secret_findings(direction, item)]
    if any(finding.is_error for finding in findings):
        return None, tuple(findings)
    return DeclaredConnector(direction, checked, item.get(_PROTECT), tuple(item.get(_ALIASES) or ())), tuple(findings)


def _moments(properties: dict[str, Any]) -> Iterable[DeclarationFinding]:
    for key, value in properties.items():
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, Moment):
                path = f"{key}[{index}]" if isinstance(value, list) else key
                yield DeclarationFinding(path, about_moment(item))


def _secret_findings(direction: Direction, item: dict[Any, Any]) -> Iterable[DeclarationFinding]:
    if SECRET_PROPERTIES in item:
        text = "the program writes this itself; set a value with `pulumi config set --secret --path` to make it secret."
        yield DeclarationFinding(SECRET_PROPERTIES, text)
    for key in map(str, (key for key, value in item.items() if is_secure(value))):
        if connector_has(direction, key) and (key == "name" or not connector_may_keep(direction, key)):
            yield refusal(key, key)


def _option_findings(item: dict[Any, Any]) -> Iterable[DeclarationFinding]:
    if not isinstance(item.get(_PROTECT), bool | None) and not is_secure(item[_PROTECT]):
        wrong = f"{shown(item[_PROTECT])} is not true or false; write one of them, without quotation marks."
        yield DeclarationFinding(_PROTECT, wrong)
    aliases = item.get(_ALIASES) or []
    if not is_secure(aliases) and not (isinstance(aliases, list) and all(isinstance(name, str) for name in aliases)):
        wrong = f"{shown(aliases)} is not a list of texts; write each earlier name after '- '."
        yield DeclarationFinding(_ALIASES, wrong)
