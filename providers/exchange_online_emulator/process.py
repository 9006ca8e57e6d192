"""An emulator in a process of its own: for a test, which ends it; or in the background, found by its state."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

import requests

from exchange_online_emulator.connection import ConnectionFile, ConnectionFileError, of_tenant, of_tenants
from exchange_online_emulator.control import Control, ControlError
from exchange_online_emulator.names import LOOPBACK, SERVICE_NAMES

PREFERRED_PORT = 8443
_READY_WITHIN = 30.0
_STOPPED_WITHIN = 10.0
_STARTED_WITHIN = 3.0


class EmulatorStartError(Exception):
    """The emulator did not come up; the text says why and what to do."""


class EmulatorProcess:
    """An emulator for a test: a context manager that starts one and ends it.

    Args:
        directory: keeps state, connection.json and log; by default a temporary one, removed at the end.
        arguments: further ones of `exchange-online-emulator serve`.

    Attributes:
        connection: where it answers, once started.
        connection_path: the file that says so; a stack on the cloud `local` finds it by `EXCHANGE_ONLINE_EMULATOR`.
        control: resets and seeds the tenant, sees its calls, asks for faults; once started.
    """

    connection: ConnectionFile
    control: Control

    def __init__(self, directory: Path | None = None, *arguments: str) -> None:
        self._temporary = None if directory else tempfile.TemporaryDirectory(prefix="emulator-")
        self.directory = directory or Path(self._temporary.name if self._temporary else "")
        self.state = self.directory / "state.sqlite"
        self.connection_path = self.directory / "connection.json"
        self.log_path = self.directory / "emulator.log"
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id.

        Raises:
            EmulatorStartError: it does not run.
        """
        if self._process is None:
            raise EmulatorStartError("The emulator was not started.")
        return self._process.pid

    def start(self) -> Self:
        """Start and wait until it answers.

        Raises:
            EmulatorStartError: it ended, or was not ready in time.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self.connection_path.unlink(missing_ok=True)
        self._process = _spawn(self.state, self.connection_path, 0, self._arguments, self.log_path)
        if not _wait(self._process, self.connection_path):
            self.kill()
            raise EmulatorStartError(f"The emulator did not start:\n{self.log()}")
        self.connection = ConnectionFile.read(self.connection_path)
        self.control = Control(self.connection.url, self.connection.ca_bundle)
        return self

    def tenants(self) -> tuple[ConnectionFile, ...]:
        """The connection of each of its tenants; more than one where it was started with `--tenants`."""
        return tuple(map(ConnectionFile.read, of_tenants(self.connection_path)))

    def controls(self) -> tuple[Control, ...]:
        """The control of each of its tenants."""
        return tuple(Control(found.url, found.ca_bundle, found.tenant) for found in self.tenants())

    def log(self) -> str:
        """What the process wrote."""
        return _log(self.log_path)

    def kill(self) -> None:
        """kill -9, as a crash; the state stays."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end and wait; the state stays."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
        try:
            process.wait(timeout=_STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if hasattr(self, "control"):
            self.control.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._temporary is not None:
            self._temporary.cleanup()


def connection_path(state: Path, connection: Path | None = None) -> Path:
    """Where connection.json is: beside the state unless told otherwise."""
    return (connection or state.with_name("connection.json")).absolute()


def running(state: Path, connection: Path | None = None) -> ConnectionFile | None:
    """The connection of the emulator that serves this state and answers now, None when none does.

    A copy of a folder is not served by the emulator of the original, although it names it.
    """
    if holder(state) is None:
        return None
    try:
        found = ConnectionFile.read(connection_path(state, connection))
        with contextlib.closing(Control(found.url, found.ca_bundle, found.tenant)) as control:
            answering = control.status().tenant == found.tenant
    except (ConnectionFileError, ControlError, OSError, requests.RequestException):
        return None
    return found if answering else None


def start(
    state: Path,
    connection: Path | None = None,
    latency: float = 0,
    seed: Path | None = None,
    max_concurrent: int | None = None,
    *,
    tenants: int = 1,
    names: Sequence[str] = (),
    proxy: int | None = None,
) -> ConnectionFile:
    """Start one in the background unless one answers already; waits until it is ready.

    It takes port 8443, or any free one when that is taken.

    Args:
        state: its state file.
        connection: where connection.json goes; by default beside the state.
        latency: milliseconds by which each answer is late.
        seed: a JSON file of objects to put into the tenant.
        max_concurrent: the switch of that name; None leaves it as it is.
        tenants: how many tenants it has.
        names: host names to answer by besides loopback's.
        proxy: the port of the proxy that leads the service's names to it, 0 for any free one; None for no proxy.

    Raises:
        EmulatorStartError: it does not start, the seed cannot be used, or one runs already that has fewer tenants, or
            lacks a name or the proxy.
    """
    state.parent.mkdir(parents=True, exist_ok=True)
    with _starting(state):
        found = _answering(state, connection)
        if found is not None:
            path = connection_path(state, connection)
            _say_where(found, path)
            _check_has(found, path, names, proxy, tenants)
            with contextlib.closing(Control(found.url, found.ca_bundle)) as control:
                if max_concurrent is not None:
                    _switch(control, max_concurrent)
                if seed is not None:
                    try:
                        control.seed_file(seed)
                    except (ControlError, OSError, ValueError) as error:
                        raise EmulatorStartError(f"The seed file {seed} cannot be used: {error}") from error
            return found
        path = connection_path(state, connection)
        # One that does not answer, or that nobody finds any more.
        _end(state)
        path.unlink(missing_ok=True)
        log = state.with_suffix(".log")
        arguments = ["--latency", str(latency), "--tenants", str(tenants), *(["--seed", str(seed)] if seed else [])]
        if max_concurrent is not None:
            arguments += ["--max-concurrent", str(max_concurrent)]
        arguments += [part for name in names for part in ("--name", name)]
        if proxy is not None:
            arguments += ["--proxy", str(proxy)]
        for port in (PREFERRED_PORT, 0):
            written = log.stat().st_size if log.exists() else 0
            process = _spawn(state, path, port, arguments, log, detached=True)
            if _wait(process, path):
                return ConnectionFile.read(path)
            if process.poll() is None:
                process.terminate()
        tail = "\n".join(_log(log, written).splitlines()[-10:])
        raise EmulatorStartError(f"The emulator did not start. The end of {log}:\n{tail}")


def _check_has(found: ConnectionFile, path: Path, names: Sequence[str], proxy: int | None, tenants: int) -> None:
    if not of_tenant(path, tenants).exists():
        raise EmulatorStartError(
            f"The emulator that runs already has fewer than {tenants} tenants: stop it first, and start it "
            f"again with --tenants {tenants}. What it holds is kept."
        )
    missing = [name for name in names if name.lower() not in (*found.names, *LOOPBACK)]
    lacks = [f"--name {name}" for name in missing if name not in SERVICE_NAMES]
    if proxy is not None and (found.proxy is None or (proxy and not found.proxy.endswith(f":{proxy}"))):
        lacks.append(f"--proxy {proxy}")
    elif any(name in SERVICE_NAMES for name in missing):
        lacks.append("--as-service")
    if lacks:
        raise EmulatorStartError(
            f"The emulator at {found.url} was started without {', '.join(lacks)}: stop it first; its tenant is kept."
        )


def _switch(control: Control, max_concurrent: int) -> None:
    try:
        control.switch(max_concurrent=max_concurrent)
    except ControlError as error:
        raise EmulatorStartError(error.text) from error


def stop(state: Path, connection: Path | None = None) -> bool:
    """Stop the emulator that serves this state and wait; False when none does."""
    ended = _end(state)
    for path in list(of_tenants(connection_path(state, connection))):
        path.unlink(missing_ok=True)
    return ended


def reset(state: Path, connection: Path | None = None) -> None:
    """Forget the objects of all tenants, in the running emulator or in the state files; identity, CA and keys stay."""
    if running(state, connection) is not None:
        for path in of_tenants(connection_path(state, connection)):
            with contextlib.closing(Control.from_connection(path)) as control:
                control.reset()
        return
    from exchange_online_emulator.storage import Store

    for file in of_tenants(state):
        Store(file).clear()


def _spawn(
    state: Path, connection: Path, port: int, arguments: Iterable[str], log: Path, *, detached: bool = False
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "exchange_online_emulator", "serve", "--state", str(state)]
    command += ["--connection", str(connection), "--port", str(port), *arguments]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=detached
        )


