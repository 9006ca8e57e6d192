"""The dynamic providers: what the engine calls, translated to the core.

The classes hold nothing, so their pickle is a reference: module path and class name. Both are part of the state of
every stack and must never change; a test holds the golden pickle.
"""

from __future__ import annotations

from contextlib import suppress
from typing import ClassVar

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.runtime import rpc

from exchange_online.admin_api import AdminApiError
from exchange_online.connectors import Direction
from exchange_online.engine_watch import end_with_engine, engine_of_process
from exchange_online.names import NAMESPACE, Face, type_of
from exchange_online.resources.core import ConnectorCore, ConnectorError, Properties, secret_outputs
from exchange_online.resources.sdk import (
    hasten_plain_properties,
    is_provider_process,
    requested_urn,
    say,
    silence_tracebacks,
)
from exchange_online.resources.session import Session

silence_tracebacks()
end_with_engine()
if is_provider_process():
    hasten_plain_properties()

_PROVIDER = "__provider"


def _is_unknown(value: object) -> bool:
    """Older SDKs pass the engine's marker text, newer ones an object of their own."""
    if isinstance(value, str):
        return value == rpc.UNKNOWN
    return not isinstance(value, bool) and pulumi.contains_unknowns(value)


#: The process's one session: providers are loaded anew for every call.
_SESSION = Session(lambda text, _urn: say(text), engine=engine_of_process)
_CORES = {direction: ConnectorCore(direction, _SESSION, _is_unknown) for direction in Direction}


def announce(direction: Direction, name: object) -> None:
    """Says to the provider process of a run that its program declares a connector, before the engine asks for it.

    Args:
        name: the connector's; what is no plain text is known later, and not announced.
    """
    if isinstance(name, str) and not pulumi.runtime.is_dry_run():
        # What is in the way is said by the provider, in a sentence and at the resource.
        with suppress(AdminApiError):
            _SESSION.ownership.announce(direction.token(Face.DYNAMIC), name)


class ConnectorProvider(ResourceProvider):
    """The connectors of one direction."""

    serialize_as_secret_always = False
    #: For `repair_serializer`: each instance has the same pickle.
    holds_nothing = True
    direction: ClassVar[Direction]

    @property
    def _core(self) -> ConnectorCore:
        return _CORES[self.direction]

    def configure(self, req: ConfigureRequest) -> None:
        _SESSION.configure(lambda name: req.config.get(f"{NAMESPACE}:{name}"))

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        urn = requested_urn()
        if (token := type_of(urn)) != self.direction.token(Face.DYNAMIC):
            # Reviews, policies and the inventory know a connector by its type.
            raise ConnectorError(
                f"a connector is declared with the class {self.direction}, and this resource has the type {token}: no "
                "review, policy or inventory would know it for a connector"
            )
        canonical, refusals = self._core.check(urn, _plain(_olds), _plain(news))
        return CheckResult(canonical, [CheckFailure(refusal.property, refusal.reason) for refusal in refusals])

    def diff(self, _id: str, _olds: Properties, _news: Properties) -> DiffResult:
        difference = self._core.diff(requested_urn(), _id, _plain(_olds), _plain(_news))
        if difference.declined_before:
            # Inputs are equal, so only an explicit yes makes the engine try the service once more.
            return DiffResult(changes=True)
        if difference.properties:
            # The engine compares the inputs itself: that gives before and after values in every output.
            return DiffResult(changes=None)
        if difference.mark:
            return DiffResult(changes=True)
        return DiffResult(changes=_olds.get(_PROVIDER) != _news.get(_PROVIDER))

    def create(self, props: Properties) -> CreateResult:
        guid, outputs = self._core.create(requested_urn(), _plain(props))
        return CreateResult(guid, _marked(outputs))

    def update(self, _id: str, _olds: Properties, _news: Properties) -> UpdateResult:
        return UpdateResult(_marked(self._core.update(requested_urn(), _id, _plain(_olds), _plain(_news))))

    def read(self, id_: str, props: Properties) -> ReadResult:
        found = self._core.read(requested_urn(), id_, _plain(props))
        # Exactly None says that the connector is gone; the constructor's default id would not.
        return ReadResult(found.guid, _marked(found.outputs), _marked(found.inputs)) if found else ReadResult(None, {})

    def delete(self, _id: str, _props: Properties) -> None:
        self._core.delete(requested_urn(), _id, _plain(_props))


class InboundConnectorProvider(ConnectorProvider):
    """`New-`, `Get-`, `Set-` and `Remove-InboundConnector`."""

    direction = Direction.INBOUND


class OutboundConnectorProvider(ConnectorProvider):
    """`New-`, `Get-`, `Set-` and `Remove-OutboundConnector`."""

    direction = Direction.OUTBOUND


def _plain(properties: Properties) -> Properties:
    return {key: value for key, value in properties.items() if key != _PROVIDER}


def _marked(properties: Properties) -> Properties:
    """With the engine's mark on secrets."""
    secret = secret_outputs(properties)
    return {key: rpc.wrap_rpc_secret(value) if key in secret else value for key, value in properties.items()}
