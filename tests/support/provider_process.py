"""The real provider process of either face, spoken to as the engine speaks to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent import futures
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, Self

import grpc
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from exchange_online import names
from exchange_online.connectors import Direction
from exchange_online.resources.dynamic import InboundConnectorProvider, OutboundConnectorProvider
from tests.support.provider_start import Fork, Started

ROOT = Path(__file__).parents[2]
PROVIDERS = {Direction.INBOUND: InboundConnectorProvider, Direction.OUTBOUND: OutboundConnectorProvider}

#: How the engine writes a value that it does not know yet.
UNKNOWN = rpc.UNKNOWN

Properties = dict[str, Any]

_numbers = count(1)


@dataclass(frozen=True)
class Face:
    """One way in which the engine reaches the core.

    Attributes:
        module: what the process runs.
        takes_secrets: whether the engine sends secrets marked as such.
    """

    module: str
    takes_secrets: bool

    def __str__(self) -> str:
        return "native" if self is NATIVE else "dynamic"

    def config(self, config: Mapping[str, str]) -> Mapping[str, str]:
        """The stack's settings as the engine hands them on: to a plugin only its own, without their namespace."""
        return config if self is DYNAMIC else {name.partition(":")[2]: value for name, value in config.items()}

    def urn(self, urn: str) -> str:
        """The URN of a resource, with the type that it has with this face."""
        if self is DYNAMIC:
            return urn
        for direction in Direction:
            urn = urn.replace(direction.token(names.Face.DYNAMIC), direction.token(names.Face.NATIVE))
        return urn

    def struct(self, direction: Direction, properties: Properties) -> struct_pb2.Struct:
        """Properties as the engine sends them."""
        plain = {key: rpc.unwrap_rpc_secret(value) for key, value in properties.items()}
        if self is DYNAMIC:
            return _struct({**plain, "__provider": serialize_provider(PROVIDERS[direction]())})
        # A program of Python's names what is secret, for the face that gets no marks.
        named = properties.get("secretProperties", ())
        return _struct({key: rpc.wrap_rpc_secret(value) if key in named else value for key, value in plain.items()})


#: `python -m pulumi.dynamic`. It does not take secrets, so the engine takes the marks off.
DYNAMIC = Face("pulumi.dynamic", takes_secrets=False)
#: The plugin.
NATIVE = Face("regulated_partners.plugin.main", takes_secrets=True)


class ProviderError(Exception):
    """What the engine would show: the text of a failed call.

    Attributes:
        made: what the engine keeps of a create that made something all the same.
    """

    def __init__(self, text: str, made: provider_pb2.ErrorResourceInitFailed | None = None) -> None:
        super().__init__(text)
        self.made = made


@dataclass(frozen=True)
class Diff:
    """`some`, `none` or `unknown` (the engine compares the inputs itself), and what forces a replacement."""

    changes: str
    replaces: tuple[str, ...]


@dataclass(frozen=True)
class Resource:
    """What the engine keeps of a resource: its id, inputs and outputs; and its URN."""

    direction: Direction
    id: str
    inputs: Properties
    outputs: Properties
    urn: str


@dataclass
class _Engine(engine_pb2_grpc.EngineServicer):
    messages: list[str] = field(default_factory=list)
    about: list[str] = field(default_factory=list)

    def Log(self, request: engine_pb2.LogRequest, _context: object) -> Empty:  # noqa: N802 - the protocol's name
        self.messages.append(request.message)
        self.about.append(request.urn)
        return Empty()


