"""The command `exchange-online-emulator`, as a person or a Makefile runs it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from exchange_online_emulator import Control, EmulatorProcess
from exchange_online_emulator.cli import default_state

REPOSITORY = Path(__file__).parents[2]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "exchange_online_emulator", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)


def test_start_is_idempotent_and_stop_stops(tmp_path: Path) -> None:
    """Failing: `make emulator` twice starts two, or `stop` leaves one behind."""
    state = tmp_path / "state.sqlite"
    try:
        first = run("start", "--state", state)
        assert first.returncode == 0, first.stderr
        url = first.stdout.strip()
        assert url.startswith("https://127.0.0.1:")
        connection = json.loads((tmp_path / "connection.json").read_text(encoding="utf-8"))
        assert set(connection) == {
            "url", "authority", "scope", "caBundle", "tenant", "clientId", "clientSecret", "pid"
        }  # fmt: skip
        assert requests.get(url, verify=connection["caBundle"], timeout=10).status_code == 200
        seed = tmp_path / "seed.json"
        seed.write_text('{"inbound": [{"Name": "Later", "SenderDomains": ["a.com"]}]}', encoding="utf-8")
        again = run("start", "--state", state, "--seed", seed)
        assert "Later" in requests.get(url, verify=connection["caBundle"], timeout=10).text
        assert again.stdout.strip() == url
        assert json.loads((tmp_path / "connection.json").read_text(encoding="utf-8")) == connection
        status = run("status", "--state", state)
        assert (status.returncode, url in status.stdout) == (0, True)
        for further in (("--proxy", "0"), ("--as-service",), ("--name", "exchange.test")):
            refused = run("start", "--state", state, *further)
            assert (refused.returncode, refused.stdout) == (2, "")
            assert f"was started without {' '.join(further)}: stop it first" in refused.stderr
        variables = run("env", "--state", state)
        assert variables.returncode == 0
        assert f"export AZURE_AUTHORITY_HOST={url}\n" in variables.stdout
        assert "PROXY" not in variables.stdout
        assert _with_nobody_reading("status", "--state", state) == (141, "")
        second = run("serve", "--state", state)
        assert second.returncode == 2
        assert "Another emulator serves" in second.stderr
        assert run("reset", "--state", state).returncode == 0
    finally:
        stopped = run("stop", "--state", state)
    assert stopped.stdout.strip() == "stopped"
    assert not (tmp_path / "connection.json").exists()
    assert run("status", "--state", state).returncode == 1
    nothing = run("env", "--state", state)
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert nothing.stderr.startswith("The emulator does not run: start it by")
    # Of its log only what this start has written.
    taken = run("start", "--state", state, "--proxy", "99999")
    assert (taken.returncode, taken.stdout) == (2, "")
    assert taken.stderr.count("\n") == 2
    assert "Port 99999 on 127.0.0.1 cannot be had" in taken.stderr


def _with_nobody_reading(*arguments: str | Path) -> tuple[int, str]:
    command = [sys.executable, "-u", "-m", "exchange_online_emulator", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        return process.wait(timeout=60), process.stderr.read()


def test_two_starts_at_once_make_one_server(tmp_path: Path) -> None:
    """Failing: parallel make targets fight over the state file."""
    state = tmp_path / "state.sqlite"
    command = [sys.executable, "-m", "exchange_online_emulator", "start", "--state", str(state)]
    both = [subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        urls = {process.communicate(timeout=60)[0].strip() for process in both}
        assert len(urls) == 1
        assert urls != {""}
    finally:
        assert run("stop", "--state", state).stdout.strip() == "stopped"


def test_ipv6_loopback_is_served(tmp_path: Path) -> None:
    """Failing: `--host ::1` announces a URL that does not answer."""
    with EmulatorProcess(tmp_path, "--host", "::1") as process:
        assert process.connection.url.startswith("https://[::1]:")
        assert process.control.status().url == process.connection.url


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com"])  # noqa: S104 - must be refused
def test_only_loopback_is_served(tmp_path: Path, host: str) -> None:
    """Failing: the control API, which takes no credentials, is reachable from the network."""
    refused = run("serve", "--state", tmp_path / "state.sqlite", "--host", host)
    assert refused.returncode == 2
    assert "loopback addresses only" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_taken_port_and_a_bad_seed_are_sentences(tmp_path: Path) -> None:
    """Failing: a person gets a traceback."""
    seed = tmp_path / "seed.json"
    seed.write_text('{"inbound": [{"SenderDomains": ["a.com"]}]}', encoding="utf-8")
    bad = run("serve", "--state", tmp_path / "state.sqlite", "--seed", seed)
    assert bad.returncode == 2
    assert "missing mandatory parameters: Name" in bad.stderr
    assert "Traceback" not in bad.stderr


def test_a_seed_and_a_latency(tmp_path: Path) -> None:
    """Failing: --seed or --latency does nothing."""
    state, seed = tmp_path / "state.sqlite", tmp_path / "seed.json"
    connectors = {"inbound": [{"Name": "Seeded", "SenderDomains": ["a.com"], "Comment": "<b>&</b>"}]}
    seed.write_text(json.dumps(connectors), encoding="utf-8")
    try:
        url = run("start", "--state", state, "--seed", seed, "--latency", "300").stdout.strip()
        connection = json.loads((tmp_path / "connection.json").read_text(encoding="utf-8"))
        bundle = connection["caBundle"]
        page = requests.get(url, verify=bundle, timeout=10).text
        assert "Seeded" in page
        started = time.monotonic()
        target = f"{url}/adminapi/beta/{connection['tenant']}/InvokeCommand"
        assert requests.post(target, json={}, verify=bundle, timeout=10).status_code == 401
        assert time.monotonic() - started >= 0.3
    finally:
        run("stop", "--state", state)


def test_a_limit_of_calls(tmp_path: Path) -> None:
    """Failing: --max-concurrent does nothing, nothing on one that runs already, or a wrong one is a traceback."""
    state = tmp_path / "state.sqlite"
    try:
        for limit in ("3", "2"):
            assert run("start", "--state", state, "--max-concurrent", limit).returncode == 0
            with contextlib.closing(Control.from_connection(tmp_path / "connection.json")) as control:
                assert control.switches().max_concurrent == int(limit)
        assert run("start", "--state", state).returncode == 0
        with contextlib.closing(Control.from_connection(tmp_path / "connection.json")) as control:
            assert control.switches().max_concurrent == 2
        wrong = run("start", "--state", state, "--max-concurrent", "-1")
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert "max_concurrent: Input should be greater than or equal to 0" in wrong.stderr
    finally:
        run("stop", "--state", state)
    wrong = run("serve", "--state", tmp_path / "other.sqlite", "--max-concurrent", "-1")
    assert wrong.returncode == 2
    assert "max_concurrent: Input should be greater than or equal to 0" in wrong.stderr
    assert "Traceback" not in wrong.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(tmp_path: Path, how: signal.Signals) -> None:
    """Failing: Ctrl+C shows a traceback, or leaves connection.json behind."""
    process = EmulatorProcess(tmp_path).start()
    os.kill(process.pid, how)
    deadline = time.monotonic() + 10
    while process.connection_path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.stop()
    assert not process.connection_path.exists()
    assert "Traceback" not in process.log()


@pytest.mark.parametrize("inside", ["", "a/b"])
def test_in_a_project_the_state_is_where_its_stacks_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    """Failing: an emulator started by hand is not the one that the project's stacks find."""
    (tmp_path / "Pulumi.yaml").write_text("name: mail\n", encoding="utf-8")
    (tmp_path / inside).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(tmp_path / inside)
    assert default_state().with_name("connection.json") == tmp_path / ".emulator" / "connection.json"


