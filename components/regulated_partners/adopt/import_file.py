"""The file of `pulumi import`: resources with their inputs and outputs, so that the engine asks nobody.

Source: pulumi 3.259, pkg/cmd/pulumi/operations/import.go (`inputs` and `outputs` since 3.254, pull request 23984).
A dynamic provider cannot be imported in any other way (pulumi issue 16175). The plugin can: there the engine reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from exchange_online.admin_api import Tenant
from exchange_online.connectors import Direction
from exchange_online.names import Face
from exchange_online.resources.core import outputs_of
from regulated_partners.adopt.plan import Verdict
from regulated_partners.names import COMPONENT_TOKENS

Entry = dict[str, object]


def import_file(adopted: Sequence[Verdict], tenant: Tenant, guids: Iterable[tuple[str, Direction, str]] = ()) -> str:
    """The file's text. Resources that are in the state already may be in it: the engine leaves them as they are.

    Args:
        adopted: the connectors to bring under management, each with its resource.
        tenant: that has them.
        guids: partner, direction and Guid of connectors of the same partners that are managed already.
    """
    outputs = _component_outputs(adopted, guids)
    given: dict[str, Entry] = {
        partner: {"outputs": own} if len(own) == len(Direction) else {} for partner, own in outputs.items()
    }
    return _file(Face.DYNAMIC, given, [(one, _known(one, tenant)) for one in adopted])


def native_import_file(adopted: Sequence[Verdict]) -> str:
    """The same for a program that declares its connectors with the plugin: by their Guids, which the engine reads.

    Args:
        adopted: the connectors to bring under management, each with its resource.
    """
    given: dict[str, Entry] = {one.partner: {"remote": True} for one in adopted if one.partner is not None}
    return _file(Face.NATIVE, given, [(one, {}) for one in adopted])


def _file(face: Face, partners: Mapping[str, Entry], connectors: Sequence[tuple[Verdict, Entry]]) -> str:
    """The entries of partners, with what is further known of each, and those of connectors."""
    entries: list[Entry] = []
    # Names in the file only tie children to parents: they must be unique in it, and logical names need not be.
    parents = {partner: f"partner-{number}" for number, partner in enumerate(partners)}
    for partner, known in partners.items():
        entry: Entry = {"type": COMPONENT_TOKENS[face], "name": parents[partner], "logicalName": partner}
        entries.append({**entry, "component": True, **known})
    for number, (verdict, known) in enumerate(connectors):
        if verdict.resource is not None:
            entry = {
                "type": verdict.connector.direction.token(face),
                "name": f"connector-{number}",
                "logicalName": verdict.resource.name,
                "id": verdict.connector.guid,
                **known,
            }
            if verdict.partner is not None:
                entry["parent"] = parents[verdict.partner]
            entries.append(entry)
    return json.dumps({"resources": entries}, indent=1)


def _known(verdict: Verdict, tenant: Tenant) -> Entry:
    """What the engine would read of a connector, and cannot where its provider is dynamic."""
    if verdict.resource is None:
        return {}
    record, checked = verdict.connector, verdict.resource.checked
    provider = {"__provider": _provider(record.direction)}
    return {
        "inputs": {**checked.inputs(), **provider},
        "outputs": {**outputs_of(record, tenant), **checked.options.inputs(), **provider},
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
