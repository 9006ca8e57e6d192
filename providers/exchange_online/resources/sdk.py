"""What Pulumi's Python SDK needs to be told or cured of, in a program and in the provider process."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import pickle
import sys
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from types import FrameType
from typing import Any

import pulumi
import pulumi.dynamic.dynamic as sdk
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi.dynamic import ResourceProvider
from pulumi.runtime import rpc, settings

from exchange_online.engine_watch import ADDRESS

#: The class whose methods answer the engine, in the module `pulumi.dynamic.__main__`.
_SERVICER = "DynamicResourceProviderServicer"
#: The variable that has the SDK's own messages for debugging sent to the engine.
SDK_DEBUG = "EXCHANGE_ONLINE_SDK_DEBUG"

_PATCHED = ("_batch_setitems", "save_dict")
#: The SDK's function that makes the outputs of a resource, and where those that are made late are kept.
_TRANSFER = "transfer_properties"
_LATE = "_late_outputs"


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
    if is_provider_process():
        sys.tracebacklimit = 0


def is_provider_process() -> bool:
    """Whether this process answers for dynamic resources, and does not declare them."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name.startswith("pulumi.dynamic")


_Serialize = Callable[..., Coroutine[Any, Any, struct_pb2.Struct]]
_Deserialize = Callable[..., Any]

#: How the SDK calls the function that puts properties together, and the one that takes them apart.
_SERIALIZE, _DESERIALIZE = "serialize_properties", "deserialize_properties"
_THEIR_ARGUMENTS = {
    _SERIALIZE: (
        *("inputs", "property_deps", "resource_obj", "input_transformer", "typ"),
        *("keep_output_values", "exclude_resource_refs_from_deps"),
    ),
    _DESERIALIZE: ("props_struct", "keep_unknowns", "keep_internal"),
}


def hasten_plain_properties() -> bool:
    """Lets the provider process take apart and put together what is plain without the SDK's detours.

    Most properties of connectors are texts, switches and lists of texts. For each of them the SDK awaits a function
    that looks for outputs, assets and files: a sixth of the time of a provider whose connectors do not change. What
    has anything else in it goes the SDK's way. A second call changes nothing.
    Source: pulumi 3.259, runtime/rpc.py; measured.

    Returns:
        Whether it is so. An SDK that does this otherwise is left as it is.
    """
    if getattr(getattr(rpc, _SERIALIZE, None), "_hastens", False):
        return True
    for name, arguments in _THEIR_ARGUMENTS.items():
        function = getattr(rpc, name, None)
        if function is None or tuple(inspect.signature(function).parameters) != arguments:
            return False
    setattr(rpc, _SERIALIZE, _hastened_serialize(getattr(rpc, _SERIALIZE)))
    setattr(rpc, _DESERIALIZE, _hastened_deserialize(getattr(rpc, _DESERIALIZE)))
    return True


def _hastened_serialize(original: _Serialize) -> _Serialize:
    async def serialize_properties(
        inputs: Mapping[str, Any], property_deps: dict[str, list[Any]], *further: Any, **named: Any
    ) -> struct_pb2.Struct:
        plain = None if further or named else _put_together(inputs)
        if plain is None:
            return await original(inputs, property_deps, *further, **named)
        property_deps |= {key: [] for key in plain.fields}
        return plain

    serialize_properties._hastens = True  # type: ignore[attr-defined]
    return serialize_properties


def _hastened_deserialize(original: _Deserialize) -> _Deserialize:
    def deserialize_properties(
        props_struct: struct_pb2.Struct, keep_unknowns: bool | None = None, keep_internal: bool | None = True
    ) -> Any:
        plain = _taken_apart(props_struct) if keep_internal is not False else None
        return original(props_struct, keep_unknowns, keep_internal) if plain is None else plain

    return deserialize_properties


def _put_together(properties: Mapping[str, Any]) -> struct_pb2.Struct | None:
    """None where something is not plain. Exact types: what only behaves like a text may be an output."""
    struct = struct_pb2.Struct()
    fields = struct.fields
    for key in properties:
        value = properties[key]
        kind = type(value)
        if kind is str:
            fields[key].string_value = value
        elif kind is bool:
            fields[key].bool_value = value
        elif kind is list and all(type(item) is str for item in value):
            items = fields[key].list_value
            # An empty list is a list all the same.
            items.SetInParent()
            for item in value:
                items.values.add().string_value = item
        elif value is not None:
            return None
    return struct


def _taken_apart(struct: struct_pb2.Struct) -> dict[str, Any] | None:
    """None where something is not plain: a mark of the engine's, an unknown value, a mapping, a number."""
    found: dict[str, Any] = {}
    for key, value in struct.fields.items():
        kind = value.WhichOneof("kind")
        if kind == "string_value" and value.string_value != rpc.UNKNOWN:
            found[key] = value.string_value
        elif kind == "bool_value":
            found[key] = value.bool_value
        elif kind == "list_value":
            items = [item.string_value for item in value.list_value.values if item.HasField("string_value")]
            if len(items) < len(value.list_value.values) or rpc.UNKNOWN in items:
                return None
            found[key] = items
        else:
            return None
    return None if rpc._special_sig_key in found else found