def test_outside_a_project_it_starts_in_the_users_own_folder(tmp_path: Path) -> None:
    """Failing: who installed the package finds an .emulator/ in every folder, or cannot start in a read-only one."""
    elsewhere, home = tmp_path / "elsewhere", tmp_path / "home"
    elsewhere.mkdir()
    environ = {**os.environ, "HOME": str(home)}
    environ.pop("XDG_STATE_HOME", None)

    def command(name: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "exchange_online_emulator", name]
        return subprocess.run(line, cwd=elsewhere, env=environ, capture_output=True, text=True, timeout=60, check=False)

    try:
        started = command("start")
        assert started.returncode == 0, started.stderr
        status = command("status").stdout
    finally:
        command("stop")
    assert started.stdout.strip() in status
    assert str(home / ".local/state/exchange-online-emulator/connection.json") in status
    assert list(elsewhere.iterdir()) == []


def test_a_user_without_a_home_has_a_place_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Failing: in a container whose user id nobody knows the command ends in a traceback."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert default_state().name == "state.db"


@pytest.mark.parametrize("command", ["start", "serve"])
def test_a_state_that_cannot_be_kept_is_a_sentence(tmp_path: Path, command: str) -> None:
    """Failing: a read-only checkout, or a file in the way, ends in a traceback."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    refused = run(command, "--state", tmp_path / "file" / "state.db")
    assert refused.returncode == 2
    assert "cannot keep its state in" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_without_its_extra_it_says_what_to_install() -> None:
    """Failing: who installed the package without `[emulator]` gets a traceback about a module he never heard of."""
    code = "import sys; sys.modules['uvicorn'] = None; from exchange_online_emulator.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "start"]
    refused = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert refused.stderr.startswith("The emulator needs uvicorn")
    assert "pip install 'regulated-partners[emulator]'" in refused.stderr


def test_the_rules_are_printed() -> None:
    """Failing: docs/emulator-rules.md cannot be made."""
    document = run("rules", "--markdown")
    assert document.returncode == 0
    assert document.stdout.startswith("# ")
    assert "| V36 |" in document.stdout
    assert "What nobody knows" in document.stdout
