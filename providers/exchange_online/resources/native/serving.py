"""The plugin's process: it says where it listens, and ends with the engine."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from exchange_online.engine_watch import ADDRESS, end_with_engine
from exchange_online.resources.native.servicer import Components, Servicer

#: Registrations of a component's resources that wait for the engine, each in a thread of the SDK's. The SDK's own
#: number, the cores and four, would let so few connectors be made at a time.
_REGISTRATIONS = 64

#: What is being sent when the process is told to end may be finished, in seconds.
_FINISH_SECONDS = 10.0


def serve(provider: Components, arguments: Sequence[str]) -> int:
    """Serves until the engine ends it.

    Args:
        provider: makes components, and has version and schema.
        arguments: those that the engine gives a plugin; the last is where it listens. Without it the plugin waits for
            an engine that attaches itself (PULUMI_DEBUG_PROVIDERS).
    """
    engine = next(filter(ADDRESS.match, reversed(arguments)), "")
    end_with_engine(engine)
    asyncio.run(_serve(provider, engine))
    return 0


async def _serve(provider: Components, engine: str) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_REGISTRATIONS, "registering"))
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    servicer = Servicer(provider, engine)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await told.wait()
    servicer.cancel()
    await server.stop(_FINISH_SECONDS)
