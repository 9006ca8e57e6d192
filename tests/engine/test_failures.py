"""The service fails in the middle of a run: the next `up` converges, with no duplicate, no orphan and nothing lost."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import (
    Action,
    BrokenPageLink,
    ConnectionReset,
    Delay,
    ReadLag,
    Refusal,
    Status,
    Throttled,
)
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, FABRIKAM_OUT, WOODGROVE
from tests.support.engine import Project
from tests.support.processes import until

pytestmark = pytest.mark.engine

OUTBOUND = FABRIKAM_CONNECTORS[1]


def converges(project: Project, control: Control) -> None:
    """Asserts what must be true after a failed run, once the service is well again."""
    control.clear_faults()
    project.up().succeeded()
    is_converged(project, control)


def is_converged(project: Project, control: Control) -> None:
    """Asserts that the tenant is as declared, and that another `up` writes nothing."""
    assert tenant.names(control) == FABRIKAM_CONNECTORS
    assert tenant.connectors(control, "outbound")[OUTBOUND] == {
        "Comment": "SEC-1234, owner messaging team",
        "RecipientDomains": ["fabrikam.com", "*.fabrikam.com"],
        "TlsSettings": "DomainValidation",
        "TlsDomain": "mail.fabrikam.com",
    }
    before = tenant.whole(control)
    project.up("--expect-no-changes").unchanged()
    # Not by the log of calls: one whose caller was killed is entered when its delay ends, which may be now.
    assert tenant.whole(control) == before


@pytest.mark.parametrize(
    ("action", "cmdlet", "creates"),
    [
        pytest.param(ConnectionReset(after_write=True), "New-OutboundConnector", 1, id="lost answer"),
        pytest.param(Status(status=503, after_write=True), "New-OutboundConnector", 1, id="503 after the write"),
        pytest.param(ConnectionReset(), "New-OutboundConnector", 2, id="reset before the write"),
        pytest.param(Throttled(retry_after="0.5"), "New-OutboundConnector", 2, id="429 with Retry-After"),
        pytest.param(Status(status=503), "Get-OutboundConnector", 1, id="503 on a read"),
        # One listing of outbound connectors is two reads.
        pytest.param(ReadLag(reads=2), "New-OutboundConnector", 1, id="reads that lag"),
    ],
)
def test_a_failure_that_passes_is_not_noticed(
    project: Project, control: Control, action: Action, cmdlet: str, creates: int
) -> None:
    """A failure means that a moment's trouble of the service fails a run, or makes a connector twice."""
    project.declare(FABRIKAM)
    control.fault(action, cmdlet)

    project.up().succeeded()

    assert [fault.acted for fault in control.faults()] == [1]
    assert len(control.calls("New-OutboundConnector")) == creates
    is_converged(project, control)


def test_reads_that_lag_longer_than_an_absence_is_confirmed(project: Project, control: Control) -> None:
    """A failure means that a connector which does not show yet is made a second time, or is lost to the stack."""
    project.declare(FABRIKAM)
    control.fault(ReadLag(reads=4), "New-OutboundConnector")
    project.up().succeeded()
    guids = tenant.guids(control)
    control.clear_calls()

    # Two listings do not hold it; but it was made a moment ago, so it is looked for longer.
    project.up("--expect-no-changes").unchanged()

    assert control.writes() == []
    assert tenant.guids(control) == guids
    is_converged(project, control)


def test_the_plugin_dies_in_the_middle_of_a_create(project: Project, control: Control) -> None:
    """A failure means that a killed pipeline leaves a connector that the next run refuses, or makes again."""
    project.declare(FABRIKAM)
    control.fault(Delay(seconds=20), "New-OutboundConnector")
    running = project.start_up()
    until(lambda: OUTBOUND in tenant.names(control))

    assert running.kill_providers() > 0
    failed = running.wait()

    assert failed.exit_code != 0, failed.output
    assert "Fabrikam Bank-outbound" in failed.output
    assert tenant.names(control).count(OUTBOUND) == 1
    converges(project, control)


