"""Connectors are removed when they are no longer declared, and only then; and refused where that would lose mail."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, FABRIKAM_IN, FABRIKAM_OUT, WOODGROVE
from tests.support.engine import Project

pytestmark = pytest.mark.engine

INBOUND, OUTBOUND = FABRIKAM_CONNECTORS
WOODGROVE_CONNECTORS = ["Woodgrove Hospital - inbound", "Woodgrove Hospital - outbound"]


def test_a_partner_taken_off_the_list_then_everything(project: Project, control: Control) -> None:
    """A failure means that connectors stay behind, or that others go with them, or that a second `destroy` fails."""
    project.declare(FABRIKAM, WOODGROVE)
    project.up().succeeded()
    guids = tenant.guids(control)
    control.clear_calls()

    project.declare(WOODGROVE)
    removed = project.up().succeeded()
    assert removed.operations == {FABRIKAM_IN: "delete", FABRIKAM_OUT: "delete"}
    assert sorted(tenant.sent(control)) == [
        ("Remove-InboundConnector", {"Identity": guids[INBOUND], "Confirm": False}),
        ("Remove-OutboundConnector", {"Identity": guids[OUTBOUND], "Confirm": False}),
    ]
    assert tenant.names(control) == WOODGROVE_CONNECTORS

    # One is gone already when everything is to go.
    control.invoke("Remove-InboundConnector", {"Identity": WOODGROVE_CONNECTORS[0], "Confirm": False})
    project.destroy().succeeded()
    assert tenant.names(control) == []
    project.destroy().succeeded()


def test_a_protected_stack_keeps_its_connectors(project: Project, control: Control) -> None:
    """A failure means that a line lost from a production stack's list takes the partner's protection away."""
    project.declare(FABRIKAM, WOODGROVE, protect=True)
    project.up().succeeded()
    control.clear_calls()

    project.declare(WOODGROVE, protect=True)
    project.preview().refused("Fabrikam Bank-outbound", "cannot be deleted", "protect")
    project.up().refused("Fabrikam Bank-outbound", "cannot be deleted", "protect")
    project.destroy().refused("cannot be deleted", "protect")

    assert tenant.sent(control) == []
    assert tenant.names(control) == FABRIKAM_CONNECTORS + WOODGROVE_CONNECTORS


def test_a_connector_that_a_transport_rule_uses_is_not_removed(project: Project, control: Control) -> None:
    """A failure means that mail that a rule routes through it would be lost, or nobody learns which rule."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    control.invoke("New-TransportRule", {"Name": "Statements to Fabrikam", "RouteMessageOutboundConnector": OUTBOUND})
    control.clear_calls()

    project.declare()
    project.up().refused(f"outbound connector '{OUTBOUND}'", "'Statements to Fabrikam'", "run `pulumi up` again")
    # The inbound half, which could be removed, stays as well: half a pair protects in one direction only (E26).
    assert tenant.names(control) == FABRIKAM_CONNECTORS
    assert tenant.sent(control) == []

    control.invoke("Remove-TransportRule", {"Identity": "Statements to Fabrikam", "Confirm": False})
    project.up().succeeded()
    assert tenant.names(control) == []
