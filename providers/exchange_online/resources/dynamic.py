"""The dynamic providers: what the engine calls, translated to the domain and the client.

The classes hold nothing, so their pickle is a reference: module path and class name. Both are part of the state of
every stack and must never change; a test holds the golden pickle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

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

from exchange_online.connectors import Checked, Direction, changes, check
from exchange_online.connectors.canonical import inputs
from exchange_online.connectors.options import Options
from exchange_online.connectors.record import COMPUTED, ConnectorRecord
from exchange_online.lifecycle.crud import Outcome
from exchange_online.resources import runtime
from exchange_online.resources.diagnostics import warn
from exchange_online.resources.failures import as_sentences, silence_tracebacks

silence_tracebacks()

Properties = dict[str, Any]

_PROVIDER = "__provider"

#: The output that names inputs which the service did not take over, although it did not refuse them.
DECLINED = "declined"

_NOT_SETTINGS = {_PROVIDER, DECLINED, *COMPUTED}


class ConnectorProvider(ResourceProvider):
    """Create, read, update and delete of connectors of one direction. `check` and `diff` use no network."""

    serialize_as_secret_always = False
    direction: ClassVar[Direction]

    def configure(self, req: ConfigureRequest) -> None:
        runtime.configure(req.config.get)

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        with as_sentences(f"checking the {self._called(news)}"):
            declared = {key: value for key, value in news.items() if key != _PROVIDER}
            if isinstance(earlier := _olds.get("name"), str):
                runtime.ownership.declare(self.direction, earlier)
            checked = check(self.direction, declared, _is_unknown)
            for finding in checked.warnings:
                warn(f"{self._called(news)}: {finding}")
            failures = [
                CheckFailure(error.top_property, f"{error}. [{self._called(news)}]") for error in checked.errors
            ]
            canonical: Properties = dict(checked.inputs())
            canonical |= {key: value for key, value in declared.items() if key in checked.unknown}
            return CheckResult(canonical, failures)

    def diff(self, _id: str, _olds: Properties, _news: Properties) -> DiffResult:
        with as_sentences(f"comparing the {self._called(_news)}"):
            olds, news = self._settings(_olds), self._settings(_news)
            changed = {change.parameter.key for change in changes(olds.settings, news.settings)} | news.unknown
            if changed and changed <= set(_olds.get(DECLINED, ())):
                # Inputs are equal, so only an explicit yes makes the engine try the service once more.
                return DiffResult(changes=True)
            if changed or olds.options != news.options:
                # The engine compares the inputs itself: that gives before and after values in every output.
                return DiffResult(changes=None)
            return DiffResult(changes=_olds.get(_PROVIDER) != _news.get(_PROVIDER))

    def create(self, props: Properties) -> CreateResult:
        with as_sentences(f"creating the {self._called(props)}"):
            declared = self._settings(props)
            outcome = runtime.lifecycle().create(declared.settings, declared.options)
            return CreateResult(outcome.record.guid, self._outputs(outcome, declared.options))

    def update(self, _id: str, _olds: Properties, _news: Properties) -> UpdateResult:
        with as_sentences(f"updating the {self._called(_news)}"):
            before, after = self._settings(_olds), self._settings(_news)
            outcome = runtime.lifecycle().update(_id, before.settings, after.settings)
            return UpdateResult(self._outputs(outcome, after.options))

    def read(self, id_: str, props: Properties) -> ReadResult:
        with as_sentences(f"reading the {self._called(props, id_)}"):
            record = runtime.lifecycle().read(self.direction, id_)
            if record is None:
                # Exactly this says that the connector is gone; the constructor's default id would not.
                return ReadResult(None, {})
            options = self._settings(props).options
            return ReadResult(
                record.guid, _with_options(record, options), {**inputs(record.settings), **options.inputs()}
            )

    def delete(self, _id: str, _props: Properties) -> None:
        with as_sentences(f"deleting the {self._called(_props, _id)}"):
            for warning in runtime.lifecycle().delete(_id, self._settings(_props).settings):
                warn(f"{self._called(_props, _id)}: {warning}")

    def _settings(self, properties: Mapping[str, object]) -> Checked:
        return check(
            self.direction, {key: value for key, value in properties.items() if key not in _NOT_SETTINGS}, _is_unknown
        )

    def _outputs(self, outcome: Outcome, options: Options) -> Properties:
        for warning in outcome.warnings:
            warn(f"{self.direction.word} connector '{outcome.record.name}': {warning}")
        outputs = _with_options(outcome.record, options)
        if outcome.declined:
            outputs[DECLINED] = list(outcome.declined)
        return outputs

    def _called(self, properties: Mapping[str, object], guid: str = "") -> str:
        name = properties.get("name")
        return f"{self.direction.word} connector '{name if isinstance(name, str) else guid}'"


class InboundConnectorProvider(ConnectorProvider):
    """`New-`, `Get-`, `Set-` and `Remove-InboundConnector`."""

    direction = Direction.INBOUND


class OutboundConnectorProvider(ConnectorProvider):
    """`New-`, `Get-`, `Set-` and `Remove-OutboundConnector`."""

    direction = Direction.OUTBOUND


def _is_unknown(value: object) -> bool:
    """Older SDKs pass the engine's marker text, newer ones an object of their own."""
    return pulumi.contains_unknowns(value) or value == rpc.UNKNOWN


def _with_options(record: ConnectorRecord, options: Options) -> Properties:
    return {**record.outputs(), **options.inputs()}
