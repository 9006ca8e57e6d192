"""Fetches an MTA-STS policy. Source: RFC 8461 3.3: HTTPS, PKIX, status 200, no redirects, at most 64 kB."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Sequence
from typing import cast

from regulated_partners.probing.deadline import Deadline
from regulated_partners.probing.seen import PolicyFile
from regulated_partners.probing.tls_client import reason

_LARGEST = 64 * 1024
_HEADERS = 16 * 1024
_PATH = "/.well-known/mta-sts.txt"


class _Received:
    """What came, in the shape that http.client reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


def fetch_policy(
    domain: str, addresses: Sequence[str], context: ssl.SSLContext, port: int, deadline: Deadline
) -> PolicyFile:
    """Fetches the policy of a domain; never raises for what a server does.

    Args:
        domain: without `mta-sts.`.
        addresses: of `mta-sts.<domain>`, tried in this order until one can be connected.
        context: that checks certificates; the roots are those of the web.
        port: 443 by the RFC.
        deadline: of the whole.
    """
    host = f"mta-sts.{domain}"
    try:
        connection = _connect(addresses, port, deadline)
    except OSError:
        return PolicyFile(problem=f"no web server answers at {', '.join(addresses[:5]) or host}", reached=False)
    try:
        connection.settimeout(deadline.left())
        with connection, context.wrap_socket(connection, server_hostname=host) as encrypted:
            return _policy(_received(encrypted, host, deadline))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return PolicyFile(problem=_problem(error, host))


def _problem(error: Exception, host: str) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"the certificate of {host} is not valid: {error.verify_message}"
        case ssl.SSLError():
            return f"the TLS handshake with {host} failed: {reason(error)}"
        case TimeoutError():
            return f"{host} gave no whole answer in time"
        case http.client.IncompleteRead():
            return f"the answer of {host} is not complete"
    return f"{host} gave no answer in HTTP"


def _connect(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    last: OSError = ConnectionError("no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), deadline.left())
        except OSError as error:
            last = error
    raise last


def _received(encrypted: ssl.SSLSocket, host: str, deadline: Deadline) -> bytes:
    request = f"GET {_PATH} HTTP/1.1\r\nHost: {host}\r\nAccept: text/plain\r\nConnection: close\r\n\r\n"
    encrypted.sendall(request.encode("ascii"))
    data = b""
    while len(data) <= _LARGEST + _HEADERS:
        encrypted.settimeout(deadline.left())
        part = encrypted.recv(16384)
        if not part:
            break
        data += part
    return data


def _policy(data: bytes) -> PolicyFile:
    if b"\r\n\r\n" not in data:
        raise http.client.IncompleteRead(data)
    response = http.client.HTTPResponse(cast(socket.socket, _Received(data)), method="GET")
    response.begin()
    if response.status != http.HTTPStatus.OK:
        where = " (a redirect, which must not be followed)" if 300 <= response.status < 400 else ""
        return PolicyFile(problem=f"the web server answers {response.status}{where} instead of 200")
    body = response.read()
    if len(body) > _LARGEST:
        return PolicyFile(problem=f"the policy is larger than {_LARGEST // 1024} kB")
    kind = response.headers.get_content_type()
    if kind != "text/plain":
        return PolicyFile(problem=f"the policy's media type is {kind[:60]} instead of text/plain")
    return PolicyFile(text=body.decode("utf-8", errors="backslashreplace")[:70000])