def test_the_whole_run_is_killed_in_the_middle_of_a_create(project: Project, control: Control) -> None:
    """A failure means that a machine which dies leaves a stack that `pulumi cancel` and `up` do not bring back."""
    project.declare(FABRIKAM)
    control.fault(Delay(seconds=20), "New-OutboundConnector")
    running = project.start_up()
    until(lambda: OUTBOUND in tenant.names(control))

    running.kill()
    assert running.wait().exit_code < 0

    # The file backend keeps the dead run's lock; this is what its message tells the user to do.
    assert project.pulumi("cancel", "--yes").returncode == 0
    converges(project, control)


def test_a_service_that_stays_down_fails_the_run_in_words(project: Project, control: Control) -> None:
    """A failure means that an outage is shown as a defect, or that the half that was done is lost or done again."""
    project.declare(FABRIKAM)
    control.fault(Status(status=503), "New-OutboundConnector", count=None)

    project.up().refused(f"outbound connector '{OUTBOUND}'", "503")

    assert tenant.names(control) == [FABRIKAM_CONNECTORS[0]]
    converges(project, control)


def test_a_listing_that_breaks_off_is_not_a_tenant_without_connectors(project: Project, control: Control) -> None:
    """A failure means that connectors beyond a failed page count as gone, and are made again or forgotten."""
    project.declare(FABRIKAM, WOODGROVE)
    project.up().succeeded()
    before = tenant.whole(control)
    state = project.export()["deployment"]["resources"]
    control.switch(max_page_size=1)
    control.fault(BrokenPageLink(how="error"), "Get-*", count=None)
    control.clear_calls()

    for run in (project.up(), project.drift(), project.refresh()):
        run.refused("reading the", "connector")
        assert run.operations == {}
    assert tenant.sent(control) == []
    assert tenant.whole(control) == before
    assert _ids(project.export()["deployment"]["resources"]) == _ids(state)

    control.clear_faults()
    project.up("--expect-no-changes").unchanged()


def test_where_the_first_half_is_refused_the_second_is_not_sent(project: Project, control: Control) -> None:
    """Failing: half a pair protects mail in one direction, and looks as if the partner were set up."""
    refusal = Refusal(exception_type="System.ArgumentException", text="No such domain.", status=400)
    control.fault(refusal, "New-InboundConnector", count=None)
    project.declare(FABRIKAM)

    project.up().refused("inbound connector 'Fabrikam Bank - inbound'", "No such domain")

    assert [cmdlet for cmdlet, _ in tenant.sent(control)] == ["New-InboundConnector"]
    assert tenant.names(control) == []
    control.clear_faults()
    project.up().succeeded()
    assert tenant.names(control) == FABRIKAM_CONNECTORS


def test_a_tenant_that_is_not_enabled_for_customization(project: Project, control: Control) -> None:
    """Failing: whoever sets up a new tenant looks for the mistake in a stack file that holds none."""
    control.switch(dehydrated=True)
    project.declare(FABRIKAM)

    refused = project.up()

    refused.refused("inbound connector 'Fabrikam Bank - inbound'", "it is dehydrated", "Nothing in the stack file")
    refused.refused("`Enable-OrganizationCustomization`", "wait an hour", "run `pulumi up` again")
    assert "Correct the value" not in refused.output
    assert "Traceback" not in refused.output
    assert [cmdlet for cmdlet, _ in tenant.sent(control)] == ["New-InboundConnector"]


def test_an_update_whose_answer_is_lost(project: Project, control: Control) -> None:
    """A failure means that a change which was made is not known to be made, or is not made at all."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    control.fault(ConnectionReset(after_write=True), "Set-OutboundConnector")
    control.fault(ReadLag(reads=2), "Set-OutboundConnector", nth=2)

    project.declare({**FABRIKAM, "enabled": False})
    updated = project.up().succeeded()

    assert updated.operations[FABRIKAM_OUT] == "update"
    assert tenant.connectors(control, "outbound")[OUTBOUND]["Enabled"] is False
    project.up("--expect-no-changes").unchanged()


def _ids(resources: list[dict[str, object]]) -> set[tuple[object, object]]:
    return {(resource["urn"], resource.get("id")) for resource in resources}
