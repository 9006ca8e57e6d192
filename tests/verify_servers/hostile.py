"""Servers that misbehave, each in one way, on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

HELLO = b"220 mail ESMTP\r\n"
GO = b"220 go\r\n"
OFFER = b"250-mail\r\n250 STARTTLS\r\n"

Behaviour = Callable[[socket.socket, threading.Event], None]


def says(*replies: bytes) -> Behaviour:
    """Sends a greeting, then one reply for each command; then it closes the connection."""

    def behave(connection: socket.socket, _: threading.Event) -> None:
        for reply in replies[:-1]:
            connection.sendall(reply)
            connection.recv(4096)
        connection.sendall(replies[-1])

    return behave


def slowly(text: bytes) -> Behaviour:
    """Sends one byte at a time, for ever."""

    def behave(connection: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            for each in text:
                connection.sendall(bytes([each]))
                if stop.wait(0.1):
                    return

    return behave


def floods(begin: bytes, then: bytes) -> Behaviour:
    """Sends without end."""

    def behave(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(begin)
        while not stop.is_set():
            connection.sendall(then)

    return behave


def silent(connection: socket.socket, stop: threading.Event) -> None:
    """Says nothing."""
    stop.wait(60)
    connection.close()


def silent_after(*replies: bytes) -> Behaviour:
    """Behaves up to a point, then says nothing."""

    def behave(connection: socket.socket, stop: threading.Event) -> None:
        for reply in replies:
            connection.sendall(reply)
            connection.recv(4096)
        stop.wait(60)

    return behave


@contextlib.contextmanager
def serving(behaviour: Behaviour, address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A server with this behaviour. Yields its port."""
    stop = threading.Event()
    with socket.create_server((address, port)) as listener:
        listener.settimeout(0.2)
        thread = threading.Thread(target=_accept, args=(listener, behaviour, stop))
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            stop.set()
            thread.join()


def _accept(listener: socket.socket, behaviour: Behaviour, stop: threading.Event) -> None:
    threads = []
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            connection, _ = listener.accept()
            thread = threading.Thread(target=_serve, args=(connection, behaviour, stop))
            thread.start()
            threads.append(thread)
    for thread in threads:
        thread.join()


def _serve(connection: socket.socket, behaviour: Behaviour, stop: threading.Event) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(10)
        behaviour(connection, stop)
        time.sleep(0.05)
