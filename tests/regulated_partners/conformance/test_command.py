"""The command as an operator runs it: consent, exit codes, and an end in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.faults import Delay
from regulated_partners.cli.main import main
from regulated_partners.conformance.workbench import PREFIX

_TENANT = "contoso.onmicrosoft.com"
_LEFT = f"{PREFIX}0a1b2c3d 7"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a stack on the emulator, and one on a tenant that nobody has."""
    (tmp_path / "Pulumi.yaml").write_text("name: mail\nruntime: python\n", encoding="utf-8")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {regulated-partners:cloud: local}\n", encoding="utf-8")
    (tmp_path / "Pulumi.test.yaml").write_text(
        f"config:\n  regulated-partners:cloud: commercial\n  regulated-partners:tenant: {_TENANT}\n", encoding="utf-8"
    )
    for name in [name for name in os.environ if name.startswith(("AZURE_", "ACTIONS_", "PULUMI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("EXCHANGE_ONLINE_TIME_SCALE", "0")
    return tmp_path


@pytest.fixture
def emulated(emulator: EmulatorProcess, control: Control, monkeypatch: pytest.MonkeyPatch) -> Control:
    """The emulator of the stack dev, with a connector that is somebody's."""
    monkeypatch.setenv("EXCHANGE_ONLINE_EMULATOR", str(emulator.connection_path))
    control.seed(inbound=[{"Name": "Somebody's", "SenderDomains": ["fabrikam.com"]}])
    return control


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ([], f"This makes and removes connectors in the tenant {_TENANT}; nothing was sent."),
        (["--writes-to", "fabrikam.onmicrosoft.com"], f"the stack's tenant is {_TENANT}; nothing was sent."),
        (["--writes-to", ""], f"say so with --writes-to {_TENANT}"),
    ],
)
def test_an_unconfirmed_tenant_is_refused(
    project: Path,
    option: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Failing means that a pipeline with a production stack makes connectors there by one wrong name."""
    monkeypatch.setenv("AZURE_CLIENT_ID", "11111111-2222-4333-8444-555555555555")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "canary-7d1e")
    # Whatever is sent all the same reaches nobody.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert main(["conformance", "--stack", "test", "--cwd", str(project), *option]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert "canary-7d1e" not in said.err


def test_a_confirmed_tenant_of_a_cloud_is_tried(
    project: Path, exchange_online_environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing means that the command runs on the emulator's own cloud alone, or asks for a state that it does not need.

    The emulator answers under the service's names: this is the way of a real tenant, at its pace, to the last line.
    """
    tenant = exchange_online_environment["AZURE_TENANT_ID"]
    stack = project / "Pulumi.test.yaml"
    stack.write_text(stack.read_text(encoding="utf-8").replace(_TENANT, tenant), encoding="utf-8")
    arguments = ["conformance", "--stack", "test", "--cwd", str(project), "--json", "--only", "V5", "--only", "batch"]
    assert main([*arguments, "--writes-to", tenant.upper()]) == 0
    text = capsys.readouterr().out
    report = json.loads(text)
    assert (report["cloud"], report["complete"]) == ("commercial", True)
    assert [result["outcome"] for result in report["results"][:2]] == ["held", "held"]
    assert tenant not in text


def test_a_tenant_that_keeps_other_rules_gives_one(
    project: Path, emulated: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing means that a pipeline does not notice that the tenant is not as the emulator."""
    emulated.switch(unknown_identity="all", stored_form_variants=True)
    file = project / "report.json"
    rules = ["--only", "unknown-identity", "--only", "N8", "--only", "V31", "--only", "V8"]
    assert main(["conformance", "--stack", "dev", "--cwd", str(project), "--output", str(file), *rules]) == 1
    said = capsys.readouterr()
    first, second, third, *_ = said.out.splitlines()
    assert first.split() == ["rule", "outcome", "what", "was", "seen", "fits"]
    assert (second.split()[:2], third.split()[:2]) == (["unknown-identity", "otherwise"], ["N8", "otherwise"])
    assert second.endswith("unknown_identity=all")
    assert third.endswith("stored_form_variants=true")
    assert "Connectors that the tenant had before: 1, and the same afterwards." in said.out
    assert "1 held, 2 otherwise, 1 undecided" in said.out
    written = json.loads(file.read_text(encoding="utf-8"))
    assert (written["cloud"], written["complete"], written["untouched"]["connectors"]) == ("local", True, 1)
    assert [row["Name"] for row in emulated.connectors("inbound")] == ["Somebody's"]


def test_leftovers_are_named_and_removed_when_that_is_asked(
    project: Path, emulated: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing means that what a killed run has left stays for ever, or goes while another run needs it."""
    emulated.seed(outbound=[{"Name": _LEFT, "RecipientDomains": ["c0a1b2c3d.example"], "Enabled": False}])
    arguments = ["conformance", "--stack", "dev", "--cwd", str(project), "--json", "--only", "V8"]
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert f"OutboundConnector '{_LEFT}'. If no other run is on its way" in said.err
    assert "run it again with --remove-leftovers" in said.err
    assert (said.out, emulated.writes()) == ("", [])
    assert main([*arguments, "--remove-leftovers"]) == 0
    assert json.loads(capsys.readouterr().out)["untouched"] == {
        "connectors": 1,
        "transportRules": 0,
        "same": True,
        "changedMeanwhile": 0,
    }
    assert emulated.connectors("outbound") == []


@pytest.mark.parametrize(
    ("rule", "words"), [("V99", "there is no such rule"), ("validate", "nothing tries it, because it sends mail")]
)
def test_a_rule_that_nothing_tries_is_said(
    project: Path, rule: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing means that a misspelled rule reads as one that holds."""
    assert main(["conformance", "--stack", "dev", "--cwd", str(project), "--only", rule]) == 2
    assert f"--only {rule}: {words}" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_said_before_anything_is_made(
    project: Path, emulated: Control, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing means that minutes of a run end without a report."""
    place = project / "nowhere" / "report.json"
    assert main(["conformance", "--stack", "dev", "--cwd", str(project), "--output", str(place)]) == 2
    assert f"{place} cannot be read or written" in capsys.readouterr().err
    assert emulated.writes() == []


@pytest.fixture
def started(project: Path, emulated: Control) -> Iterator[subprocess.Popen[str]]:
    """A run that has made something, in a process of its own."""
    command = [sys.executable, "-m", "regulated_partners", "conformance", "--stack", "dev", "--cwd", str(project)]
    process = subprocess.Popen(
        [*command, "--output", str(project / "report.json")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(emulated.writes()) < 12 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_told_to_end_removes_what_it_made(
    started: subprocess.Popen[str], emulated: Control, project: Path, number: signal.Signals
) -> None:
    """Failing means that Ctrl-C, or a pipeline's time-out, leaves connectors in a tenant, or loses what is known."""
    # Only who takes stock lists the rules, so that the second one comes while it tidies up.
    emulated.fault(Delay(seconds=1.0), "Get-TransportRule", count=None)
    for _ in range(2):
        started.send_signal(number)
        time.sleep(0.3)
    emulated.clear_faults()
    out, err = started.communicate(timeout=60)
    assert started.returncode == 128 + number
    assert out == ""
    assert "Traceback" not in err
    assert "Removing what was made" in err
    assert [row["Name"] for row in emulated.connectors("inbound")] == ["Somebody's"]
    assert emulated.connectors("outbound") == []
    assert emulated.invoke("Get-TransportRule", {}).rows == []
    report = json.loads((project / "report.json").read_text(encoding="utf-8"))
    assert (report["complete"], report["ended"]) == (False, "it was told to end")
    assert report["untouched"]["same"] is True
    assert any(result["outcome"] == "held" for result in report["results"])


def test_a_run_that_was_killed_is_found_by_the_next(
    started: subprocess.Popen[str], emulated: Control, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing means that a machine which dies leaves connectors that nobody ever hears of."""
    started.kill()
    started.wait()
    assert main(["conformance", "--stack", "dev", "--cwd", str(project)]) == 2
    assert PREFIX in capsys.readouterr().err
    again = ["--remove-leftovers", "--only", "V8"]
    assert main(["conformance", "--stack", "dev", "--cwd", str(project), *again]) == 0
    assert [row["Name"] for row in emulated.connectors("inbound")] == ["Somebody's"]
    assert emulated.connectors("outbound") == []
