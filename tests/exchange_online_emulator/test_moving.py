"""The folder of a running emulator is moved, copied or removed: it is found again, is nobody else's, or ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from exchange_online.admin_api.clouds import emulator as emulator_of_a_stack
from exchange_online.admin_api.errors import Misconfigured
from exchange_online_emulator import ConnectionFile, Control
from tests.exchange_online_emulator.test_command import run

_FOLDER = ".emulator"


class Copy:
    """A working copy as the command sees it: a folder with the emulator's state below."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state = directory / _FOLDER / "state.db"

    @property
    def connection(self) -> ConnectionFile:
        return ConnectionFile.read(self.directory / _FOLDER / "connection.json")

    def emulator(self, command: str) -> subprocess.CompletedProcess[str]:
        return run(command, "--state", self.state)

    def url(self) -> str:
        """Where `start` says that it answers."""
        started = self.emulator("start")
        assert started.returncode == 0, started.stderr
        return started.stdout.strip()

    def moved(self, name: str) -> Copy:
        return Copy(self.directory.rename(self.directory.with_name(name)))

    def copied(self, name: str) -> Copy:
        return Copy(shutil.copytree(self.directory, self.directory.with_name(name)))


@pytest.fixture
def original(tmp_path: Path) -> Iterator[Copy]:
    """A working copy whose emulator runs."""
    copy = Copy(tmp_path / "original")
    copy.url()
    yield copy
    for directory in tmp_path.iterdir():
        Copy(directory).emulator("stop")


def _ends(pid: int, seconds: float = 10) -> bool:
    return _until(lambda: not Path(f"/proc/{pid}").exists(), seconds)


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def test_a_moved_folder_finds_its_emulator(original: Copy) -> None:
    """Failing: after a rename `make up` says that another emulator serves the state, and nothing can stop it."""
    before = original.connection
    moved = original.moved("moved here")

    status = moved.emulator("status")
    assert (status.returncode, f"{before.url} (pid {before.pid})" in status.stdout) == (0, True), status.stdout
    # A stack looks into the file itself, before anybody has started anything.
    cloud, _ = emulator_of_a_stack({}, moved.directory)
    assert cloud.ca_bundle == moved.directory / _FOLDER / "state.ca.pem"
    assert moved.url() == before.url
    written = json.loads((moved.directory / _FOLDER / "connection.json").read_text(encoding="utf-8"))
    assert (written["caBundle"], written["pid"]) == (str(cloud.ca_bundle), before.pid)
    # What it opens from now on, it opens at the new place.
    Control(before.url, moved.connection.ca_bundle).seed(inbound=[{"Name": "Later", "SenderDomains": ["a.com"]}])
    assert "Later" in requests.get(before.url, verify=written["caBundle"], timeout=10).text

    assert moved.emulator("stop").stdout == "stopped\n"
    assert _ends(before.pid)
    assert not (moved.directory / _FOLDER / "connection.json").exists()
    assert moved.emulator("status").stdout == "not running\n"


def test_a_copied_folder_has_an_emulator_of_its_own(original: Copy) -> None:
    """Failing: a copy changes the original's tenant, or stops its emulator, and nobody sees it."""
    copy = original.copied("copy")
    assert copy.emulator("status").returncode == 1
    with pytest.raises(Misconfigured, match=r"no emulator is running for .*copied. Run `regulated-partners emulator"):
        emulator_of_a_stack({}, copy.directory)
    assert copy.emulator("stop").stdout == "not running\n"
    assert emulator_of_a_stack({}, original.directory)[0].host == original.connection.url

    assert copy.url() != original.connection.url
    assert copy.connection.pid != original.connection.pid
    copied = Control(copy.connection.url, copy.connection.ca_bundle)
    copied.seed(inbound=[{"Name": "Only here", "SenderDomains": ["a.com"]}])
    kept = Control(original.connection.url, original.connection.ca_bundle)
    assert (len(copied.connectors("inbound")), kept.connectors("inbound")) == (1, [])
    assert copy.emulator("stop").stdout == "stopped\n"
    assert kept.status().tenant == original.connection.tenant


def test_what_a_killed_emulator_leaves_is_not_believed(original: Copy) -> None:
    """Failing: `stop` kills whatever has the pid now, or a stack talks to the emulator of a copy on the same port."""
    file = original.directory / _FOLDER / "connection.json"
    dead = original.connection
    os.kill(dead.pid, signal.SIGKILL)
    assert _until(lambda: original.emulator("status").returncode == 1, 10)
    with pytest.raises(Misconfigured, match="has ended"):
        emulator_of_a_stack({}, original.directory)
    # The copy has the same tenant and CA, and here the same address.
    copy = original.copied("copy")
    copy.url()
    with subprocess.Popen(["sleep", "60"]) as innocent:
        stale = {**json.loads(file.read_text(encoding="utf-8")), "pid": innocent.pid, "url": copy.connection.url}
        file.write_text(json.dumps(stale), encoding="utf-8")
        assert original.emulator("status").stdout == "not running\n"
        assert original.emulator("stop").stdout == "not running\n"
        assert innocent.poll() is None
        innocent.kill()
    assert copy.emulator("status").returncode == 0
    assert original.url() != copy.connection.url


def test_one_that_nobody_can_find_is_ended_and_started_anew(original: Copy) -> None:
    """Failing: without its connection file the emulator can be neither used nor stopped."""
    lost = original.connection.pid
    (original.directory / _FOLDER / "connection.json").unlink()
    original.url()
    assert _ends(lost)
    assert original.emulator("status").returncode == 0


def test_a_removed_folder_ends_its_emulator(original: Copy) -> None:
    """Failing: each working copy that is thrown away leaves a server behind."""
    pid = original.connection.pid
    shutil.rmtree(original.directory)
    assert _ends(pid)
