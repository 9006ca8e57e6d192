"""Whose a connector is, where several provider processes serve one program."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import textwrap
import time
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_online.admin_api import AlreadyExists, Misconfigured
from exchange_online.connectors import Direction, record_from_row
from exchange_online.lifecycle import Owner, Ownership
from exchange_online.lifecycle.claims import Claim, ClaimKind, Claims
from exchange_online.lifecycle.ownership import Leaving
from exchange_online.names import Face

_ENGINE = "127.0.0.1:40961"
_GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
_RECORD = record_from_row(Direction.INBOUND, {"Guid": _GUID, "Name": "Bank", "SenderDomains": ["bank.example"]})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the files are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"exchange-online-runs-{os.getuid()}"


def _process() -> Ownership:
    return Ownership(engine=lambda: _ENGINE)


def _file(folder: Path) -> Path:
    (file,) = folder.glob("127.0.0.1-40961-*")
    return file


def _urn(name: str) -> str:
    return f"urn:pulumi:dev::p::type::{name}"


def test_what_another_process_has_is_neither_taken_over_nor_removed() -> None:
    """Failing, a resource that gets another name and another provider loses its connector, and mail its protection."""
    one, two, three = _process(), _process(), _process()
    two.checked(_urn("new"), as_new=True)
    two.give(_urn("new"), _RECORD)
    assert one.leaving(_urn("old"), _GUID) is Leaving.KEPT
    with pytest.raises(AlreadyExists, match="two resources of this program"):
        three.give(_urn("third"), _RECORD)
    assert one.leaving(_urn("new"), _GUID) is Leaving.STAYS


def test_what_another_process_finds_in_the_state_counts() -> None:
    """Failing, a new resource takes over the connector of one that stays as it is, with another provider."""
    one, two = _process(), _process()
    one.checked(_urn("one"), as_new=False)
    one.stays(Owner(_urn("one")), _GUID, "it")
    with pytest.raises(AlreadyExists, match="'one'"):
        two.refuse_if_had(_urn("two"), _RECORD)
    two.checked(_urn("two"), as_new=False)
    with pytest.raises(AlreadyExists, match="'one' and 'two'"):
        two.stays(Owner(_urn("two")), _GUID, "it")
    # The one that was there first goes on.
    one.stays(Owner(_urn("one")), _GUID, "it")
    assert two.has(_GUID)


def test_a_connector_that_another_process_reads_or_replaces_is_not_removed() -> None:
    """Failing, what a program looks at through a second provider is removed with the declaration that it had."""
    one, two = _process(), _process()
    two.reads(_GUID)
    assert one.leaving(_urn("one"), _GUID) is Leaving.READ
    two.checked(_urn("other"), as_new=True)
    assert one.leaving(_urn("other"), "another") is Leaving.REPLACED


def test_what_the_program_announces_is_declared_for_its_own_provider_alone() -> None:
    """Failing, a restriction that the program declares is a stranger's to its connectors; or that of another tenant,
    which the plugin serves beside it, passes for one that is declared here."""
    program, provider = _process(), _process()
    inbound, outbound = (direction.token(Face.DYNAMIC) for direction in Direction)
    assert not provider.declares_connector(inbound, "Lock-down")
    program.announce(inbound, "lock-DOWN")
    assert provider.declares_connector(inbound, "Lock-down")
    assert not provider.declares_connector(outbound, "Lock-down")
    assert not provider.declares_connector(Direction.INBOUND.token(Face.NATIVE), "Lock-down")


def test_a_disk_that_is_full_is_said(tmp_path: Path) -> None:
    """Failing, a process goes on with half a line, and the others do not hear whose a connector is."""
    code = """
