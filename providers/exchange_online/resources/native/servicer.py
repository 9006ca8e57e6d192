"""What the engine asks of the plugin, answered by the core: one provider of a program, one tenant.

The SDK's servicer builds components; its other calls are answered here, as the protocol has them.

Source: pulumi/pulumi 3.259, proto/pulumi/provider.proto; what the engine sends when was measured.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import grpc
import pulumi
from google.protobuf import any_pb2, empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi.errors import InputPropertiesError
from pulumi.provider import Provider
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, status_pb2

from exchange_online.admin_api import Shared
from exchange_online.connectors import Direction, hide, redacted
from exchange_online.names import Face
from exchange_online.resources.core import (
    A_DEFECT,
    ConnectorCore,
    ConnectorError,
    Properties,
    Refusal,
    as_sentences,
    computed_of,
    place_of,
    secret_outputs,
)
from exchange_online.resources.native import configuration, functions, wire
from exchange_online.resources.native.wire import UNKNOWN
from exchange_online.resources.session import Session

Result = TypeVar("Result")

#: The direction of each type.
TYPES = {direction.token(Face.NATIVE): direction for direction in Direction}

#: Threads for what may wait for its turn to write, and for all else: what is declared is compared at once, however
#: many creates wait, because a create asks what else is declared.
_WRITING, _OTHER = 32, 16

#: Every preview and `up` of a state with it reads the connector first: drift shows in any project.
_LOOKS_FOR_DRIFT = True


class Components(Provider):
    """What a plugin adds to the connectors: components, and the schema of the whole.

    Attributes:
        provider_name: what the engine calls the provider in the program; known before anything is made.
    """

    provider_name: str = ""

    def package_schema(self) -> str:
        """The schema of the package, JSON."""
        raise NotImplementedError


class Servicer(ProviderServicer):
    """Answers the engine.

    Args:
        provider: makes components, and holds version and schema.
        engine: where the engine listens, host:port; empty for a plugin that a developer has started, to which the
            engine attaches itself.
    """

    def __init__(self, provider: Components, engine: str = "") -> None:
        super().__init__(provider, [], engine)
        self._components = provider
        self._writing = ThreadPoolExecutor(_WRITING, "writing")
        self._other = ThreadPoolExecutor(_OTHER, "other")
        self._lock = threading.Lock()
        self._channel: grpc.Channel | None = None
        self._configured: tuple[str, dict[str, object]] | None = None
        self._begin()

    def _begin(self) -> None:
        self._session = Session(self._say, shared=Shared(), engine=lambda: self.engine_address)
        self._cores = {
            direction: ConnectorCore(direction, self._session, wire.is_unknown, takes_names=True)
            for direction in Direction
        }

    # The provider itself.

    async def Attach(self, request: plugin_pb2.PluginAttach, _context: Any) -> empty_pb2.Empty:  # noqa: N802
        with self._lock:
            self.engine_address = request.address
            self._channel = None
        return empty_pb2.Empty()

    async def CheckConfig(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        def work() -> provider_pb2.CheckResponse:
            settings = _settings(request.news)
            inputs = wire.sent(settings.properties, settings.secret | configuration.SECRET_SETTINGS)
            return provider_pb2.CheckResponse(
                inputs=inputs, failures=_failures(configuration.refusals(settings.properties))
            )

        return await self._answered(context, "checking the provider's settings", work)

    async def DiffConfig(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        def work() -> provider_pb2.DiffResponse:
            # The outputs of a provider are its inputs; of an older one the engine may have one of both only.
            old = _settings(request.old_inputs).properties or _settings(request.olds).properties
            try:
                differs = configuration.differs(old, _settings(request.news).properties)
            except configuration.TenantChangedError as error:
                raise ConnectorError(str(error)) from None
            return _difference(provider_pb2.DiffResponse.DIFF_SOME if differs else provider_pb2.DiffResponse.DIFF_NONE)

        return await self._answered(context, "comparing the provider's settings", work)

    async def Configure(self, request: provider_pb2.ConfigureRequest, context: Any) -> provider_pb2.ConfigureResponse:  # noqa: N802
        def work() -> provider_pb2.ConfigureResponse:
            settings = _settings(request.args).properties
            if refused := configuration.refusals(settings):
                raise ConnectorError(" ".join(refusal.reason for refusal in refused))
            with self._lock:
                configured = self.engine_address, settings
                if self._configured and self._configured[0] != self.engine_address:
                    # The next run of a plugin that a developer has started.
                    self._begin()
                elif self._configured not in (None, configured):
                    raise ConnectorError(
                        "this process of the plugin serves another provider already: while it is attached by "
                        "PULUMI_DEBUG_PROVIDERS, a program can have one provider only."
                    )
                self._configured = configured
            self._components.provider_name = request.name
            self._session.configure(settings.get)
            return provider_pb2.ConfigureResponse(
                acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
            )

        return await self._answered(context, "configuring the provider", work)

    async def Cancel(self, _request: empty_pb2.Empty, _context: Any) -> empty_pb2.Empty:  # noqa: N802
        """Comes after Ctrl-C at once, and at the end of every run."""
        self.cancel()
        return empty_pb2.Empty()

    def cancel(self) -> None:
        """What is being sent is finished, and nothing further is written."""
        self._session.cancel()

    # Connectors.

    async def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:  # noqa: N802
        core = await self._core(request.urn, context)

        def work() -> provider_pb2.CheckResponse:
            olds = wire.recorded(core.direction, request.olds)
            news = wire.declared(core.direction, request.news)
            inputs, refused = core.check(request.urn, olds, news)
            return provider_pb2.CheckResponse(inputs=_marked(inputs), failures=_failures(refused))

        return await self._answered(context, _doing("checking", core), work)

    async def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:  # noqa: N802
        core = await self._core(request.urn, context)

        def work() -> provider_pb2.DiffResponse:
            olds = wire.recorded(core.direction, request.olds)
            news = wire.declared(core.direction, request.news)
            difference = core.diff(request.urn, request.id, olds, news)
            if difference.declined_before or (difference.mark and not difference.properties):
                # Inputs are equal, so only an explicit yes makes the engine try the service once more.
                return _difference(provider_pb2.DiffResponse.DIFF_SOME)
            if difference.properties:
                # The engine compares the inputs itself: that gives before and after values in every output.
                return _difference(provider_pb2.DiffResponse.DIFF_UNKNOWN)
            return _difference(provider_pb2.DiffResponse.DIFF_NONE)

        return await self._answered(context, _doing("comparing", core), work)

    async def Create(self, request: provider_pb2.CreateRequest, context: Any) -> provider_pb2.CreateResponse:  # noqa: N802
        core = await self._core(request.urn, context)

        def work() -> provider_pb2.CreateResponse:
            news = wire.declared(core.direction, request.properties)
            if request.preview:
                guid, outputs = "", {**news, **dict.fromkeys(_computed(core.direction), UNKNOWN)}
            else:
                guid, outputs = core.create(request.urn, news)
            return provider_pb2.CreateResponse(
                id=guid, properties=_marked(outputs), refresh_before_update=_LOOKS_FOR_DRIFT
            )

        return await self._answered(
            context, _doing("creating", core, request.properties), work, self._writing, request.timeout
        )

    async def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:  # noqa: N802
        core = await self._core(request.urn, context)

        def work() -> provider_pb2.ReadResponse:
            found = core.read(request.urn, request.id, wire.recorded(core.direction, request.properties))
            if found is None:
                # Without an id the engine takes it for gone.
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=found.guid,
                properties=_marked(found.outputs),
                inputs=_marked(found.inputs),
                refresh_before_update=_LOOKS_FOR_DRIFT,
            )

        return await self._answered(
            context, _doing("reading", core, request.properties, request.id), work, timeout=request.timeout
        )

    async def Update(self, request: provider_pb2.UpdateRequest, context: Any) -> provider_pb2.UpdateResponse:  # noqa: N802
        core = await self._core(request.urn, context)

        def work() -> provider_pb2.UpdateResponse:
            olds = wire.recorded(core.direction, request.olds)
            news = wire.declared(core.direction, request.news)
            outputs = (
                _updated(core.direction, olds, news)
                if request.preview
                else core.update(request.urn, request.id, olds, news)
            )
            return provider_pb2.UpdateResponse(properties=_marked(outputs), refresh_before_update=_LOOKS_FOR_DRIFT)

        return await self._answered(
            context, _doing("updating", core, request.news), work, self._writing, request.timeout
        )

    async def Delete(self, request: provider_pb2.DeleteRequest, context: Any) -> empty_pb2.Empty:  # noqa: N802
        core = await self._core(request.urn, context)

        def work() -> empty_pb2.Empty:
            core.delete(request.urn, request.id, wire.recorded(core.direction, request.properties))
            return empty_pb2.Empty()

        return await self._answered(
            context, _doing("deleting", core, request.properties), work, self._writing, request.timeout
        )

    # Functions and components.

    async def Invoke(self, request: provider_pb2.InvokeRequest, context: Any) -> provider_pb2.InvokeResponse:  # noqa: N802
        def work() -> provider_pb2.InvokeResponse:
            try:
                found, refused = functions.answer(self._session, request.tok, wire.received(request.args).properties)
            except LookupError as error:
                raise ConnectorError(f"{error.args[0]}.") from None
            return provider_pb2.InvokeResponse(
                **{"return": wire.sent(found)},  # a word of Python's
                failures=_failures(refused),
            )

        return await self._answered(context, f"calling {request.tok.rpartition(':')[2]}", work)

    async def Construct(self, request: provider_pb2.ConstructRequest, context: Any) -> provider_pb2.ConstructResponse:  # noqa: N802
        try:
            return await self._construct(request, context)
        except InputPropertiesError as error:
            status = self.create_grpc_invalid_properties_status(error.message, error.errors)
        except (ConnectorError, pulumi.RunError) as error:
            status = _status(redacted(str(error)))
        except Exception as error:  # noqa: BLE001 - what it says may hold anything
            status = _status(redacted(_unfinished(request.name, error)))
        await context.abort_with_status(status)
        raise AssertionError("unreachable")

    async def GetSchema(self, _request: provider_pb2.GetSchemaRequest, _context: Any) -> provider_pb2.GetSchemaResponse:  # noqa: N802
        return provider_pb2.GetSchemaResponse(schema=self._components.package_schema())

    @staticmethod
    def _construct_options(request: provider_pb2.ConstructRequest) -> pulumi.ResourceOptions:
        options = ProviderServicer._construct_options(request)
        # The SDK makes them and drops them.
        given = request.customTimeouts
        timeouts = {name: getattr(given, name) for name in ("create", "update", "delete") if getattr(given, name)}
        options.custom_timeouts = pulumi.CustomTimeouts(**timeouts) if timeouts else None
        return options

    # How they are answered.

    async def _core(self, urn: str, context: Any) -> ConnectorCore:
        token = _type_of(urn)
        if token not in TYPES:
            await context.abort(
                grpc.StatusCode.UNKNOWN, f"the plugin has no resource {token}; there are {', '.join(TYPES)}."
            )
        return self._cores[TYPES[token]]

    async def _answered(
        self,
        context: Any,
        doing: str,
        work: Callable[[], Result],
        pool: ThreadPoolExecutor | None = None,
        timeout: float = 0.0,
    ) -> Result:
        """What the work comes to, done in a thread; the engine gets a sentence where it fails.

        Args:
            doing: for the sentences.
            timeout: seconds that the program gives it; 0 is no limit.
        """

        def in_sentences() -> Result:
            with as_sentences(doing):
                return work()

        running = asyncio.get_running_loop().run_in_executor(pool or self._other, in_sentences)
        try:
            return await asyncio.wait_for(running, timeout or None)
        except TimeoutError:
            text = (
                f"{doing} took longer than the {timeout:g} s that customTimeouts allows. What was sent may still be "
                "done: the next run finds it by the mark in its comment, and goes on from there."
            )
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, text)
        except ConnectorError as error:
            await context.abort_with_status(_status(str(error), _made(error)))
        raise AssertionError("unreachable")

    def _say(self, text: str, urn: str) -> None:
        """Shows a warning, at its resource. Never raises."""
        with self._lock:
            if self._channel is None and self.engine_address:
                self._channel = grpc.insecure_channel(self.engine_address)
            channel = self._channel
        if channel is None:
            return
        request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn)
        try:
            engine_pb2_grpc.EngineStub(channel).Log(request, timeout=5)
        except grpc.RpcError:
            # Nobody listens any more.
            return


def _unfinished(name: str, error: Exception) -> str:
    if type(error) is Exception:
        # The SDK's for what the engine answers: the run ends because something else has failed, which is said there.
        return f"declaring '{name}' was not finished: {error}"
    return f"declaring '{name}' failed with an unexpected {type(error).__name__}{place_of(error)}. {A_DEFECT}"


class _Status(grpc.Status):  # type: ignore[misc] # grpc has no types
    """How a call ends, in the form that grpc wants."""

    def __init__(self, details: str, more: Iterable[tuple[str, bytes]] = ()) -> None:
        self.code = grpc.StatusCode.UNKNOWN
        self.details = details
        self.trailing_metadata = tuple(more)


def _status(text: str, made: provider_pb2.ErrorResourceInitFailed | None = None) -> _Status:
    if made is None:
        return _Status(text)
    detail = any_pb2.Any()
    detail.Pack(made)
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=text, details=[detail])
    return _Status(text, [("grpc-status-details-bin", status.SerializeToString())])


def _made(error: ConnectorError) -> provider_pb2.ErrorResourceInitFailed | None:
    """With it the engine keeps the resource, and has it updated by the next run whatever `Diff` says."""
    if error.made is None:
        return None
    return provider_pb2.ErrorResourceInitFailed(
        id=error.made.guid,
        properties=_marked(error.made.outputs),
        inputs=_marked(error.made.inputs),
        reasons=[str(error)],
        refresh_before_update=_LOOKS_FOR_DRIFT,
    )


def _settings(struct: struct_pb2.Struct) -> wire.Received:
    found = wire.received(struct)
    hide(
        value
        for name in found.secret | configuration.SECRET_SETTINGS
        if isinstance(value := found.properties.get(name), str) and not wire.is_unknown(value)
    )
    return found


def _marked(properties: Mapping[str, object]) -> struct_pb2.Struct:
    return wire.sent(properties, secret_outputs(properties))


def _failures(refused: Iterable[Refusal]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=refusal.property, reason=refusal.reason) for refusal in refused]


def _difference(changes: provider_pb2.DiffResponse.DiffChanges.ValueType) -> provider_pb2.DiffResponse:
    """Never with anything that would be replaced."""
    return provider_pb2.DiffResponse(changes=changes)


def _computed(direction: Direction) -> tuple[str, ...]:
    """The outputs that nobody knows before a connector is there."""
    return tuple(output.key for output in computed_of(direction))


def _updated(direction: Direction, olds: Properties, news: Properties) -> Properties:
    """What a preview knows of a connector after an update."""
    kept = {key: olds[key] for key in _computed(direction) if key in olds}
    unknown = {"whenChangedUtc": UNKNOWN}
    if olds.get("name") != news.get("name"):
        unknown["identity"] = UNKNOWN
    return {**kept, **unknown, **news}


def _type_of(urn: str) -> str:
    parts = urn.split("::", 3)
    return parts[2].rpartition("$")[2] if len(parts) == 4 else ""


def _doing(what: str, core: ConnectorCore, struct: struct_pb2.Struct | None = None, guid: str = "") -> str:
    if struct is None:
        return f"{what} an {core.direction.word} connector"
    return redacted(f"{what} the {core.called(wire.declared(core.direction, struct), guid)}")
