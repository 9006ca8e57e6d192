"""Connectors of the native face on the real engine: a program of any language, here without a generated SDK."""

from __future__ import annotations

import signal

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import Delay, Refusal
from tests.engine import native, tenant
from tests.engine.native import inbound, outbound
from tests.support.engine import Project
from tests.support.processes import until

pytestmark = pytest.mark.engine

#: What the emulator answers when it refuses.
_REFUSED = Refusal(exception_type="Microsoft.Exchange.X", text="not today", status=400)


@pytest.fixture
def stack(project: Project) -> Project:
    """A stack whose program uses the plugin."""
    native.use_native(project)
    return project


def test_a_stack_is_created_stays_as_it_is_and_is_removed(stack: Project, control: Control) -> None:
    """Failing, nobody outside of Python could use any of this."""
    native.declare(stack, inbound("In", "in.example"), outbound("Out", "out.example", smtpDaneMode="mandatory"))
    planned = stack.preview().succeeded()
    assert planned.operations == {"In": "create", "Out": "create"}
    assert control.writes() == []

    made = stack.up().succeeded()
    assert made.operations == {"In": "create", "Out": "create"}
    assert not made.messages("warning"), made.output
    known = {**native.resources(stack, native.INBOUND), **native.resources(stack, native.OUTBOUND)}
    assert {name: entry["id"] for name, entry in known.items()} == tenant.guids(control)
    control.clear_calls()
    stack.up("--expect-no-changes", preview=True).unchanged()
    assert control.writes() == []

    stack.destroy().succeeded()
    assert tenant.names(control) == []


def test_what_is_there_is_taken_over_below_a_restriction(stack: Project, control: Control) -> None:
    """Failing, a grown tenant cannot be taken over: its restriction of all senders is a stranger's to the connectors
    that are declared before it, of which the engine begins no more than it can do at a time."""
    restriction = {"RestrictDomainsToCertificate": True, "TlsSenderCertificateName": "*.gateway.example"}
    banks = {f"Bank {number}": f"bank{number}.example" for number in range(20)}
    control.seed(
        inbound=[
            *({"Name": name, "SenderDomains": [domain], "RequireTls": True} for name, domain in banks.items()),
            {"Name": "Lock-down", "SenderDomains": ["*"], "RequireTls": True, **restriction},
        ]
    )
    guids = tenant.guids(control)
    declared = [inbound(name, domain, adoptExisting=True) for name, domain in banks.items()]
    last = inbound(
        "Lock-down",
        "*",
        adoptExisting=True,
        restrictDomainsToCertificate=True,
        tlsSenderCertificateName="*.gateway.example",
        allowTenantWideRestriction=True,
    )
    native.declare(stack, *declared, last)
    stack.up().succeeded()
    assert tenant.guids(control) == guids
    assert control.writes() == []
    stack.up("--expect-no-changes").unchanged()


def test_a_preview_shows_drift_in_a_project_that_never_asked_for_it(stack: Project, control: Control) -> None:
    """Failing, what somebody changed in the admin centre would stay unseen in the projects of others."""
    native.declare(stack, inbound("In", "in.example", comment="SEC-1"))
    stack.up().succeeded()
    (row,) = control.connectors("inbound")
    control.invoke("Set-InboundConnector", {"Identity": row["Guid"], "RequireTls": False})

    seen = stack.preview().succeeded()
    assert seen.changes["In"]["requireTls"].before is False
    assert seen.changes["In"]["requireTls"].after is True

    control.clear_calls()
    assert stack.up().succeeded().operations == {"In": "update"}
    (sent,) = control.writes()
    assert sent.parameters == {"Identity": row["Guid"], "RequireTls": True}
    control.invoke("Remove-InboundConnector", {"Identity": row["Guid"]})
    assert stack.up().succeeded().operations == {"In": "create"}