import resource, sys
from exchange_online.admin_api import Misconfigured
from exchange_online.lifecycle.claims import Claim, ClaimKind, Claims
claims = Claims(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    for number in range(1000):
        claims.tell(Claim(ClaimKind.READ, guid=str(number)))
except Misconfigured as error:
    print(error)
"""
    said = subprocess.run(
        [sys.executable, "-c", code, _ENGINE],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert "No space left on device" in said.stdout
    assert "Set TMPDIR" in said.stdout


def test_a_take_over_waits_for_what_another_process_is_told() -> None:
    """Failing, a create takes over the connector of a resource that another provider compares a moment later."""
    now, slept = 100.0, list[float]()
    one, two = Ownership(clock=lambda: now, engine=lambda: _ENGINE), _process()

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds
        if len(slept) == 1:
            two.checked(_urn("later"), as_new=False)

    one.wait_for_declarations(sleep)
    assert slept == pytest.approx([0.25, 0.25])


def test_a_later_run_at_the_same_address_begins_anew(folder: Path) -> None:
    """Failing, a connector of an earlier run counts as had, and cannot be removed any more."""
    one = _process()
    one.give(_urn("one"), _RECORD)
    file = _file(folder)
    left = file.read_bytes()
    del one
    # Whoever ends last leaves nothing, and what one that was killed has left counts for nothing.
    assert list(folder.iterdir()) == []
    file.write_bytes(left)
    assert _process().leaving(_urn("two"), _GUID) is Leaving.REMOVED


def test_what_killed_processes_have_left_goes_and_what_lives_stays(folder: Path) -> None:
    """Failing, the folder grows for ever, or a run of days loses what its processes know of each other."""
    living = Claims(_ENGINE)
    old = folder / "127.0.0.1-1"
    old.write_bytes(b"")
    for path in (old, _file(folder)):
        os.utime(path, (time.time() - 48 * 3600,) * 2)
    living.tell(Claim(ClaimKind.READ, guid=_GUID))
    os.utime(_file(folder), (time.time() - 48 * 3600,) * 2)
    other = Claims("127.0.0.1:40962")
    assert sorted(path.name.rpartition("-")[0] for path in folder.iterdir()) == ["127.0.0.1-40961", "127.0.0.1-40962"]
    assert [claim.guid for claim in Claims(_ENGINE).hear()] == [_GUID]
    assert other.hear() == []


@pytest.mark.parametrize("how", ["open to others", "a link", "no folder"])
def test_a_folder_that_somebody_else_could_write_is_refused(tmp_path: Path, folder: Path, how: str) -> None:
    """Failing, another user of the machine says whose a connector is, and a run removes it."""
    if how == "a link":
        (tmp_path / "theirs").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "theirs")
    elif how == "no folder":
        folder.write_bytes(b"")
    else:
        folder.mkdir(mode=0o700)
        folder.chmod(0o770)
    with pytest.raises(Misconfigured, match="Set TMPDIR to a folder that only this user can write"):
        _process().checked(_urn("one"), as_new=False)


@given(st.lists(st.tuples(st.integers(0, 2), st.text(max_size=5) | st.just("a\nb")), max_size=12))
def test_everybody_hears_the_others_once_and_in_order(told: list[tuple[int, str]]) -> None:
    """Failing, of two processes that claim one connector both have it, or none."""
    engine = uuid.uuid4().hex
    everybody = [Claims(engine) for _ in range(3)]
    heard: list[list[str]] = [[], [], []]
    for by, urn in told:
        heard[by] += [claim.urn for claim in everybody[by].tell(Claim(ClaimKind.GIVEN, urn, "g"))]
    for by, one in enumerate(everybody):
        heard[by] += [claim.urn for claim in one.hear()]
        assert heard[by] == [urn for other, urn in told if other != by]
        assert one.hear() == []


def test_of_processes_that_claim_at_the_same_moment_one_has_it(tmp_path: Path) -> None:
    """Failing, two resources have one connector, because their providers asked at the same time."""
    code = textwrap.dedent(
        """
        import sys
        from exchange_online.admin_api import AlreadyExists
        from exchange_online.connectors import Direction, record_from_row
        from exchange_online.lifecycle import Ownership
        ownership = Ownership(engine=lambda: sys.argv[1])
        ownership.checked(f"urn:pulumi:dev::p::type::{sys.argv[2]}", as_new=True)
        print("ready", flush=True)
        sys.stdin.readline()
        had = 0
        for number in range(300):
            try:
                row = {"Guid": f"g{number}", "Name": "Bank", "SenderDomains": ["bank.example"]}
                ownership.give(f"urn:pulumi:dev::p::type::{sys.argv[2]}", record_from_row(Direction.INBOUND, row))
                print(number, flush=True)
            except AlreadyExists:
                pass
        print("end", flush=True)
        sys.stdin.readline()
        """
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, _ENGINE, str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path)},
        )
        for number in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    given_to = [
        [line.strip() for line in iter(process.stdout.readline, "end\n")] for process in processes if process.stdout
    ]
    for process in processes:
        process.communicate("\n", timeout=30)
        assert process.returncode == 0
    everything = [number for one in given_to for number in one]
    assert sorted(everything, key=int) == [str(number) for number in range(300)]


def test_the_lock_is_free_when_nobody_lives(folder: Path) -> None:
    """Failing, a process that has ended still stands for its run."""
    one = Claims(_ENGINE)
    path = _file(folder)
    with path.open("rb") as file:
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        del one
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
