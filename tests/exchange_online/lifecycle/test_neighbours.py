"""Warnings about other connectors that apply to the same mail."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_online.connectors import ConnectorSettings, Direction, check, neighbour_warnings

_WIDE = {"senderDomains": ["*"], "restrictDomainsToCertificate": True, "tlsSenderCertificateName": "gw.example"}


def _inbound(name: str, **properties: Any) -> ConnectorSettings:
    declared = {"name": name, "senderDomains": ["a.example"], "allowTenantWideRestriction": True} | properties
    checked = check(Direction.INBOUND, declared)
    assert not checked.errors
    return checked.settings


def _outbound(name: str, *domains: str) -> ConnectorSettings:
    checked = check(Direction.OUTBOUND, {"name": name, "recipientDomains": list(domains)})
    return checked.settings


def test_alone_there_is_nothing_to_say() -> None:
    """Failing, a tenant with one connector would already be warned."""
    assert neighbour_warnings(_inbound("one"), []) == ()


def test_a_shared_domain_is_named() -> None:
    """Failing, two connectors for one partner would lose mail, and nobody would know why."""
    (warning,) = neighbour_warnings(_inbound("new", senderDomains=["a.example", "b.example"]), [_inbound("old")])
    assert "'old'" in warning
    assert "a.example" in warning
    assert "b.example" not in warning
    (warning,) = neighbour_warnings(_outbound("new", "x.example"), [_outbound("old", "x.example", "y.example")])
    assert "'old' applies to x.example too" in warning


def test_a_connector_that_restricts_everybody_is_named() -> None:
    """Failing, the partner's mail would be refused by a connector that nobody thought of."""
    (warning,) = neighbour_warnings(_inbound("new"), [_inbound("gateway", **_WIDE)])
    assert "'gateway' restricts all senders" in warning


@pytest.mark.parametrize(
    "other",
    [
        _inbound("gateway", **_WIDE, enabled=False),
        _inbound("gateway", **_WIDE, connectorType="OnPremises"),
        _inbound("gateway", senderDomains=["*"]),
        _inbound("old", senderDomains=["other.example"]),
        _inbound("old", enabled=False),
    ],
    ids=["disabled", "own servers", "restricts nobody", "another domain", "disabled, same domain"],
)
def test_what_does_not_matter_is_not_mentioned(other: ConnectorSettings) -> None:
    """Failing, the warnings that matter would drown in those that do not."""
    assert neighbour_warnings(_inbound("new"), [other]) == ()


def test_they_come_in_the_order_of_names() -> None:
    """Failing, the same tenant would give another text at every run."""
    warnings = neighbour_warnings(_inbound("new"), [_inbound("b"), _inbound("a"), _inbound("c")])
    assert [warning.split("'")[1] for warning in warnings] == ["a", "b", "c"]
