"""The state survives: restarts, kill -9 at any moment, many writers at once."""

from __future__ import annotations

import os
import random
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from exchange_online_emulator import ConnectionFile, EmulatorProcess
from tests.exchange_online_emulator.admin import Admin


def test_a_restart_keeps_state_ca_keys_and_credentials(tmp_path: Path) -> None:
    """Failing: `make up` after a reboot finds another tenant, or an old token or CA bundle no longer works."""
    process = EmulatorProcess(tmp_path)
    with process:
        admin = Admin(process)
        row = admin.new_inbound()
        process.control.switch(unknown_identity="all")
        first, token, bundle = process.connection, admin.token, process.connection.ca_bundle.read_bytes()
        admin.session.close()
    assert not process.connection_path.exists()
    with process:
        second = process.connection
        assert (second.tenant, second.client_id, second.client_secret) == (
            first.tenant,
            first.client_id,
            first.client_secret,
        )
        assert second.ca_bundle.read_bytes() == bundle
        admin = Admin(process)
        admin.token = token
        assert admin.rows("Get-InboundConnector") == [row]
        assert process.control.switches().unknown_identity == "all"
        assert len(process.control.calls("New-InboundConnector")) == 1
        admin.session.close()


def test_files_with_secrets_are_private(process: EmulatorProcess) -> None:
    """Failing: another user of the machine reads the client secret or the CA's key."""
    for path in process.directory.iterdir():
        if path.suffix in (".json", ".sqlite", ".pem"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert process.connection.client_secret not in repr(process.connection)


def test_it_starts_quickly(tmp_path: Path) -> None:
    """Failing: each test that needs an emulator waits for it."""
    with EmulatorProcess(tmp_path):
        pass
    before = os.times()
    with EmulatorProcess(tmp_path):
        pass
    after = os.times()
    # Seconds of processor, not of the clock: other processes share the machine.
    assert after.children_user + after.children_system - before.children_user - before.children_system < 1.5


def test_kill_9_during_concurrent_writes_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """Failing: a crash leaves half a connector, or forgets one whose creation was answered."""
    process = EmulatorProcess(tmp_path)
    chance = random.Random(7)  # noqa: S311 - a repeatable moment, not a secret
    answered: dict[str, bool] = {}
    for generation in range(3):
        with process:
            _write_until_killed(process, generation, answered, chance.uniform(0.15, 0.5))
    with process:
        admin = Admin(process)
        rows = {row["Name"]: row for row in admin.rows("Get-InboundConnector", {"ResultSize": "Unlimited"})}
        admin.session.close()
    assert len(answered) > 10
    for name, is_set in answered.items():
        assert name in rows
        if is_set:
            assert rows[name]["Comment"] == f"{name} comment"
            assert rows[name]["RequireTls"] is False
    for name, row in rows.items():
        assert row["SenderDomains"] == [f"smtp:{name.lower()}.com;1"]
        assert (row["Comment"] == f"{name} comment") == (row["RequireTls"] is False)


def _write_until_killed(process: EmulatorProcess, generation: int, answered: dict[str, bool], after: float) -> None:
    def write(worker: int, admin: Admin) -> None:
        try:
            for number in range(10_000):
                name = f"W{generation}x{worker}x{number}"
                if admin.post("New-InboundConnector", {"Name": name, "SenderDomains": [f"{name}.com".lower()]}).ok:
                    answered[name] = False
                change = {"Identity": name, "Comment": f"{name} comment", "RequireTls": False}
                if admin.post("Set-InboundConnector", change).ok:
                    answered[name] = True
        except requests.RequestException:
            pass
        finally:
            admin.session.close()

    workers = [threading.Thread(target=write, args=(number, Admin(process))) for number in range(4)]
    for worker in workers:
        worker.start()
    time.sleep(after)
    process.kill()
    for worker in workers:
        worker.join(timeout=30)


def test_concurrent_creates_of_one_name_make_one_connector(process: EmulatorProcess) -> None:
    """Failing: two deployments at once make two connectors of one name."""
    process.control.reset()
    admins = [Admin(process) for _ in range(6)]

    def create(admin: Admin) -> int:
        return admin.post("New-InboundConnector", {"Name": "Race", "SenderDomains": ["race.com"]}).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(pool.map(create, admins))
    assert statuses == [200, 400, 400, 400, 400, 400]
    assert [row["Name"] for row in admins[0].rows("Get-InboundConnector")] == ["Race"]
    for admin in admins:
        admin.session.close()


def test_concurrent_list_changes_are_all_kept(process: EmulatorProcess) -> None:
    """Failing: two Sets at once lose one of the changes."""
    process.control.reset()
    admins = [Admin(process) for _ in range(4)]
    # A long list takes the server a while to change, which gives a lost update its chance.
    admins[0].new_inbound("Lists", SenderDomains=[f"long{number}.com" for number in range(1500)])

    def add(numbered: tuple[int, Admin]) -> None:
        number, admin = numbered
        for step in range(6):
            change = {"@odata.type": "#Exchange.GenericHashTable", "Add": [f"d{number}x{step}.com"]}
            assert admin.post("Set-InboundConnector", {"Identity": "Lists", "SenderDomains": change}).ok

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, enumerate(admins)))
    assert len(admins[0].one("Inbound", "Lists")["SenderDomains"]) == 1500 + 4 * 6
    for admin in admins:
        admin.session.close()


def test_a_killed_server_is_replaced_and_its_connection_file_too(tmp_path: Path) -> None:
    """Failing: a stale connection.json leads clients to a server that is gone."""
    process = EmulatorProcess(tmp_path)
    process.start()
    stale = process.connection
    process.kill()
    assert ConnectionFile.read(process.connection_path).pid == stale.pid
    with process:
        assert process.connection.pid == process.pid != stale.pid
        assert process.control.status().tenant == stale.tenant