def _wait(process: subprocess.Popen[bytes], path: Path) -> bool:
    # The server writes the file in one step, when it answers.
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists():
            return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def _starting(state: Path) -> Iterator[None]:
    # Two `start` at once: the second waits for the first and finds its emulator.
    with state.with_suffix(".starting").open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def lock_path(state: Path) -> Path:
    """The file that the server of a state holds the lock of, with its pid."""
    return state.with_suffix(".lock")


def holder(state: Path) -> int | None:
    """The pid of the process that serves this very state file; 0 where it cannot be told, None where nobody does."""
    try:
        with lock_path(state).open(encoding="utf-8") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                text = handle.read().strip()
                return int(text) if text.isdecimal() else 0
    except FileNotFoundError:
        pass
    return None


def _end(state: Path) -> bool:
    """Ends the process that serves a state, and waits; False when none does, or it is not ours to end."""
    pid = holder(state)
    # The lock may be held in another container, where the same number is another process.
    if not pid or not _is_emulator(pid):
        return False
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        deadline = time.monotonic() + _STOPPED_WITHIN
        while holder(state) == pid and time.monotonic() < deadline:
            time.sleep(0.02)
        if holder(state) != pid:
            break
    return True


def _is_emulator(pid: int) -> bool:
    try:
        return b"exchange_online_emulator" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        # Another system, or no such process.
        return not Path("/proc/self").exists()


def _answering(state: Path, connection: Path | None) -> ConnectionFile | None:
    """As `running`; one that somebody else is just starting is waited for."""
    deadline = time.monotonic() + _STARTED_WITHIN
    while (found := running(state, connection)) is None and holder(state) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _say_where(found: ConnectionFile, path: Path) -> None:
    """Enters where the folder is now, for those who read the file themselves."""
    if ConnectionFile.model_validate_json(path.read_text(encoding="utf-8")) != found:
        found.write(path)


def _log(path: Path, after: int = 0) -> str:
    """What a log holds after its first bytes."""
    return path.read_bytes()[after:].decode("utf-8", "replace") if path.exists() else ""
