"""Stacks for the rules, made from declarations as a stack file holds them."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

from exchange_online.connectors import Direction, check
from exchange_online.names import Face
from regulated_partners.policies import Rule
from regulated_partners.policies.rule import ConnectorRule, ResourceRule
from regulated_partners.policies.subjects import Configuration, Connector, Stack
from regulated_partners.policies.waiver import read_waivers

TODAY = datetime.date(2026, 11, 22)
URN = "urn:pulumi:production::regulated-partners::"

#: Connectors that keep every rule.
INBOUND: dict[str, Any] = {
    "name": "Fabrikam - inbound",
    "comment": "SEC-1, owner messaging team",
    "senderDomains": ["fabrikam.com"],
    "requireTls": True,
    "restrictDomainsToCertificate": True,
    "tlsSenderCertificateName": "mail.fabrikam.com",
}
OUTBOUND: dict[str, Any] = {
    "name": "Fabrikam - outbound",
    "comment": "SEC-1, owner messaging team",
    "recipientDomains": ["fabrikam.com"],
    "tlsSettings": "DomainValidation",
    "tlsDomain": "mail.fabrikam.com",
}


def connector(
    direction: Direction, partner: str | None = "Fabrikam", protected: bool = True, source: str = "", **changed: Any
) -> Connector:
    """A connector that keeps every rule, with what is changed."""
    base = INBOUND if direction is Direction.INBOUND else OUTBOUND
    checked = check(direction, {**base, **changed})
    return Connector(
        urn=f"{URN}{direction}::{checked.settings.name}",
        settings=checked.settings,
        options=checked.options,
        partner=partner,
        protected=protected,
        connector_source=source,
    )


def inbound(**changed: Any) -> Connector:
    """An inbound connector that keeps every rule, with what is changed."""
    return connector(Direction.INBOUND, **changed)


def outbound(**changed: Any) -> Connector:
    """An outbound connector that keeps every rule, with what is changed."""
    return connector(Direction.OUTBOUND, **changed)


def stack(
    *connectors: Connector, waivers: object = None, partners: tuple[str, ...] = ("Fabrikam",), local: bool = False
) -> Stack:
    """The stack `production`, on a fixed day."""
    return Stack(
        name="production",
        local=local,
        today=TODAY,
        waivers=read_waivers(waivers),
        connectors=connectors or (inbound(), outbound()),
        partners=tuple((f"{URN}{name}", name) for name in partners),
    )


def violations(rule: Rule, judged: Stack, configuration: Configuration | None = None) -> tuple[str, ...]:
    """The texts of a rule's violations."""
    configured = replace(judged, configuration=configuration or Configuration())
    if isinstance(rule, ResourceRule):
        tokens = [(each.urn, each.direction.token(face)) for each in judged.connectors for face in Face]
        return tuple(text for urn, token in tokens if (text := rule.violation(token, urn)))
    if isinstance(rule, ConnectorRule):
        found_each = (rule.violation(each, configured) for each in judged.connectors)
        return tuple(found.text for found in found_each if found)
    return tuple(found.text for found in rule.violations(configured))
