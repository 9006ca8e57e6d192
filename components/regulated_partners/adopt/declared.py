"""What a stack file declares already, connector by connector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from exchange_online.connectors import Checked, Direction, check
from regulated_partners.partners.connectors import DeclaredConnector
from regulated_partners.partners.declaration import Partner
from regulated_partners.partners.pair import Half, inbound_half, outbound_half
from regulated_partners.program import DeclaredStack


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


def of_partner(partner: Partner) -> tuple[DeclaredResource, DeclaredResource]:
    """The two resources of a partner, named as `RegulatedPartner` names them."""
    return _half(partner, inbound_half(partner)), _half(partner, outbound_half(partner))


def of_connector(connector: DeclaredConnector) -> DeclaredResource:
    """The resource of a connector beside the partners."""
    address = ResourceAddress(connector.direction, connector.name, None)
    return DeclaredResource(address, check(connector.direction, connector.inputs))


def declared_resources(stack: DeclaredStack) -> Iterable[DeclaredResource]:
    """Every connector of a stack."""
    for partner in stack.partners:
        yield from of_partner(partner)
    yield from map(of_connector, stack.connectors)


def _half(partner: Partner, half: Half) -> DeclaredResource:
    address = ResourceAddress(half.direction, f"{partner.name}-{half.direction.word}", partner.name)
    return DeclaredResource(address, check(half.direction, half.inputs))
