"""Declarations of partners as a stack file holds them, and what becomes of them."""

from __future__ import annotations

from typing import Any

from exchange_online.connectors import Direction, Severity, new_parameters, parameters_after_new
from regulated_partners.partners import Half, Pair, read_partner

FABRIKAM: dict[str, Any] = {
    "name": "Fabrikam Bank",
    "domains": ["fabrikam.com", "*.fabrikam.com"],
    "certificateName": "mail.fabrikam.com",
}


def fabrikam(*without: str, **changed: object) -> dict[str, Any]:
    """The declaration of the scenario, with something changed or left out."""
    return {key: value for key, value in {**FABRIKAM, **changed}.items() if key not in without}


#: Where a choice that protects less is a warning by itself.
CHOICES = ("inbound.connectionSecurity", "inbound.restrictDomainsBy", "outbound.connectionSecurity")


def accepted(declaration: object) -> Pair:
    """The pair of a declaration that has no findings but those about a choice that protects less."""
    pair, findings = read_partner(declaration)
    assert [str(finding) for finding in findings if finding.is_error or finding.path not in CHOICES] == []
    assert pair is not None
    return pair


def half(direction: Direction, pair: Pair) -> Half[Any]:
    return pair.inbound if direction is Direction.INBOUND else pair.outbound


def settings(**named: object) -> dict[str, object]:
    """Settings of a stack by their names with namespace."""
    return {f"regulated-partners:{name}": value for name, value in named.items()}


def sent(direction: Direction, declaration: object) -> dict[str, Any]:
    """What `New-` gets, and the `Set-` after it."""
    checked = half(direction, accepted(declaration)).checked
    assert checked.findings == ()
    return {**new_parameters(checked.settings), **parameters_after_new(checked.settings)}


def said(declaration: object) -> dict[str, str]:
    """The errors about a declaration, by path."""
    _, findings = read_partner(declaration)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    found = {finding.path: finding.text for finding in errors}
    assert len(found) == len(errors), [str(finding) for finding in errors]
    return found
