"""Which transport rules route to a connector."""

from __future__ import annotations

import pytest

from exchange_online.admin_api import AdminApiError
from exchange_online_emulator import Control
from exchange_online_emulator.faults import Forbidden, Garbage
from tests.exchange_online.lifecycle.conftest import Parts

_GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def _answer(connector: str) -> Garbage:
    return Garbage(body=f'{{"value": [{{"Name": "R", "RouteMessageOutboundConnector": "{connector}"}}]}}')


@pytest.mark.parametrize("called", [_GUID, _GUID.upper(), "bank", "Bank", "contoso.example/Bank", "contoso\\\\Bank"])
def test_every_way_to_call_a_connector_counts(parts: Parts, tenant: Control, called: str) -> None:
    """Failing, a connector in use would be removed because of how the service writes its name."""
    tenant.fault(_answer(called), "Get-TransportRule")
    assert parts.rules().routing_to(_GUID, ["Bank"]) == ("R",)


def test_other_connectors_do_not_count(parts: Parts, tenant: Control) -> None:
    """Failing, any rule would block every removal."""
    tenant.fault(_answer("Bank 2"), "Get-TransportRule")
    assert parts.rules().routing_to(_GUID, ["Bank"]) == ()


def test_rules_without_a_connector_do_not_count(parts: Parts, tenant: Control) -> None:
    """Failing, ordinary rules would count as routing to a connector without a name."""
    tenant.invoke("New-TransportRule", {"Name": "Disclaimer"})
    assert parts.rules().routing_to(_GUID, [""]) == ()


def test_they_are_read_once(parts: Parts, tenant: Control) -> None:
    """Failing, removing 400 connectors would read all rules 400 times."""
    tenant.seed(outbound=[{"Name": "Bank"}])
    tenant.invoke("New-TransportRule", {"Name": "R", "RouteMessageOutboundConnector": "Bank"})
    rules = parts.rules()
    assert rules.routing_to(_GUID, ["Bank"]) == rules.routing_to(_GUID, ["bank", "x"]) == ("R",)
    assert len(tenant.calls("Get-TransportRule")) == 1


def test_what_cannot_be_read_is_not_taken_for_none(parts: Parts, tenant: Control) -> None:
    """Failing, a connector in use would be removed, and the failure would even be remembered as `no rules`."""
    tenant.seed(outbound=[{"Name": "Bank"}])
    tenant.invoke("New-TransportRule", {"Name": "R", "RouteMessageOutboundConnector": "Bank"})
    tenant.fault(Forbidden(), "Get-TransportRule")
    rules = parts.rules()
    with pytest.raises(AdminApiError):
        rules.routing_to(_GUID, ["Bank"])
    assert rules.routing_to(_GUID, ["Bank"]) == ("R",)
