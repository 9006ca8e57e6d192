"""What Pulumi's Python SDK needs to be told or cured of, in a program and in the provider process."""

from __future__ import annotations

import pickle
import sys
from types import FrameType
from typing import Any

import pulumi.dynamic.dynamic as sdk
from pulumi.dynamic import ResourceProvider

from exchange_online.engine_watch import ADDRESS

#: The class whose methods answer the engine, in the module `pulumi.dynamic.__main__`.
_SERVICER = "DynamicResourceProviderServicer"
_PATCHED = ("_batch_setitems", "save_dict")


def say(text: str) -> None:
    """Shows a warning to the person who runs Pulumi, on stderr where no engine listens. Never raises.

    `pulumi.log` in a dynamic provider becomes unattributed text. The engine's address is the last `host:port` among
    the process's arguments, and its Log call gives a real warning. Source: measured, undocumented.
    """
    address = next((argument for argument in reversed(sys.argv[1:]) if ADDRESS.match(argument)), None)
    if address is None or not _log(address, text):
        sys.stderr.write(f"warning: {text}\n")


def _log(address: str, text: str) -> bool:
    import grpc
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

    try:
        with grpc.insecure_channel(address) as channel:
            request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text)
            engine_pb2_grpc.EngineStub(channel).Log(request, timeout=5)
    except grpc.RpcError:
        return False
    return True


def requested_urn() -> str:
    """The URN of the resource that the engine's request is about.

    The SDK keeps it from providers (pulumi issue 9434). It stands in the request, which is a variable of the server's
    method, some frames above.

    Raises:
        RuntimeError: where no frame holds a request, because a later SDK names it otherwise.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if _SERVICER in frame.f_globals and "request" in frame.f_locals:
            return str(frame.f_locals["request"].urn)
        frame = frame.f_back
    raise RuntimeError("this version of Pulumi's SDK does not tell which resource is meant")


def silence_tracebacks() -> None:
    """Keeps tracebacks out of the engine's log, in the provider process only.

    In the program's process the same setting makes `pulumi up` hang: the SDK looks at stack frames when it registers
    a resource. Source: measured with SDK 3.272 and CLI 3.259.
    """
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name.startswith("pulumi.dynamic"):
        sys.tracebacklimit = 0


def repair_serializer() -> None:
    """Replaces the SDK's serialiser of providers by one that undoes its patch. A second call does nothing.

    `pulumi.dynamic.dynamic.serialize_provider` patches `pickle._Pickler` at every call and never takes the patch back,
    so each dynamic resource makes every later pickle of a dict one stack frame deeper, until Python's recursion limit
    ends the program after some hundred resources. Source: measured with pulumi 3.272.0; the symptom is pulumi issue
    17803. A canary test says when upstream has repaired it.
    """
    original = sdk.serialize_provider
    if getattr(original, "_restores_pickler", False):
        return

    def serialize_provider(provider: ResourceProvider) -> str:
        pickler: Any = pickle._Pickler
        saved = {name: pickler.__dict__[name] for name in _PATCHED}
        try:
            serialized: str = original(provider)
            return serialized
        finally:
            for name, method in saved.items():
                setattr(pickler, name, method)

    serialize_provider._restores_pickler = True  # type: ignore[attr-defined]
    sdk.serialize_provider = serialize_provider