def test_a_connector_is_imported_by_its_name_and_by_its_guid(stack: Project, control: Control) -> None:
    """Failing, who has connectors already would have to look for Guids, or make them anew."""
    control.seed(
        inbound=[{"Name": "Theirs in", "SenderDomains": ["theirs.example"]}],
        outbound=[{"Name": "Theirs out", "RecipientDomains": ["theirs.example"]}],
    )
    guids = tenant.guids(control)
    control.clear_calls()
    native.declare(
        stack,
        inbound("Theirs in", "theirs.example", import_="THEIRS IN"),
        outbound("Theirs out", "theirs.example", tlsSettings=None, import_=guids["Theirs out"].upper()),
    )
    imported = stack.up().succeeded()
    assert imported.operations == {"Theirs in": "import", "Theirs out": "import"}, imported.output
    known = {**native.resources(stack, native.INBOUND), **native.resources(stack, native.OUTBOUND)}
    assert {name: entry["id"] for name, entry in known.items()} == guids
    assert control.writes() == []
    native.declare(
        stack, inbound("Theirs in", "theirs.example"), outbound("Theirs out", "theirs.example", tlsSettings=None)
    )
    stack.up("--expect-no-changes").unchanged()
    native.declare(stack, inbound("Nobody's", "x.example", import_="Nobody's"))
    stack.up().refused("the tenant has none of this name")


def test_what_a_program_takes_too_long_for_is_refused_in_words(stack: Project, control: Control) -> None:
    """Failing, a limit that a program sets would count for nothing, or end in gRPC's words."""
    control.fault(Delay(seconds=3), "New-*", count=1)
    native.declare(stack, inbound("In", "in.example", timeouts={"create": "1s"}))
    failed = stack.up().refused(
        "creating the inbound connector 'In' took longer than the 1 s that customTimeouts allows"
    )
    assert "DEADLINE" not in failed.output.upper()
    until(lambda: tenant.names(control) == ["In"])
    guids = tenant.guids(control)

    native.declare(stack, inbound("In", "in.example"))
    stack.up().succeeded()
    assert tenant.guids(control) == guids
    assert native.resources(stack, native.INBOUND)["In"]["id"] == guids["In"]


def test_half_of_a_create_is_kept_and_finished_by_the_next_run(stack: Project, control: Control) -> None:
    """Failing, a connector would be in the tenant that no state knows of, until somebody runs the program again."""
    control.fault(_REFUSED, "Set-OutboundConnector", count=1)
    declared = outbound("Out", "out.example", validationRecipients=["postmaster@out.example"])
    native.declare(stack, declared)
    stack.up().refused("creating the outbound connector 'Out' failed", "not today")
    guid = tenant.guids(control)["Out"]
    kept = native.resources(stack, native.OUTBOUND)["Out"]
    assert kept["id"] == guid
    assert "not today" in kept["initErrors"][0]
    assert "validationRecipients" not in kept["outputs"]

    control.clear_faults()
    control.clear_calls()
    assert stack.up().succeeded().operations == {"Out": "update"}
    assert [call.cmdlet for call in control.writes()] == ["Set-OutboundConnector"]
    healed = native.resources(stack, native.OUTBOUND)["Out"]
    assert healed["id"] == guid
    assert "initErrors" not in healed
    stack.up("--expect-no-changes").unchanged()


def test_a_run_that_is_interrupted_sends_nothing_further(stack: Project, control: Control) -> None:
    """Failing, somebody who presses Ctrl-C would watch the rest being created all the same."""
    control.fault(Delay(seconds=1), "New-*", count=None)
    names = [f"In {number}" for number in range(12)]
    native.declare(stack, *(inbound(name, f"d{number}.example") for number, name in enumerate(names)))
    running = stack.start_up("--parallel", "32")
    until(lambda: bool(control.connectors("inbound")))
    running.process.send_signal(signal.SIGINT)
    run = running.wait()
    assert run.exit_code != 0
    made = tenant.guids(control)
    assert 0 < len(made) < len(names)
    known = native.resources(stack, native.INBOUND)
    assert {name: entry["id"] for name, entry in known.items()} == made

    control.clear_faults()
    assert set(stack.up("--parallel", "32").succeeded().operations) == set(names) - set(made)
    assert tenant.names(control) == sorted(names)
    assert tenant.guids(control).items() >= made.items()


def test_a_warning_stands_at_its_resource(stack: Project) -> None:
    """Failing, nobody would know which of hundreds of connectors a warning is about."""
    native.declare(stack, inbound("Weak", "weak.example", requireTls=False), inbound("Fine", "fine.example"))
    run = stack.up().succeeded()
    (warning,) = [event for event in run.warnings if "restricts nothing" in event.text]
    assert warning.urn.endswith("::Weak")


