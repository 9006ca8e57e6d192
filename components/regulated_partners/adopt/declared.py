"""What a stack file declares already, connector by connector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exchange_online.connectors import Checked, Direction
from regulated_partners.partners import DeclaredConnector, DeclaredStack, Pair


@dataclass(frozen=True)
class ResourceAddress:
    """Where a connector's resource stands in the program.

    Attributes:
        direction: the connector's.
        name: the resource's name.
        partner: the partner whose component it belongs to; None for a connector beside the partners.
    """

    direction: Direction
    name: str
    partner: str | None


@dataclass(frozen=True)
class DeclaredResource:
    """One connector that a stack declares: where, and with which settings."""

    address: ResourceAddress
    checked: Checked


def of_pair(pair: Pair) -> tuple[DeclaredResource, DeclaredResource]:
    """The two resources of a partner."""
    inbound, outbound = (
        DeclaredResource(ResourceAddress(half.direction, half.resource, pair.name), half.checked)
        for half in pair.halves
    )
    return inbound, outbound


def of_connector(connector: DeclaredConnector) -> DeclaredResource:
    """The resource of a connector beside the partners."""
    return DeclaredResource(ResourceAddress(connector.direction, connector.name, None), connector.checked)


def declared_resources(stack: DeclaredStack) -> Iterable[DeclaredResource]:
    """Every connector of a stack."""
    for pair in stack.pairs:
        yield from of_pair(pair)
    yield from map(of_connector, stack.connectors)
