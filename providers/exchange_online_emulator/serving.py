"""The HTTPS server: where it listens, and how it announces itself in connection.json, until its end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO

import uvicorn
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from exchange_online_emulator.application import application
from exchange_online_emulator.connection import ConnectionFile, ConnectionFileError, of_tenant
from exchange_online_emulator.control import TENANT_HEADER
from exchange_online_emulator.control_api.models import Seed
from exchange_online_emulator.control_api.views import plant
from exchange_online_emulator.listening import Listening, listener
from exchange_online_emulator.models import Switches
from exchange_online_emulator.names import SERVICE_NAMES, in_url
from exchange_online_emulator.process import EmulatorStartError, connection_path, lock_path
from exchange_online_emulator.proxy import Proxy
from exchange_online_emulator.service import Emulator, ca_bundle_path
from exchange_online_emulator.tokens.issue import EXCHANGE

#: Of a tenth of a second each.
_TICKS_BETWEEN_LOOKS = 20

#: How long somebody who only looks whether a state is served may keep its lock.
_LOOKED_AT_SECONDS = 0.5


class Protocol(H11Protocol):
    """HTTP/1.1 that lets a fault reach the transport of its connection (see `wire.ResetConnection`)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the transport into the state of the connection's requests."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete


class ByTenant:
    """Several tenants at one address, as the service itself is: each call goes to the one that it names.

    The tenant stands in the path, by its GUID or one of its domains, or in the control API's header. What names none,
    such as the page, is answered by the first.
    """

    def __init__(self, applications: Sequence[tuple[Emulator, ASGIApp]]) -> None:
        self._applications = applications

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the request."""
        await self._chosen(scope)(scope, receive, send)

    def _chosen(self, scope: Scope) -> ASGIApp:
        named = [part for part in scope.get("path", "").split("/") if part]
        # `/<tenant>/oauth2/v2.0/token` and `/adminapi/beta/<tenant>/InvokeCommand`.
        match named:
            case [first, _, tenant, *_] if first.lower() == "adminapi":
                name = tenant
            case _:
                name = named[0] if named else ""
        if name == "control":
            name = dict(scope.get("headers", ())).get(TENANT_HEADER.lower().encode(), b"").decode("latin-1")
        means = (Emulator.means_tenant, Emulator.knows)
        found = (each for does in means for emulator, each in self._applications if name and does(emulator, name))
        return next(found, self._applications[0][1])


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, announced: Mapping[Path, ConnectionFile], stale: Sequence[Path], lock: IO[str]
    ) -> None:
        super().__init__(config)
        self._announced, self._stale, self._lock = announced, stale, lock
        self.proxied: tuple[Proxy, socket.socket] | None = None

    async def on_tick(self, counter: int) -> bool:
        """Ends too when the folder of the state was removed: nobody can find this server then, or stop it."""
        removed = counter % _TICKS_BETWEEN_LOOKS == 0 and os.fstat(self._lock.fileno()).st_nlink == 0
        return await super().on_tick(counter) or removed

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.proxied:
            proxy, listener = self.proxied
            await proxy.start(listener)
        for path in self._stale:
            path.unlink(missing_ok=True)
        for path, connection in self._announced.items():
            connection.write(path)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First: nobody should find a server that is about to go.
        for path in self._announced:
            with contextlib.suppress(ConnectionFileError):
                # Another server may have announced itself at the same place since.
                if ConnectionFile.read(path).pid == os.getpid():
                    path.unlink(missing_ok=True)
        for connection in list(self.server_state.connections):
            # A client that keeps a connection without a request would hold up the end by its closing handshake.
            if isinstance(connection, Protocol) and connection.idle:
                connection.transport.abort()
        await super().shutdown(sockets)
        if self.proxied:
            await self.proxied[0].stop()


def serve(
    state: Path,
    connection: Path | None,
    *,
    listening: Listening,
    latency: float,
    seed: Path | None,
    switches: Mapping[str, object] = MappingProxyType({}),
    tenants: int = 1,
) -> None:
    """Serve until a signal.

    Args:
        state: the state file.
        connection: where connection.json goes; by default beside the state.
        listening: where, and under which names.
        latency: seconds by which each answer is late.
        seed: a JSON file of objects to put into each tenant.
        switches: those of the tenants that change, by name.
        tenants: how many tenants there are. The connection file of the second is `connection-2.json`, and so on.

    Raises:
        EmulatorStartError: it cannot serve there.
    """
    names, token = listening.all_names(), listening.control_token()
    state.parent.mkdir(parents=True, exist_ok=True)
    path, seed = connection_path(state, connection), seed and seed.absolute()
    # A folder that is moved takes what is named relative to it along.
    folder = state.parent.absolute()
    os.chdir(folder)
    state, path = Path(state.name), Path(path.name) if path.parent == folder else path
    with contextlib.ExitStack() as held:
        lock = held.enter_context(_only_server(state))
        at = held.enter_context(listener(listening.host, listening.port))
        proxy_at = None if listening.proxy is None else held.enter_context(listener(listening.host, listening.proxy))
        url = f"https://{in_url(listening.address)}:{at.getsockname()[1]}"
        first = Emulator(state, url, latency, names=names, control_token=token)
        further = (Emulator(of_tenant(state, number), url, latency, first) for number in range(2, tenants + 1))
        emulators = (first, *further)
        for emulator in emulators:
            _furnish(emulator, seed, switches)
        _run(emulators, listening, (at, proxy_at), path, lock)


def _furnish(emulator: Emulator, seed: Path | None, switches: Mapping[str, object]) -> None:
    try:
        if switches:
            emulator.tenant.switch(**Switches.model_validate(switches).model_dump(exclude_unset=True))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise EmulatorStartError(f"{first['loc'][0]}: {first['msg']}.") from None
    if seed is not None:
        try:
            plant(emulator, Seed.model_validate_json(seed.read_text(encoding="utf-8")))
        except Exception as error:
            raise EmulatorStartError(f"The seed file {seed} cannot be used: {error}") from error


def _announced(emulator: Emulator, first: Emulator, proxy: str | None) -> ConnectionFile:
    return ConnectionFile(
        url=emulator.url,
        authority=emulator.url,
        scope=f"{EXCHANGE}/.default",
        ca_bundle=ca_bundle_path(first.state).absolute(),
        tenant=emulator.identity.tenant,
        client_id=emulator.identity.client_id,
        client_secret=emulator.identity.client_secret,
        pid=os.getpid(),
        names=emulator.names,
        proxy=proxy,
    )


def _run(
    tenants: Sequence[Emulator],
    listening: Listening,
    at: tuple[socket.socket, socket.socket | None],
    path: Path,
    lock: IO[str],
) -> None:
    first, (own, proxy_at) = tenants[0], at
    proxy = None if proxy_at is None else f"http://{in_url(listening.address)}:{proxy_at.getsockname()[1]}"
    # The first one last: where it is there, all are.
    announced = {
        of_tenant(path, number): _announced(emulator, first, proxy)
        for number, emulator in reversed(list(enumerate(tenants, 1)))
    }
    # One that was killed, and had more tenants, has left theirs.
    beyond = (of_tenant(path, number) for number in itertools.count(len(tenants) + 1))
    stale = list(itertools.takewhile(Path.exists, beyond))
    _log_where(announced[path])
    server = _Server(_config(tenants), announced, stale, lock)
    if proxy_at is not None:
        names = [name for name in SERVICE_NAMES if name in first.names]
        server.proxied = Proxy(names, (listening.address, own.getsockname()[1])), proxy_at
    server.run([own])


def _log_where(connection: ConnectionFile) -> None:
    log = logging.getLogger("emulator")
    log.info("listening on %s; the CA to trust is %s", connection.url, connection.ca_bundle)
    if connection.names:
        log.info("answers to %s, too", ", ".join(connection.names))
    if connection.proxy:
        log.info("proxy at %s", connection.proxy)


def _config(tenants: Sequence[Emulator]) -> uvicorn.Config:
    # Its messages on a failing request are tracebacks; AccessLog has logged the failure in one line.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    first, applications = tenants[0], [(emulator, application(emulator)) for emulator in tenants]
    return uvicorn.Config(
        applications[0][1] if len(applications) == 1 else ByTenant(applications),
        http=Protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        ssl_context_factory=lambda config, default: first.identity.server_context(first.names),  # noqa: ARG005
    )


@contextlib.contextmanager
def _only_server(state: Path) -> Iterator[IO[str]]:
    """Hold the lock of a state file; the kernel gives it up when the process dies."""
    with lock_path(state).open("a", encoding="utf-8") as handle:
        deadline = time.monotonic() + _LOOKED_AT_SECONDS
        while not _taken(handle):
            if time.monotonic() > deadline:
                raise EmulatorStartError(
                    f"Another emulator serves {state.absolute()}: use it, stop it with "
                    "`exchange-online-emulator stop`, or choose another state file."
                )
            time.sleep(0.02)
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield handle


def _taken(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
