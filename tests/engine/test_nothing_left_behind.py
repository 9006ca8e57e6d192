"""However a run ends, nothing of it lives on: no CLI, language host, program, policy pack or provider."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange_online_emulator import Control
from exchange_online_emulator.faults import Delay
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, WOODGROVE
from tests.support.engine import ROOT, Project, Running

pytestmark = pytest.mark.engine

PROGRAMS = Path(__file__).parent / "programs"

#: How long a write of these tests takes, and how long everything may live after the end of its run and of the write.
_WRITE = 3.0
_WITHIN = 8.0


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def nothing_lives(project: Project, seconds: float = _WITHIN) -> None:
    """Asserts that every process of the project's runs ends."""
    assert until(lambda: not project.living(), seconds), "\n".join(project.living().values())


def hosts(project: Project, part: str) -> list[int]:
    """The processes whose command line holds `part`."""
    return [pid for pid, command in project.living().items() if part in command]


def _output_closed(running: Running) -> None:
    for stream in (running.process.stdout, running.process.stderr):
        assert stream is not None
        stream.close()


def _wait_for(running: Running) -> None:
    """Without its output, which may have been closed."""
    _output_closed(running)
    running.process.wait(timeout=60)


#: What the SDK's server of dynamic providers answers at a time (tests/engine/test_calls_at_a_time.py).
_AT_A_TIME = 4


def _once(number: signal.Signals) -> Callable[[Running], None]:
    return lambda running: running.process.send_signal(number)


def _writing(project: Project, control: Control) -> Running:
    """A run in the middle of its first writes of inbound connectors: as many as go at a time, of more."""
    more = ({"name": f"P{n}", "domains": [f"p{n}.example"], "certificateName": f"p{n}.example"} for n in range(4))
    project.declare(FABRIKAM, WOODGROVE, *more)
    control.fault(Delay(seconds=_WRITE), "New-InboundConnector", count=None)
    running = project.start_up()
    assert until(lambda: len(control.connectors("inbound")) == _AT_A_TIME, 60)
    return running


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(_output_closed, id="pulumi up | head"),
        pytest.param(_once(signal.SIGKILL), id="killed"),
        pytest.param(_once(signal.SIGHUP), id="terminal closed"),
    ],
)
def test_a_cli_that_dies_while_it_writes(project: Project, control: Control, end: Callable[[Running], None]) -> None:
    """Failing: a provider lives on for ever, or goes on to change a tenant that nobody watches any more."""
    running = _writing(project, control)

    end(running)
    nothing_lives(project)

    # The writes on their way were finished, their lost answers are for the next run, and no other one was begun.
    assert len(control.connectors("inbound")) == _AT_A_TIME
    _wait_for(running)


def test_ctrl_c_twice(project: Project, control: Control) -> None:
    """Failing: who presses Ctrl-C again, because it takes long, still waits for each write that was queued."""
    running = _writing(project, control)

    running.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    running.process.send_signal(signal.SIGINT)
    nothing_lives(project)
    _wait_for(running)

    control.clear_faults()
    before = tenant.guids(control)
    project.up().succeeded()
    assert before.items() <= tenant.guids(control).items()
    assert set(FABRIKAM_CONNECTORS) < set(tenant.names(control))
    nothing_lives(project)


def test_one_ctrl_c_finishes_what_is_in_flight(project: Project, control: Control) -> None:
    """Failing: Ctrl-C loses an answer that was about to come, or leaves processes or a lock behind."""
    project.declare(FABRIKAM)
    control.fault(Delay(seconds=1), "New-InboundConnector", count=None)
    running = project.start_up()
    assert until(lambda: control.connectors("inbound") != [], 60)

    os.killpg(running.process.pid, signal.SIGINT)
    ended = running.wait()
    nothing_lives(project, 3)

    assert ended.exit_code != 0
    assert "Traceback" not in ended.output
    guids = tenant.guids(control)
    ids = {row["id"] for row in project.export()["deployment"]["resources"] if "dynamic" in row["type"]}
    assert ids == set(guids.values())


@pytest.mark.parametrize("part", ["python-host", "pulumi-language-python-exec"], ids=["language host", "program"])
def test_a_part_of_the_run_is_killed(project: Project, part: str) -> None:
    """Failing: the CLI waits for ever for a program that waits for the host, or the policy pack is forgotten."""
    project.use_program(PROGRAMS / "waiting.py")
    running = project.start("preview", "--policy-pack", str(ROOT / "policies"))
    assert until(lambda: hosts(project, "-m pulumi.dynamic") != [] and hosts(project, part) != [], 60)
    # The program waits only after what it declared was answered.
    time.sleep(0.5)

    for pid in hosts(project, part):
        os.kill(pid, signal.SIGKILL)
    nothing_lives(project, 10)

    assert running.wait().exit_code != 0


@pytest.mark.parametrize("end", [_output_closed, _once(signal.SIGKILL)], ids=["pulumi preview | head", "killed"])
def test_a_preview_with_policies_that_nobody_waits_for(project: Project, end: Callable[[Running], None]) -> None:
    """Failing: each look at a preview's first lines leaves processes that nobody finds until memory is short."""
    project.use_program(PROGRAMS / "waiting.py")
    running = project.start("preview", "--policy-pack", str(ROOT / "policies"))
    assert until(lambda: all(hosts(project, part) for part in ("pulumi.dynamic", "pulumi.policy", "-exec")), 60)

    end(running)
    nothing_lives(project)
    _wait_for(running)


def _has_listener(pid: int) -> bool:
    """Whether a process of Python's has a socket: a provider's first is the one that it answers at."""
    files = Path(f"/proc/{pid}/fd").iterdir()
    return any(str(file.readlink()).startswith("socket:") for file in files if file.is_symlink())


def test_a_cli_that_is_killed_before_it_has_asked_its_provider(project: Project) -> None:
    """Failing, a provider that was asked nothing yet, and has no code of ours to watch with, waits for ever."""
    project.use_program(PROGRAMS / "waiting.py")
    running = project.start("preview")
    assert until(lambda: hosts(project, "-m pulumi.dynamic") != [], 60)
    running.process.send_signal(signal.SIGSTOP)
    assert until(lambda: all(map(_has_listener, hosts(project, "-m pulumi.dynamic"))), 60)
    time.sleep(0.5)

    running.process.kill()
    nothing_lives(project)
    _wait_for(running)


def test_destroy_whose_cli_is_killed(project: Project, control: Control) -> None:
    """Failing, the provider that `--run-program` starts and asks nothing stays for ever."""
    project.declare(FABRIKAM)
    project.up().succeeded()
    control.fault(Delay(seconds=_WRITE), "Remove-OutboundConnector")
    running = project.start_command("destroy")
    assert until(lambda: any(fault.acted for fault in control.faults()), 60)
    for engine in running.engines():
        os.kill(engine, signal.SIGKILL)
    ended = running.wait()
    assert ended.exit_code == 128 + signal.SIGKILL
    nothing_lives(project)