def leave_out_debugging(environ: Mapping[str, str] = os.environ) -> None:
    """Keeps what the SDK says for debugging from the engine, unless `EXCHANGE_ONLINE_SDK_DEBUG` is set.

    The SDK waits for five such calls for each resource, a fifth of the time of a program of 200 partners; the engine
    prints them with `--debug` only. Source: pulumi 3.259, log.py, and who calls it; measured.
    """
    if not environ.get(SDK_DEBUG):
        pulumi.log.debug = lambda *_, **__: None


def wait_for_resources_first() -> None:
    """Lets the SDK wait for the resources of a program one after another before it waits for what is left.

    It begins to wait before any of them has begun to register, finds nothing, and goes on to the outputs: for all of
    them anew whenever one is there, which is quadratic. So there is something to wait for. To be called by the program,
    and where an SDK does this otherwise it changes nothing. Source: pulumi 3.259, runtime/stack.py (wait_for_rpcs);
    measured.
    """
    manager = getattr(settings, "_get_rpc_manager", None)
    waiting = getattr(manager(), "rpcs", None) if manager is not None else None
    with contextlib.suppress(RuntimeError):  # No loop runs: a test, or something else than the SDK's own executor.
        loop = asyncio.get_running_loop()
        if isinstance(waiting, list):
            waiting.append(loop.create_task(asyncio.sleep(0)))


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
        # A provider that holds nothing is the same text for each of thousands of resources.
        kind = type(provider)
        if getattr(kind, "holds_nothing", False) and not vars(provider):
            if kind not in texts:
                texts[kind] = serialized_anew(provider)
            return texts[kind]
        return serialized_anew(provider)

    texts: dict[type, str] = {}

    def serialized_anew(provider: ResourceProvider) -> str:
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


class LateOutputs:
    """The outputs of one resource, each made when somebody first reads it.

    The SDK makes one for every property of every resource, with a task and four futures; of those of thousands of
    connectors hardly any is read, and at the end it waits for all that are left, again and again. Source: pulumi 3.259,
    runtime/rpc.py (transfer_properties), runtime/stack.py (wait_for_rpcs); measured.

    Args:
        make: the SDK's own function: makes the outputs of the properties that it is given, and what resolves them.
        names: of the properties, in Python's spelling.
    """

    def __init__(self, make: Callable[..., dict[str, Any]], names: frozenset[str]) -> None:
        self._make = make
        self._names = names
        self._made: dict[str, Callable[..., None]] = {}
        self._answers: dict[str, tuple[Any, ...]] = {}

    def resolvers(self) -> dict[str, Callable[..., None]]:
        """What the SDK calls with the engine's answer about each property."""
        return {name: partial(self._resolve, name) for name in self._names}

    def _resolve(self, name: str, *answer: Any) -> None:
        self._answers[name] = answer
        if name in self._made:
            self._made[name](*answer)

    def read(self, resource: pulumi.Resource, name: str) -> Any:
        """The output of a property, which from now on is an attribute of the resource like any other.

        Raises:
            AttributeError: where there is no such property.
        """
        if name not in self._names:
            raise AttributeError(f"{type(resource).__name__!r} object has no attribute {name!r}")
        resolve = self._made[name] = self._make(resource, [name], True)[name]
        if name in self._answers:
            resolve(*self._answers[name])
        return resource.__dict__[name]


def late_outputs(resource: pulumi.Resource) -> LateOutputs | None:
    """Those of a resource; None before the SDK has asked for them, and where it makes them itself."""
    found: LateOutputs | None = resource.__dict__.get(_LATE)
    return found


def make_outputs_late(names: Callable[[Any], frozenset[str] | None]) -> bool:
    """Lets the SDK make the outputs of some resources late; at the second call nothing is changed any more.

    Args:
        names: says of a resource which outputs it has, None where the SDK makes them at once.

    Returns:
        Whether they are made late. An SDK that does this otherwise is left as it is, and makes all of them at once.
    """
    original = getattr(rpc, _TRANSFER, None)
    if getattr(original, "_makes_outputs_late", False):
        return True
    if original is None or list(inspect.signature(original).parameters) != ["res", "props", "custom"]:
        return False

    def transfer_properties(res: Any, props: Any, custom: bool) -> dict[str, Any]:
        known = names(res)
        if known is None:
            made: dict[str, Any] = original(res, props, custom)
            return made
        late = res.__dict__[_LATE] = LateOutputs(original, known)
        return late.resolvers()

    transfer_properties._makes_outputs_late = True  # type: ignore[attr-defined]
    setattr(rpc, _TRANSFER, transfer_properties)
    return True
