"""The provider of the native face on the real engine: its settings, its tenant, its secrets."""

from __future__ import annotations

import os
import signal
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.faults import Delay, Refusal
from tests.engine import native, tenant
from tests.engine.canaries import Canaries
from tests.engine.native import inbound, outbound
from tests.support.engine import Project
from tests.support.processes import until
from tests.support.provider_process import NATIVE
from tests.support.provider_start import Command

pytestmark = pytest.mark.engine


@pytest.fixture
def stack(project: Project) -> Project:
    """A stack whose program uses the plugin."""
    native.use_native(project)
    return project


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tennant": "x"}, "did you mean tenant?"),
        ({"cloud": "comercial"}, "did you mean commercial?"),
        ({"managedIdentity": "perhaps"}, "'perhaps' is not true or false"),
        ({"cloud": None}, "no cloud is given; set exchange-online:cloud"),
        ({"tenant": "not a tenant"}, "'not a tenant' is neither a GUID nor a domain"),
        ({"authority": "http://login.example"}, "'http://login.example' is not an https address"),
    ],
)
def test_a_wrong_setting_is_refused_in_a_preview(stack: Project, settings: dict[str, Any], words: str) -> None:
    """Failing, a misspelled setting would count for nothing, and connectors be written with another one."""
    native.declare(stack, inbound("In", "in.example"), **settings)
    stack.preview().refused(words)


def test_a_setting_that_is_added_replaces_nothing(stack: Project, control: Control, emulator: EmulatorProcess) -> None:
    """Failing, to write the tenant into the settings would delete every connector and make others."""
    native.declare(stack, inbound("In", "in.example"))
    stack.up().succeeded()
    guids = tenant.guids(control)
    control.clear_calls()
    native.declare(stack, inbound("In", "in.example"), tenant=emulator.connection.tenant, knownWays=["Theirs"])
    stack.up().unchanged()
    native.declare(stack, inbound("In", "in.example"))
    stack.up().unchanged()
    assert control.writes() == []
    assert tenant.guids(control) == guids


def test_another_tenant_is_an_error_in_words(stack: Project, control: Control, emulator: EmulatorProcess) -> None:
    """Failing, a mistyped tenant would make every connector anew in it, and leave those in the old one to nobody."""
    declared = inbound("In", "in.example")
    native.declare(stack, declared, tenant=emulator.connection.tenant)
    stack.up().succeeded()
    before = tenant.whole(control)
    control.clear_calls()
    other = str(uuid.uuid4())
    native.declare(stack, declared, tenant=other)
    refused = stack.up().refused("Connectors cannot move from one tenant to another", other, "Nothing was changed")
    assert not refused.operations
    stack.preview().refused("Connectors cannot move from one tenant to another")
    # Where the settings name a tenant only now, the state of each connector says which one it is in.
    native.declare(stack, declared)
    stack.up().unchanged()
    native.declare(stack, declared, tenant=other)
    stack.up().refused(other)
    assert control.writes() == []
    assert tenant.whole(control) == before


def test_a_canary_is_nowhere(stack: Project, control: Control, emulator: EmulatorProcess) -> None:
    """Failing, a secret would be in clear in a log, an error, or the state."""
    found = emulator.connection
    client, comment, host = "canary-client-4411", "canary-comment-9912", "canary-host-3377.example"
    canaries = Canaries(stack, client, comment, host)
    stack.set_variables(CANARIES=f"{client} {comment} {host}")
    program = [
        {
            "type": "Provider",
            "name": "own",
            "properties": {"cloud": "local", "tenant": found.tenant, "clientSecret": {"variable": 0}},
        },
        outbound(
            "Out",
            "out.example",
            comment={"variable": 1},
            useMxRecord=False,
            smartHosts=[{"variable": 2}],
        ),
        inbound("In", "in.example", provider="own"),
    ]
    native.declare(stack, *program)
    # With a secret that the tenant does not know.
    failed = canaries.seen(stack.up())
    assert failed.exit_code != 0
    assert tenant.connectors(control, "outbound")["Out"]["Comment"] == comment
    program[0]["properties"].pop("clientSecret")
    native.declare(stack, *program)
    canaries.seen(stack.up().succeeded())
    control.invoke(
        "Set-OutboundConnector", {"Identity": tenant.guids(control)["Out"], "SmartHosts": [host, "other.example"]}
    )
    canaries.seen(stack.preview().succeeded())
    control.fault(Refusal(exception_type="Microsoft.Exchange.X", text=f"no {comment} to {host}", status=400), "Set-*")
    refused = canaries.seen(stack.up())
    assert "[secret]" in refused.output
    control.clear_faults()
    canaries.seen(stack.up().succeeded())
    canaries.left()
    canaries.seen(stack.destroy().succeeded())