def test_bad_values_are_refused_all_at_once_before_anything_is_sent(stack: Project, control: Control) -> None:
    """Failing, a mistake would be found in the middle of an `up`, or in the words of a validator."""
    native.declare(stack, inbound("In", "in.example", senderIpAddresses=["2001:db8::1"], requireTLS=True))
    stack.up().refused("2001:db8::1", "did you mean requireTls?")
    assert control.writes() == []


def test_an_output_of_a_resource_is_unknown_until_it_is_there(stack: Project, control: Control) -> None:
    """Failing, a preview would refuse, or invent, what depends on something that is not there yet."""
    first = inbound("First", "first.example")
    second = inbound("Second", "second.example", comment={"output": ["First"]})
    native.declare(stack, first, second)
    assert stack.preview().succeeded().operations == {"First": "create", "Second": "create"}
    stack.up().succeeded()
    guids = tenant.guids(control)
    assert tenant.connectors(control, "inbound")["Second"]["Comment"] == guids["First"]


def test_a_replacement_is_a_change_in_place(stack: Project, control: Control) -> None:
    """Failing, whoever asks the engine to replace gets a moment without protection, two connectors, or none."""
    native.declare(stack, inbound("In", "in.example"))
    stack.up().succeeded()
    guids = tenant.guids(control)

    replacing = {"replace_on_changes": ["senderDomains", "comment"]}
    native.declare(stack, inbound("In", "in.example", senderDomains=["in.example", "in-2.example"], **replacing))
    run = stack.up().succeeded()
    assert any("changed in place and keeps its Guid" in warning.text for warning in run.warnings)
    (entry,) = native.resources(stack, native.INBOUND).values()
    assert tenant.guids(control) == guids == {"In": entry["id"]}
    assert len(tenant.connectors(control, "inbound")["In"]["SenderDomains"]) == 2

    native.declare(stack, inbound("In", "in.example", comment="SEC-1", delete_before_replace=True, **replacing))
    control.clear_calls()
    stack.up().refused("never deleted to be created again", "nothing was changed")
    assert control.writes() == []
    assert stack.pulumi("state", "taint", entry["urn"], "--yes").returncode == 0
    native.declare(stack, inbound("In", "in.example"))
    stack.up().succeeded()
    assert tenant.guids(control) == guids


def test_what_a_program_reads_is_not_removed_when_it_was_declared_before(stack: Project, control: Control) -> None:
    """Failing, who replaces a declaration by a look at the same connector would lose it, and mail its protection."""
    native.declare(stack, inbound("In", "in.example"))
    stack.up().succeeded()
    guids = tenant.guids(control)
    native.declare(stack, inbound("In", "in.example", id="In"))
    run = stack.up().succeeded()
    assert any("because the program reads it still" in warning.text for warning in run.warnings)
    assert tenant.guids(control) == guids


def test_a_program_looks_before_it_writes(stack: Project, control: Control) -> None:
    """Failing, a program could not know what a tenant has before it declares its own."""
    control.seed(inbound=[{"Name": "Theirs", "SenderDomains": ["theirs.example"], "Comment": "SEC-7"}])
    guid = tenant.guids(control)["Theirs"]
    native.declare(
        stack,
        {"type": "getInboundConnectors", "name": "all"},
        {"type": "getOutboundConnectors", "name": "none"},
        {"type": "getConnector", "name": "named", "properties": {"name": "theirs"}},
        {"type": "getConnector", "name": "absent", "properties": {"guid": "7c0d4f2e-0000-0000-0000-000000000000"}},
    )
    stack.up().succeeded()
    found = stack.outputs()
    assert [(one["name"], one["guid"], one["comment"]) for one in found["all"]["connectors"]] == [
        ("Theirs", guid, "SEC-7")
    ]
    assert found["none"] == {"connectors": []}
    assert found["named"] == {"inbound": found["all"]["connectors"][0]}
    assert found["absent"] == {}
    native.declare(stack, {"type": "getConnector", "name": "x", "properties": {"nmae": "theirs"}})
    # The SDK of the program's language says it in its own way.
    assert "did you mean name?" in stack.up().output
