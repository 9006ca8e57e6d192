"""What all tests share: Exchange Online on this machine, a working copy, and how many examples hypothesis makes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from exchange_online.connectors import secrecy
from exchange_online_emulator import Control, EmulatorProcess
from tests.support.engine import Project
from tests.support.processes import kill_working_in

# The CLI is Go, and in a stack of a few connectors a sixth of its time is looking for memory to free.
os.environ.update(GOGC="off", GOMEMLIMIT="1GiB")

pytest_plugins = ["exchange_online_emulator.pytest_plugin"]

settings.register_profile("dev", max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# A pipeline sees the same examples every time.
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: a test of the engine waits a fifth of its time for what it has started."""
    return len(os.sched_getaffinity(0)) + 2


@pytest.fixture(scope="session")
def emulator(exchange_online: EmulatorProcess) -> EmulatorProcess:
    """Exchange Online on this machine, one process for all tests of a worker."""
    return exchange_online


@pytest.fixture
def control(exchange_online_tenant: Control) -> Control:
    """An empty tenant, seen by somebody who is not the program: calls, faults, switches, the portal."""
    return exchange_online_tenant


@pytest.fixture
def passphrase() -> str:
    """Keeps the secrets of the project's stack; where it is empty, as here, a key service does."""
    return ""


@pytest.fixture
def project(
    tmp_path: Path,
    emulator: EmulatorProcess,
    control: Control,  # noqa: ARG001 - resets
    passphrase: str,
) -> Iterator[Project]:
    """A working copy of the project; its stack `dev` was never applied."""
    project = Project(tmp_path, emulator, passphrase=passphrase)
    yield project
    kill_working_in(tmp_path)
    project.close()


@pytest.fixture(autouse=True)
def _own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process hides for good what it knew as secret once: one test's must not be missing in another's texts."""
    monkeypatch.setattr(secrecy, "_values", set(secrecy._values))
