"""The file of `pulumi import`: resources with their inputs and outputs, so that the engine asks nobody.

Source: pulumi 3.259, pkg/cmd/pulumi/operations/import.go (`inputs` and `outputs` since 3.254, pull request 23984).
A dynamic provider cannot be imported in any other way (pulumi issue 16175).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from exchange_online.admin_api import Tenant
from exchange_online.connectors import ConnectorRecord, Direction
from exchange_online.names import Face
from exchange_online.resources.core import outputs_of
from regulated_partners.adopt.plan import DeclaredResource, Verdict
from regulated_partners.names import COMPONENT_TOKENS

Entry = dict[str, object]


def import_file(adopted: Sequence[Verdict], tenant: Tenant, guids: Iterable[tuple[str, Direction, str]] = ()) -> str:
    """The file's text. Resources that are in the state already may be in it: the engine leaves them as they are.

    Args:
        adopted: the connectors to bring under management, each with its resource.
        tenant: that has them.
        guids: partner, direction and Guid of connectors of the same partners that are managed already.
    """
    entries: list[Entry] = []
    outputs = _component_outputs(adopted, guids)
    # Names in the file only tie children to parents: they must be unique in it, and logical names need not be.
    parents = {partner: f"partner-{number}" for number, partner in enumerate(outputs)}
    for partner, own in outputs.items():
        entry: Entry = {
            "type": COMPONENT_TOKENS[Face.DYNAMIC],
            "name": parents[partner],
            "logicalName": partner,
            "component": True,
        }
        entries.append(entry | ({"outputs": own} if len(own) == len(Direction) else {}))
    for number, verdict in enumerate(adopted):
        if verdict.resource is not None:
            entry = _entry(f"connector-{number}", verdict.connector, verdict.resource, tenant)
            if verdict.partner is not None:
                entry["parent"] = parents[verdict.partner]
            entries.append(entry)
    return json.dumps({"resources": entries}, indent=1)


def _entry(name: str, record: ConnectorRecord, resource: DeclaredResource, tenant: Tenant) -> Entry:
    provider = {"__provider": _provider(record.direction)}
    return {
        "type": record.direction.token(Face.DYNAMIC),
        "name": name,
        "logicalName": resource.name,
        "id": record.guid,
        "inputs": {**resource.checked.inputs(), **provider},
        "outputs": {**outputs_of(record, tenant), **resource.checked.options.inputs(), **provider},
    }


def _component_outputs(
    adopted: Sequence[Verdict], guids: Iterable[tuple[str, Direction, str]]
) -> dict[str, dict[str, str]]:
    """What each partner's component registers as its outputs: the ids of its connectors."""
    outputs: dict[str, dict[str, str]] = {}
    for verdict in adopted:
        if verdict.partner is not None:
            own = outputs.setdefault(verdict.partner, {})
            own[_output(verdict.connector.direction)] = verdict.connector.guid
    for partner, direction, guid in guids:
        if partner in outputs:
            outputs[partner].setdefault(_output(direction), guid)
    return outputs


def _output(direction: Direction) -> str:
    return f"{direction.word}Connector"


def _provider(direction: Direction) -> str:
    """What the SDK writes into the inputs of a dynamic resource: a reference to the provider's class."""
    from pulumi.dynamic.dynamic import serialize_provider

    from exchange_online.resources.dynamic import InboundConnectorProvider, OutboundConnectorProvider

    kind = InboundConnectorProvider if direction is Direction.INBOUND else OutboundConnectorProvider
    return str(serialize_provider(kind()))
