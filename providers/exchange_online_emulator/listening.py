"""Where the server listens and under which names: what is refused, and the sockets."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from exchange_online_emulator.control_token import FILE_VARIABLE, VARIABLE, ControlTokenError, control_token
from exchange_online_emulator.names import LOOPBACK, is_host
from exchange_online_emulator.process import EmulatorStartError


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

    def all_names(self) -> tuple[str, ...]:
        """The names to answer by besides loopback's, that of the address itself among them.

        Raises:
            EmulatorStartError: one of them is none.
        """
        names = [name.lower() for name in self.names]
        for name in names:
            if not is_host(name):
                raise EmulatorStartError(f"{name!r} is neither a host name nor an address, which --name takes.")
        if is_host(self.address):
            names.append(self.address)
        return tuple(name for name in dict.fromkeys(names) if name not in LOOPBACK)

    def control_token(self) -> str | None:
        """The token of the control API, which there must be where others than this machine's users reach it.

        Raises:
            EmulatorStartError: it is missing, or is none; or the address is not to be listened at.
        """
        loopback = self._is_loopback()
        if not loopback and not self.beyond_loopback:
            raise EmulatorStartError(
                f"The emulator answers on loopback addresses only, not on {self.host}: use 127.0.0.1 or ::1. In a "
                "container whose neighbours shall reach it give --beyond-loopback, and the control API a token in "
                f"{VARIABLE} or a file named by {FILE_VARIABLE}."
            )
        if loopback is None:
            raise EmulatorStartError(f"{self.host} is no address, which --host takes; --name takes names.")
        try:
            token = control_token()
        except ControlTokenError as error:
            raise EmulatorStartError(str(error)) from None
        if not loopback and token is None:
            raise EmulatorStartError(
                f"On {self.host} others can reach the control API, which resets the tenant and gives tokens: set "
                f"{VARIABLE}, or {FILE_VARIABLE} to the path of a file that holds it. `openssl rand -hex 32` makes one."
            )
        return token

    def _is_loopback(self) -> bool | None:
        """Whether the host is loopback's; None where it is no address."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return None


@contextlib.contextmanager
def listener(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket. Raises `EmulatorStartError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it every answer takes 40 ms more.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = "is taken" if getattr(error, "errno", None) == errno.EADDRINUSE else "cannot be had"
            raise EmulatorStartError(
                f"Port {port} on {host} {reason}: choose another, or 0 for any free one."
            ) from None
        listening.listen(512)
        listening.setblocking(False)
        yield listening
