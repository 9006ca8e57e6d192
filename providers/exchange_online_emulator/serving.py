"""The HTTPS server: binds loopback only, announces itself in connection.json, takes the file away at its end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from exchange_online_emulator.application import application
from exchange_online_emulator.connection import ConnectionFile, ConnectionFileError
from exchange_online_emulator.control_api.models import Seed
from exchange_online_emulator.control_api.views import plant
from exchange_online_emulator.service import Emulator, Identity, ca_bundle_path
from exchange_online_emulator.tokens.issue import EXCHANGE


class CannotServeError(Exception):
    """The server cannot start; the text says why and what to do."""


@dataclass(frozen=True)
class ServeOptions:
    """How to serve: the state file, host and port (0: any free one), where connection.json goes, latency in seconds."""

    state: Path
    host: str = "127.0.0.1"
    port: int = 0
    connection: Path | None = None
    latency: float = 0
    seed: Path | None = None

    @property
    def connection_path(self) -> Path:
        """connection.json, beside the state file unless told otherwise."""
        return self.connection or self.state.with_name("connection.json")


class Protocol(H11Protocol):
    """HTTP/1.1 that lets a fault reach the transport of its connection (see `http_responses.ResetConnection`)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the transport into the state of the connection's requests."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    @property
    def idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_end = on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # First: nobody should find a server that is about to go.
        self._on_end()
        for connection in list(self.server_state.connections):
            # A client that keeps a connection without a request would hold up the end by its closing handshake.
            if isinstance(connection, Protocol) and connection.idle:
                connection.transport.abort()
        await super().shutdown(sockets)


def serve(options: ServeOptions) -> None:
    """Serve until a signal. Raises `CannotServeError`."""
    options.state.parent.mkdir(parents=True, exist_ok=True)
    with _only_server(options.state), _listener(options.host, options.port) as listener:
        port = listener.getsockname()[1]
        host = f"[{options.host}]" if ":" in options.host else options.host
        url = f"https://{host}:{port}"
        emulator = Emulator(options.state, url, options.latency)
        if options.seed is not None:
            _plant(emulator, options.seed)
        path = options.connection_path.absolute()
        _run(emulator, listener, path)


def _run(emulator: Emulator, listener: socket.socket, path: Path) -> None:
    announced = ConnectionFile(
        url=emulator.url,
        authority=emulator.url,
        scope=f"{EXCHANGE}/.default",
        ca_bundle=ca_bundle_path(emulator.state).absolute(),
        tenant=emulator.identity.tenant,
        client_id=emulator.identity.client_id,
        client_secret=emulator.identity.client_secret,
        pid=os.getpid(),
    )
    # Its messages on a failing request are tracebacks; AccessLog has logged the failure in one line.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    logging.getLogger("emulator").info("listening on %s", emulator.url)
    config = uvicorn.Config(
        application(emulator),
        http=Protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
        ssl_context_factory=_tls(emulator.identity),
    )
    server = _Server(config, lambda: announced.write(path), lambda: _retract(path))
    server.run([listener])


def _tls(identity: Identity) -> Callable[[uvicorn.Config, Callable[[], ssl.SSLContext]], ssl.SSLContext]:
    def context(config: uvicorn.Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:  # noqa: ARG001
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        identity.server_context(made)
        return made

    return context


def _retract(path: Path) -> None:
    with contextlib.suppress(ConnectionFileError):
        # Another server may have announced itself at the same place since.
        if ConnectionFile.read(path).pid == os.getpid():
            path.unlink(missing_ok=True)


def _plant(emulator: Emulator, path: Path) -> None:
    try:
        plant(emulator, Seed.model_validate_json(path.read_text(encoding="utf-8")))
    except Exception as error:
        raise CannotServeError(f"The seed file {path} cannot be used: {error}") from error


@contextlib.contextmanager
def _only_server(state: Path) -> Iterator[None]:
    """Hold the lock of a state file; the kernel gives it up when the process dies."""
    with state.with_suffix(".lock").open("w", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotServeError(
                f"Another emulator serves {state}: use it, stop it with `python -m exchange_online_emulator stop`, or "
                "choose another state file."
            ) from None
        yield


@contextlib.contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise CannotServeError(
            f"The emulator answers on loopback addresses only, not on {host}: use 127.0.0.1 or ::1. "
            "Its control API takes no credentials."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it every answer takes 40 ms more.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError):
            raise CannotServeError(f"Port {port} on {host} is taken: choose another, or 0 for any free one.") from None
        listener.listen(512)
        listener.setblocking(False)
        yield listener
