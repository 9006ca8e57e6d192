"""The HTTPS server: where it listens, and how it announces itself in connection.json, until its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import ipaddress
import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO

import uvicorn
from pydantic import ValidationError
from uvicorn.protocols.http.h11_impl import H11Protocol

from exchange_online_emulator.application import application
from exchange_online_emulator.connection import ConnectionFile, ConnectionFileError
from exchange_online_emulator.control_api.models import Seed
from exchange_online_emulator.control_api.views import plant
from exchange_online_emulator.control_token import FILE_VARIABLE, VARIABLE, ControlTokenError, control_token
from exchange_online_emulator.models import Switches
from exchange_online_emulator.names import LOOPBACK, SERVICE_NAMES, in_url, is_host
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


@dataclass(frozen=True)
class Listening:
    """Where and under which names to answer.

    Attributes:
        host: an address; loopback's unless `beyond_loopback`.
        port: 0 for any free one.
        names: host names and addresses to answer by besides loopback's.
        proxy: the port of a proxy that leads the service's names here, 0 for any free one; None for no proxy.
        beyond_loopback: whether `host` may be another; the control API then demands a token.
    """

    host: str = "127.0.0.1"
    port: int = 0
    names: tuple[str, ...] = ()
    proxy: int | None = None
    beyond_loopback: bool = False

    @property
    def address(self) -> str:
        """The address to reach it by on this machine: loopback's where it listens at all of them."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - nothing is bound here


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announced: ConnectionFile, path: Path, lock: IO[str]) -> None:
        super().__init__(config)
        self._announced, self._path, self._lock = announced, path, lock
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
        self._announced.write(self._path)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First: nobody should find a server that is about to go.
        with contextlib.suppress(ConnectionFileError):
            # Another server may have announced itself at the same place since.
            if ConnectionFile.read(self._path).pid == os.getpid():
                self._path.unlink(missing_ok=True)
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
) -> None:
    """Serve until a signal.

    Args:
        state: the state file.
        connection: where connection.json goes; by default beside the state.
        listening: where, and under which names.
        latency: seconds by which each answer is late.
        seed: a JSON file of objects to put into the tenant.
        switches: those of the tenant that change, by name.

    Raises:
        EmulatorStartError: it cannot serve there.
    """
    names, token = _names(listening), _control_token(listening)
    state.parent.mkdir(parents=True, exist_ok=True)
    path, seed = connection_path(state, connection), seed and seed.absolute()
    # A folder that is moved takes what is named relative to it along.
    folder = state.parent.absolute()
    os.chdir(folder)
    state, path = Path(state.name), Path(path.name) if path.parent == folder else path
    with contextlib.ExitStack() as held:
        lock = held.enter_context(_only_server(state))
        listener = held.enter_context(_listener(listening.host, listening.port))
        port = listener.getsockname()[1]
        emulator = Emulator(state, f"https://{in_url(listening.address)}:{port}", latency, names, token)
        proxied = None
        if listening.proxy is not None:
            at = held.enter_context(_listener(listening.host, listening.proxy))
            proxied = Proxy([name for name in SERVICE_NAMES if name in names], (listening.address, port)), at
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
        announced = _announced(
            emulator, proxied and f"http://{in_url(listening.address)}:{proxied[1].getsockname()[1]}"
        )
        server = _Server(_config(emulator), announced, path, lock)
        server.proxied = proxied
        server.run([listener])


def _announced(emulator: Emulator, proxy: str | None) -> ConnectionFile:
    announced = ConnectionFile(
        url=emulator.url,
        authority=emulator.url,
        scope=f"{EXCHANGE}/.default",
        ca_bundle=ca_bundle_path(emulator.state).absolute(),
        tenant=emulator.identity.tenant,
        client_id=emulator.identity.client_id,
        client_secret=emulator.identity.client_secret,
        pid=os.getpid(),
        names=emulator.names,
        proxy=proxy,
    )
    log = logging.getLogger("emulator")
    log.info("listening on %s; the CA to trust is %s", emulator.url, announced.ca_bundle)
    if emulator.names:
        log.info("answers to %s, too", ", ".join(emulator.names))
    if proxy:
        log.info("proxy at %s", proxy)
    return announced


def _config(emulator: Emulator) -> uvicorn.Config:
    # Its messages on a failing request are tracebacks; AccessLog has logged the failure in one line.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    return uvicorn.Config(
        application(emulator),
        http=Protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        ssl_context_factory=lambda config, default: emulator.identity.server_context(emulator.names),  # noqa: ARG005
    )


def _names(listening: Listening) -> tuple[str, ...]:
    """The names to answer by besides loopback's, that of the address itself among them."""
    names = [name.lower() for name in listening.names]
    for name in names:
        if not is_host(name):
            raise EmulatorStartError(f"{name!r} is neither a host name nor an address, which --name takes.")
    if listening.address not in (*LOOPBACK, *names) and is_host(listening.address):
        names.append(listening.address)
    return tuple(name for name in dict.fromkeys(names) if name not in LOOPBACK)


def _control_token(listening: Listening) -> str | None:
    """The token of the control API, which there must be where others than this machine's users reach it."""
    try:
        loopback, known = ipaddress.ip_address(listening.host).is_loopback, True
    except ValueError:
        loopback, known = False, False
    if not loopback and not listening.beyond_loopback:
        raise EmulatorStartError(
            f"The emulator answers on loopback addresses only, not on {listening.host}: use 127.0.0.1 or ::1. In a "
            "container whose neighbours shall reach it give --beyond-loopback, and the control API a token in "
            f"{VARIABLE} or a file named by {FILE_VARIABLE}."
        )
    if not known:
        raise EmulatorStartError(f"{listening.host} is no address, which --host takes; --name takes names.")
    try:
        token = control_token()
    except ControlTokenError as error:
        raise EmulatorStartError(str(error)) from None
    if not loopback and token is None:
        raise EmulatorStartError(
            f"On {listening.host} others can reach the control API, which resets the tenant and gives tokens: set "
            f"{VARIABLE}, or {FILE_VARIABLE} to the path of a file that holds it. `openssl rand -hex 32` makes one."
        )
    return token


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


@contextlib.contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it every answer takes 40 ms more.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = "is taken" if getattr(error, "errno", None) == errno.EADDRINUSE else "cannot be had"
            raise EmulatorStartError(
                f"Port {port} on {host} {reason}: choose another, or 0 for any free one."
            ) from None
        listener.listen(512)
        listener.setblocking(False)
        yield listener
