"""Partners of the native face on the real engine: the component that the plugin builds, and several tenants."""

from __future__ import annotations

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.faults import Refusal
from tests.bench.tenants import declare as declare_tenants
from tests.engine import native, tenant
from tests.engine.native import FABRIKAM, partner
from tests.support.engine import Project
from tests.support.engine_run import Run

pytestmark = pytest.mark.engine


@pytest.fixture
def stack(project: Project) -> Project:
    """A stack whose program uses the plugin."""
    native.use_native(project)
    return project


def test_a_partner_is_a_pair_in_the_tenant(stack: Project, control: Control) -> None:
    """Failing, the pair that one declaration makes would be another one from other languages."""
    native.declare(stack, partner("Fabrikam Bank", **FABRIKAM))
    made = stack.up().succeeded()
    assert made.operations == {"Fabrikam Bank-inbound": "create", "Fabrikam Bank-outbound": "create"}
    assert not made.messages("warning"), made.output
    (made_in,) = tenant.connectors(control, "inbound").values()
    assert made_in == {
        "Comment": "SEC-1234",
        "SenderDomains": ["smtp:fabrikam.com;1", "smtp:*.fabrikam.com;1"],
        "RestrictDomainsToCertificate": True,
        "TlsSenderCertificateName": "mail.fabrikam.com",
    }
    (component,) = native.resources(stack, native.PARTNER).values()
    assert component["outputs"]["inboundConnector"] == tenant.guids(control)["Fabrikam Bank - inbound"]
    stack.up("--expect-no-changes").unchanged()
    guids = tenant.guids(control)
    native.declare(stack, partner("Fabrikam", aliases=["Fabrikam Bank"], **FABRIKAM))
    assert set(stack.up().succeeded().operations.values()) == {"update"}
    assert sorted(tenant.guids(control).values()) == sorted(guids.values())
    stack.destroy().succeeded()
    assert tenant.names(control) == []


def test_a_declaration_is_refused_with_all_that_is_wrong(stack: Project, control: Control) -> None:
    """Failing, a mistake would take several runs to correct, or be said without its place."""
    native.declare(
        stack,
        partner(
            "Fabrikam Bank",
            domains=["fabrikam.com", "domain.*.fabrikam.com"],
            certName="mail.fabrikam.com",
            inbound={"restrictDomainsBy": "ipAddresses", "senderIpAddresses": ["2001:db8::1"]},
        ),
    )
    _said(
        stack.up(),
        "did you mean certificateName",
        "domains[1]",
        "inbound.senderIpAddresses[0]",
        "2001:db8::1",
        "Fabrikam Bank",
    )
    assert control.writes() == []
    native.declare(stack, partner("Fabrikam Bank", **{**FABRIKAM, "domains": []}))
    _said(stack.up(), "the list is empty; write at least one item")


@pytest.mark.parametrize("given", [{"output": ["First"]}, {"secret": "canary-of-a-secret"}])
def test_what_is_not_plain_is_refused_in_words_and_not_shown(stack: Project, given: dict[str, object]) -> None:
    """Failing, a secret in a declaration would be printed, or a value of another resource be called a wrong text."""
    first = native.inbound("First", "first.example")
    native.declare(stack, first, partner("Fabrikam Bank", **{**FABRIKAM, "comment": given}))
    run = _said(stack.up(), "comment: this value comes from another resource, or is secret")
    assert "canary" not in run.output


def test_a_program_of_several_tenants_at_one_address(stack: Project) -> None:
    """Failing, who manages many customers' tenants would write into the wrong one, or need a program for each."""
    with EmulatorProcess(None, "--tenants", "4") as service:
        declare_tenants(stack, service, partners=1)
        stack.set_variables(EXCHANGE_ONLINE_EMULATOR="nowhere.json")
        assert len(stack.up().succeeded().operations) == 8
        guids = [tenant.guids(one) for one in service.controls()]
        assert [sorted(found) for found in guids] == [["Partner 0 - inbound", "Partner 0 - outbound"]] * 4
        assert len({guid for found in guids for guid in found.values()}) == 8
        for one in service.controls():
            one.clear_calls()
        stack.up("--expect-no-changes").unchanged()
        assert [len(one.calls()) for one in service.controls()] == [3] * 4
        third = service.controls()[2]
        third.invoke("Remove-InboundConnector", {"Identity": guids[2]["Partner 0 - inbound"]})
        assert stack.preview().succeeded().operations == {"Partner 0 of 2-inbound": "create"}


def test_a_half_that_is_refused_is_said_once_and_the_other_is_not_made(stack: Project, control: Control) -> None:
    """Failing, a refusal of the service would be called a defect of the plugin, or mail go out by half of a pair."""
    control.fault(Refusal(exception_type="X", text="not today", status=400), "New-*", count=None)
    native.declare(stack, partner("Fabrikam Bank", **FABRIKAM))
    run = _said(stack.up(), "creating the inbound connector 'Fabrikam Bank - inbound' failed", "not today")
    assert [call.cmdlet for call in control.writes()] == ["New-InboundConnector"]
    assert len([found for found in run.diagnostics if "not today" in found.text]) == 1
    control.clear_faults()
    assert set(stack.up().succeeded().operations.values()) == {"create"}


def _said(run: Run, *words: str) -> Run:
    """A refused component: the SDK of the program's language may add its own words about the end of the run."""
    assert run.exit_code != 0, run.output
    for word in words:
        assert word in run.output, run.output
    assert "defect of the provider" not in run.output
    return run