class ProviderProcess:
    """One provider process, configured as a stack configures it.

    Args:
        config: the stack's settings with their namespace.
        environ: variables on top of this process's.
        cwd: the program's folder; relative paths in errors and settings start there.
        start: how it is started; `Command` is the language host's way, for tests of the start itself.
        face: which one it serves.
    """

    def __init__(
        self,
        config: Mapping[str, str],
        environ: Mapping[str, str],
        cwd: Path = ROOT,
        start: Callable[[str, str, Mapping[str, str], Path], Started] = Fork,
        face: Face = DYNAMIC,
    ) -> None:
        self.face = face
        self._engine = _Engine()
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        engine_pb2_grpc.add_EngineServicer_to_server(self._engine, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        own = {"PULUMI_PROJECT": "regulated-partners", "PYTHONPATH": str(ROOT)}
        self._process = start(face.module, f"127.0.0.1:{port}", {**os.environ, **own, **environ}, cwd)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self._process.port}")
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        request = provider_pb2.ConfigureRequest(args=_struct(dict(face.config(config))), acceptSecrets=True)
        configured = self.call("Configure", request)
        #: Whether the engine may send secrets marked as such; if not, it sends the plain values and marks them again.
        self.accepts_secrets = bool(configured.acceptSecrets)

    @property
    def messages(self) -> list[str]:
        """Warnings that the engine was given."""
        return self._engine.messages

    @property
    def said_about(self) -> list[str]:
        """The URN of the resource that each warning was given for, empty for none."""
        return self._engine.about

    def check(
        self, direction: Direction, news: Properties, known: Resource | None = None, urn: str = ""
    ) -> tuple[Properties, dict[str, list[str]]]:
        """The canonical inputs, and for each refused property its reasons.

        Args:
            known: the resource that the state has.
            urn: of one that is new, or about to be replaced.
        """
        olds = self.face.struct(direction, known.inputs) if known else _struct({})
        where = urn or (known.urn if known else urn_of(direction, "checked"))
        request = provider_pb2.CheckRequest(urn=where, olds=olds, news=self.face.struct(direction, news))
        answer = self.call("Check", request)
        failures: dict[str, list[str]] = {}
        for failure in answer.failures:
            failures.setdefault(failure.property, []).append(failure.reason)
        return _plain(answer.inputs), failures

    def diff(self, resource: Resource, news: Properties) -> Diff:
        """`news` are checked inputs."""
        answer = self.call(
            "Diff",
            provider_pb2.DiffRequest(
                id=resource.id,
                urn=resource.urn,
                olds=self.face.struct(resource.direction, resource.outputs),
                news=self.face.struct(resource.direction, news),
            ),
        )
        name = provider_pb2.DiffResponse.DiffChanges.Name(answer.changes)
        return Diff(name.removeprefix("DIFF_").lower(), tuple(answer.replaces))

    def create(self, direction: Direction, declared: Properties, urn: str = "") -> Resource:
        """Checks, then creates, as `pulumi up` does; a resource of its own unless a URN is given."""
        urn = urn or urn_of(direction, f"resource-{next(_numbers)}")
        inputs, failures = self.check(direction, declared, urn=urn)
        if failures:
            raise ProviderError(f"check refused: {failures}")
        request = provider_pb2.CreateRequest(urn=urn, properties=self.face.struct(direction, inputs))
        answer = self.call("Create", request)
        return Resource(direction, answer.id, inputs, _plain(answer.properties), urn)

    def update(self, resource: Resource, declared: Properties) -> Resource:
        """Checks, then updates if diff says that something changed."""
        inputs, failures = self.check(resource.direction, declared, resource)
        if failures:
            raise ProviderError(f"check refused: {failures}")
        if self.diff(resource, inputs).changes == "none":
            return replace(resource, inputs=inputs)
        return self.apply_update(resource, inputs)

    def apply_update(self, resource: Resource, inputs: Properties) -> Resource:
        """Updates to checked inputs, whatever diff says."""
        answer = self.call(
            "Update",
            provider_pb2.UpdateRequest(
                id=resource.id,
                urn=resource.urn,
                olds=self.face.struct(resource.direction, resource.outputs),
                news=self.face.struct(resource.direction, inputs),
            ),
        )
        return replace(resource, inputs=inputs, outputs=_plain(answer.properties))

    def read(self, resource: Resource) -> Resource | None:
        """What a refresh makes of the resource; None if it is gone."""
        answer = self.call(
            "Read",
            provider_pb2.ReadRequest(
                id=resource.id,
                urn=resource.urn,
                properties=self.face.struct(resource.direction, resource.outputs),
                inputs=self.face.struct(resource.direction, resource.inputs),
            ),
        )
        if not answer.id:
            return None
        return replace(resource, id=answer.id, inputs=_plain(answer.inputs), outputs=_plain(answer.properties))

    def delete(self, resource: Resource) -> None:
        request = provider_pb2.DeleteRequest(
            id=resource.id,
            urn=resource.urn,
            properties=self.face.struct(resource.direction, resource.outputs),
        )
        self.call("Delete", request)

    def kill(self) -> None:
        """The plugin dies at once, as a pipeline that is cancelled hard kills it."""
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._channel.close()
        self.kill()
        self._server.stop(None)

    def call(self, method: str, request: Any) -> Any:
        """A call of the protocol, and its answer. Raises ProviderError."""
        if hasattr(request, "urn"):
            request.urn = self.face.urn(request.urn)
        try:
            return getattr(self._stub, method)(request, timeout=120)
        except grpc.RpcError as error:
            raise ProviderError(str(error.details()), _made(error)) from None


def urn_of(direction: Direction, name: str, stack: str = "test") -> str:
    """The URN of a resource of the project."""
    return f"urn:pulumi:{stack}::regulated-partners::{direction.token(names.Face.DYNAMIC)}::{name}"


def _made(error: Any) -> provider_pb2.ErrorResourceInitFailed | None:
    details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if details is None:
        return None
    (detail,) = status_pb2.Status.FromString(details).details
    made = provider_pb2.ErrorResourceInitFailed()
    assert detail.Unpack(made)
    return made


def _struct(properties: Properties) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def _plain(struct: struct_pb2.Struct) -> Properties:
    properties: Properties = MessageToDict(struct)
    properties.pop("__provider", None)
    return properties
