"""Serves the language runtime on a free loopback port until the engine ends it."""

from __future__ import annotations

import argparse
import contextlib
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from pulumi.runtime.proto import language_pb2_grpc

from regulated_partners.engine.language_host.children import Children
from regulated_partners.engine.language_host.servicer import LanguageRuntime

#: Threads of the server, made when they are needed: a program, a policy pack and a plugin hold one for as long as they
#: run, and a program has a plugin for each of its providers, twice in a run that reads the state first. Where none is
#: left, the run waits for ever. Source: measured with 50 tenants.
WORKERS = 4096

_LOOK_SECONDS = 0.5

UNLIMITED_MESSAGES = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def serve(arguments: Sequence[str], *, executor: Path) -> None:
    """Runs the host: prints its port as the first line of output; ends with SIGINT, SIGTERM or the engine's end.

    Args:
        arguments: what the engine passes, last of them its address host:port.
        executor: path of `pulumi-language-python-exec`.
    """
    parser = argparse.ArgumentParser(prog="pulumi-language-python", allow_abbrev=False)
    parser.add_argument("--tracing", default="")
    parser.add_argument("engine")
    # The engine also passes -v=9 and --logtostderr, meant for hosts that log with glog.
    parsed, _ = parser.parse_known_args([word for word in arguments if not word.startswith(("-v=", "--log"))])
    # Not an Event: its lock is not reentrant, and a signal that comes while it is held would wait for ever.
    stopping: queue.SimpleQueue[None] = queue.SimpleQueue()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stopping.put(None))
    children = Children()
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=UNLIMITED_MESSAGES)
    runtime = LanguageRuntime(engine=parsed.engine, tracing=parsed.tracing, executor=executor, children=children)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(runtime, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    watch_engine(parsed.engine, lambda: stopping.put(None))
    # Looked at now and then, too: a signal that comes right before the wait begins does not end it.
    while True:
        with contextlib.suppress(queue.Empty):
            stopping.get(timeout=_LOOK_SECONDS)
            break
    children.stop_all(close=True)
    server.stop(grace=1).wait()


PROBE_SECONDS = 2.0
#: One refused connection may be chance; two in a row, at the address the engine listens on all its life, are not.
REFUSALS_NEEDED = 2


def watch_engine(address: str, gone: Callable[[], None]) -> None:
    """Calls `gone` once, from a thread, when nothing listens at the engine's address (host:port) any more.

    A killed `pulumi` ends no language host: each runs in a process group of its own.
    """
    host, _, port = address.rpartition(":")
    if not (host and port.isdigit()):
        return

    def probe() -> None:
        refusals = 0
        while refusals < REFUSALS_NEEDED:
            time.sleep(PROBE_SECONDS)
            refusals = 0 if _listens(host, int(port)) else refusals + 1
        gone()

    threading.Thread(target=probe, name="engine-watch", daemon=True).start()


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=PROBE_SECONDS):
            return True
    except ConnectionError:
        return False
    except OSError:
        return True
