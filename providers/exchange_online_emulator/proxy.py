"""A CONNECT proxy that leads the service's names to the emulator, and nothing else anywhere.

A client whose hosts are fixed runs unchanged with `HTTPS_PROXY` and the emulator's CA. There are proxies to install;
each of them would have to be kept from leading elsewhere, which is all that this one is about.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Collection
from dataclasses import dataclass, field

_log = logging.getLogger("emulator.proxy")
_HEAD_LIMIT = 16 * 1024
_HEAD_SECONDS = 30
_CHUNK = 64 * 1024
_HTTPS = "443"


@dataclass
class Proxy:
    """The proxy.

    Attributes:
        names: the hosts that it leads to the emulator, at port 443.
        target: where the emulator listens, host and port.
    """

    names: Collection[str]
    target: tuple[str, int]
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, listener: socket.socket) -> None:
        """Serve what comes to a listening socket."""
        await asyncio.start_server(self._accepted, sock=listener, limit=_HEAD_LIMIT)

    async def stop(self) -> None:
        """End every connection."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await self._lead(reader, writer)
        finally:
            writer.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)
        except asyncio.LimitOverrunError:
            await _refuse(writer, 431, "The head of the request is too long.")
            return
        line = head.partition(b"\r\n")[0].decode("latin-1")
        refusal = self._refusal(line)
        if refusal:
            _log.info("refused: %s", "".join(letter if letter.isprintable() else "?" for letter in line)[:200])
            await _refuse(writer, 403, refusal)
            return
        ours, to_emulator = await asyncio.open_connection(*self.target)
        try:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, to_emulator, writer.get_extra_info("socket")))
                both.create_task(_copy(ours, writer, to_emulator.get_extra_info("socket")))
        finally:
            to_emulator.close()

    def _refusal(self, line: str) -> str | None:
        """What to say to who asks for anything else than one of the names; None for one of them.

        Source: RFC 9110, 9.3.6.
        """
        method, _, rest = line.partition(" ")
        known = ", ".join(self.names)
        if method != "CONNECT":
            return (
                f"This is the proxy of the Exchange Online emulator: it takes CONNECT to {known} and no other request. "
                "Set HTTPS_PROXY to it, and HTTP_PROXY not."
            )
        host, _, port = rest.partition(" ")[0].rpartition(":")
        if host.lower() in self.names and port == _HTTPS:
            return None
        return (
            f"The proxy of the Exchange Online emulator leads to {known} at port 443 only, on this machine, and not to "
            f"{host[:200] or 'no host'}:{port[:5]}. Put other hosts into NO_PROXY."
        )


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: socket.socket) -> None:
    # A side that has ended, or is reset, is passed on as such: a fault of the emulator must reach the client.
    try:
        while chunk := await reader.read(_CHUNK):
            if hasattr(socket, "TCP_QUICKACK"):
                # requests keeps Nagle's algorithm on towards a proxy: without this each POST takes 40 ms more.
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        raw: socket.socket | None = writer.get_extra_info("socket")
        if raw is not None and not writer.transport.is_closing():
            # Linger 0 makes the close a reset.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


async def _refuse(writer: asyncio.StreamWriter, status: int, sentence: str) -> None:
    # The words stand in the reason, too: most clients show nothing else of a proxy's answer.
    text = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in sentence)
    body = f"{text}\n"
    headers = f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close"
    writer.write(f"HTTP/1.1 {status} {text}\r\n{headers}\r\n\r\n{body}".encode())
    await writer.drain()
