"""Answers that are no HTTP answers."""

from __future__ import annotations

import socket
import struct

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class ResetConnection(Response):
    """Resets the TCP connection instead of answering."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Abort the transport that `serving.Protocol` put into the scope."""
        transport = scope["state"]["transport"]
        raw: socket.socket | None = transport.get_extra_info("socket")
        if raw is not None:
            # Linger 0 makes the close a reset (RST), as a dying server or a cut connection shows it.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        # Until the server has seen the end: it would try to answer 500 otherwise.
        while (await receive())["type"] != "http.disconnect":
            pass