def test_the_installed_command_is_the_plugin_too(stack: Project, control: Control) -> None:
    """Failing, who has the Python package could not use the plugin without a clone of the repository."""
    native.name_plugin(stack, Path(sys.prefix) / "bin")
    native.declare(stack, inbound("In", "in.example"))
    made = stack.up().succeeded()
    assert not made.messages("warning"), made.output
    assert tenant.names(control) == ["In"]
    stack.up("--expect-no-changes").unchanged()


def test_nothing_of_a_killed_run_lives_on(stack: Project, control: Control) -> None:
    """Failing, a plugin whose engine is gone would go on to write, with nobody to record it."""
    control.fault(Delay(seconds=1), "New-*", count=None)
    native.declare(stack, *(inbound(f"In {n}", f"d{n}.example") for n in range(12)))
    running = stack.start_up("--parallel", "32")
    until(lambda: bool(control.connectors("inbound")))
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.communicate()
    until(lambda: not stack.living())
    made = tenant.guids(control)
    assert len(made) < 12
    control.clear_faults()
    # What the state does not know has the stack's mark, and is taken over.
    stack.pulumi("cancel", "--yes")
    again = stack.up("--parallel", "32").succeeded()
    assert set(again.operations.values()) == {"create"}
    assert tenant.names(control) == sorted(f"In {n}" for n in range(12))
    assert tenant.guids(control).items() >= made.items()


def test_a_plugin_that_a_developer_has_started_serves_one_run_after_the_other(stack: Project, control: Control) -> None:
    """Failing, nobody could debug the plugin, or the second run would act on what the first one knew."""
    process = Command(NATIVE.module, "", stack.variables, stack.directory)
    try:
        stack.set_variables(PULUMI_DEBUG_PROVIDERS=f"exchange-online:{process.port}")
        native.declare(stack, inbound("In", "in.example"))
        stack.up().succeeded()
        (row,) = control.connectors("inbound")
        control.invoke("Set-InboundConnector", {"Identity": row["Guid"], "RequireTls": False})
        assert stack.up().succeeded().operations == {"In": "update"}
        stack.destroy().succeeded()
        assert tenant.names(control) == []
    finally:
        process.end()


def test_the_command_import_takes_a_name(stack: Project, control: Control) -> None:
    """Failing, who has hundreds of connectors would have to look for their Guids first."""
    control.seed(inbound=[{"Name": "Theirs", "SenderDomains": ["theirs.example"]}])
    native.declare(stack)
    imported = stack.pulumi("import", "--yes", "--generate-code=false", native.INBOUND, "theirs", "Theirs")
    assert imported.returncode == 0, imported.stderr + imported.stdout
    assert native.resources(stack, native.INBOUND)["theirs"]["id"] == tenant.guids(control)["Theirs"]


def test_options_of_resources_count(stack: Project, control: Control) -> None:
    """Failing, what a program leaves to others would be written back, or a secret output be a change for ever."""
    declared = inbound("In", "in.example", comment="SEC-1", ignore_changes=["comment"])
    native.declare(stack, declared, outbound("Out", "out.example", comment="c", additional_secret_outputs=["comment"]))
    stack.up().succeeded()
    out = native.resources(stack, native.OUTBOUND)["Out"]
    # The plugin is not told of this option: docs/native.md says so, and what to do.
    assert out["inputs"]["comment"] == "c"
    assert out["outputs"]["comment"]["plaintext"] == '"c"'
    control.clear_calls()
    stack.up("--expect-no-changes").unchanged()
    declared["properties"]["comment"] = "SEC-2"
    native.declare(stack, declared, outbound("Out", "out.example", comment="c", additional_secret_outputs=["comment"]))
    stack.up().unchanged()
    assert control.writes() == []
