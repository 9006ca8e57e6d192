"""Somebody changes the tenant behind Pulumi's back."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, FABRIKAM_IN, FABRIKAM_OUT, WOODGROVE
from tests.support.engine import CHANGES_FOUND, Project
from tests.support.engine_run import Change

pytestmark = pytest.mark.engine

INBOUND, OUTBOUND = FABRIKAM_CONNECTORS


def test_weakened_connectors_are_shown_and_repaired(project: Project, control: Control) -> None:
    """A failure means that somebody can switch the protection off and nobody notices, or that `up` leaves it off."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    declared = tenant.connectors(control, "inbound"), tenant.connectors(control, "outbound")
    control.invoke(
        "Set-InboundConnector", {"Identity": INBOUND, "RequireTls": False, "RestrictDomainsToCertificate": False}
    )
    control.invoke("Set-OutboundConnector", {"Identity": OUTBOUND, "TlsSettings": None, "TlsDomain": None})
    control.clear_calls()

    shown = project.drift()
    assert shown.exit_code == CHANGES_FOUND, shown.output
    assert shown.drift == {
        FABRIKAM_IN: {"requireTls": Change(True, False), "restrictDomainsToCertificate": Change(True, False)},
        FABRIKAM_OUT: {
            "tlsSettings": Change("DomainValidation", None),
            "tlsDomain": Change("mail.fabrikam.com", None),
        },
    }
    assert "~ requireTls                  : true => false" in shown.stdout
    assert '- tlsDomain  : "mail.fabrikam.com"' in shown.stdout
    assert tenant.sent(control) == [], "looking must not write"

    repaired = project.up().succeeded()
    assert repaired.operations == {FABRIKAM_IN: "update", FABRIKAM_OUT: "update"}
    guids = tenant.guids(control)
    assert sorted(tenant.sent(control)) == [
        (
            "Set-InboundConnector",
            {"Identity": guids[INBOUND], "RequireTls": True, "RestrictDomainsToCertificate": True},
        ),
        (
            "Set-OutboundConnector",
            {"Identity": guids[OUTBOUND], "TlsSettings": "DomainValidation", "TlsDomain": "mail.fabrikam.com"},
        ),
    ]
    assert (tenant.connectors(control, "inbound"), tenant.connectors(control, "outbound")) == declared


def test_a_removed_and_a_renamed_connector(project: Project, control: Control) -> None:
    """A failure means that a lost connector is not noticed or not made again, or that a renamed one is made twice."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    control.invoke("Remove-InboundConnector", {"Identity": INBOUND, "Confirm": False})
    control.invoke("Set-OutboundConnector", {"Identity": OUTBOUND, "Name": "somebody's own"})
    kept = tenant.guids(control)["somebody's own"]
    control.clear_calls()

    shown = project.drift()
    assert shown.exit_code == CHANGES_FOUND, shown.output
    assert shown.drift == {FABRIKAM_IN: {}, FABRIKAM_OUT: {"name": Change(OUTBOUND, "somebody's own")}}
    assert tenant.sent(control) == []

    repaired = project.up().succeeded()
    assert repaired.operations == {FABRIKAM_IN: "create", FABRIKAM_OUT: "update"}
    assert sorted(cmdlet for cmdlet, _ in tenant.sent(control)) == ["New-InboundConnector", "Set-OutboundConnector"]
    assert tenant.names(control) == FABRIKAM_CONNECTORS
    assert tenant.guids(control)[OUTBOUND] == kept


def test_a_preview_shows_drift_and_what_up_would_do_about_it(project: Project, control: Control) -> None:
    """A failure means that a pull request's preview is silent about a repair that merging it will make."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    control.invoke("Set-OutboundConnector", {"Identity": OUTBOUND, "Enabled": False})
    control.clear_calls()

    planned = project.preview("--expect-no-changes")

    assert planned.exit_code != 0, planned.output
    assert planned.drift == {FABRIKAM_OUT: {"enabled": Change(True, False)}}
    assert planned.changes == {FABRIKAM_OUT: {"enabled": Change(False, True)}}
    assert tenant.sent(control) == []


def test_what_the_program_does_not_declare_is_never_touched(project: Project, control: Control) -> None:
    """A failure means that the tool writes to connectors that are not its own."""
    control.seed(
        inbound=[{"Name": "Contoso hybrid", "SenderDomains": ["contoso.com"], "ConnectorSource": "HybridWizard"}],
        outbound=[{"Name": "Northwind", "RecipientDomains": ["northwind.com"], "TestMode": True}],
    )
    foreign = tenant.whole(control)

    project.declare(FABRIKAM)
    project.up().succeeded()
    control.invoke("New-InboundConnector", {"Name": "Added later", "SenderDomains": ["tailspin.com"]})
    assert project.drift("--color", "never").succeeded().drift == {}
    project.declare(WOODGROVE)
    project.up().succeeded()
    project.destroy().succeeded()

    left = tenant.whole(control)
    assert [row for row in left if row["Name"] != "Added later"] == foreign
    assert tenant.names(control) == ["Added later", "Contoso hybrid", "Northwind"]
