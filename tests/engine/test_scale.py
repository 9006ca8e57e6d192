"""A stack of many partners: the listing is taken once, not once for each connector."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from exchange_online.resources.sdk import SDK_DEBUG
from exchange_online_emulator import Control
from tests.engine import tenant
from tests.support.engine import Project
from tests.support.engine_run import Run

pytestmark = pytest.mark.engine

COUNT = 60

#: Outbound connectors take two calls: those in test mode are hidden from the plain one.
ONE_LISTING = {"Get-InboundConnector": 1, "Get-OutboundConnector": 2}

#: Before a write it is looked whether a transport rule routes the mail another way.
BEFORE_A_WRITE = {**ONE_LISTING, "Get-TransportRule": 1}


def test_sixty_partners_list_once_per_process_and_direction(project: Project, control: Control) -> None:
    """A failure means that a run makes a call for each connector and gets throttled, as a tenant of a bank would."""
    project.set_variables(PULUMI_SKIP_CHECKPOINTS="true")
    project.declare(
        *(
            {"name": f"Partner {n}", "domains": [f"partner{n}.example"], "certificateName": f"mx.partner{n}.example"}
            for n in range(COUNT)
        )
    )
    created = project.up().succeeded()
    assert len(created.operations) == 2 * COUNT
    assert len(tenant.names(control)) == 2 * COUNT
    calls = Counter(call.cmdlet for call in control.calls())
    assert calls == {"New-InboundConnector": COUNT, "New-OutboundConnector": COUNT, **BEFORE_A_WRITE}

    control.clear_calls()
    project.up("--expect-no-changes").unchanged()
    assert Counter(call.cmdlet for call in control.calls()) == ONE_LISTING


def test_our_command_lists_once_for_all_processes_of_a_run(project: Project, control: Control) -> None:
    """Failing, an `up` that changes something lists the tenant three times: its preview, its refresh and its writes are
    three processes, and each waits for the service anew."""
    partners = [
        {"name": f"Partner {n}", "domains": [f"partner{n}.example"], "certificateName": f"mx.partner{n}.example"}
        for n in range(2)
    ]
    project.declare(*partners)
    project.up().succeeded()
    guids = {row["Guid"] for row in (*control.connectors("inbound"), *control.connectors("outbound"))}
    project.declare(partners[0], {**partners[1], "comment": "another one"})
    control.clear_calls()
    assert project.start_command("up", preview=True).wait().exit_code == 0
    listed = Counter(call.cmdlet for call in control.calls() if "Identity" not in call.parameters)
    assert listed == BEFORE_A_WRITE
    assert Counter(call.cmdlet for call in control.writes()) == {"Set-InboundConnector": 1, "Set-OutboundConnector": 1}
    rows = (*control.connectors("inbound"), *control.connectors("outbound"))
    assert {row["Guid"] for row in rows} == guids
    assert sum("another one" in str(row["Comment"]) for row in rows) == 2


def test_the_cli_keeps_no_journal_in_a_backend_of_files(project: Project) -> None:
    """A failure means that Pulumi's own journal is there: then `up` need not skip checkpoints any longer."""
    project.set_variables(PULUMI_ENABLE_JOURNALING="true", PULUMI_DIY_BACKEND_JOURNALING="true")
    project.declare({"name": "Partner", "domains": ["partner.example"], "certificateName": "mx.partner.example"})
    project.up().succeeded()
    kept = {path.name for path in (project.state / ".pulumi").iterdir()}
    assert kept == {"meta.yaml", "stacks", "history", "backups", "locks"}


def test_what_the_sdk_says_for_debugging_is_sent_when_it_is_asked_for(project: Project) -> None:
    """Failing, each resource waits for five more calls; or nobody can see any longer what the SDK does."""
    project.declare({"name": "Fabrikam", "domains": ["fabrikam.com"], "certificateName": "mail.fabrikam.com"})
    assert _said_by_the_sdk(project.preview().succeeded()) == 0
    project.set_variables(**{SDK_DEBUG: "true"})
    # The stack, the partner and its two connectors.
    assert _said_by_the_sdk(project.preview().succeeded()) == 4


def _said_by_the_sdk(run: Run) -> int:
    events = (json.loads(line).get("diagnosticEvent") for line in run.event_log.splitlines())
    return sum("resource registration prepared" in event["message"] for event in events if event)
