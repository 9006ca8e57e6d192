"""Thousands of partners: the work for each is the same as for a few."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from exchange_online.admin_api import Tenant
from exchange_online.connectors import (
    ConnectorRecord,
    Direction,
    Mark,
    OtherConnector,
    OtherWays,
    RoutingRule,
)
from exchange_online.lifecycle import Listing, Owner, Ownership
from exchange_online.resources.core import outputs_of
from regulated_partners.adopt import Selection, additions, inventory_of, make_plan, with_declarations
from regulated_partners.engine.previews import read_preview
from regulated_partners.engine.state import States
from regulated_partners.partners import read_stack
from regulated_partners.policies import RULES
from regulated_partners.policies.rule import StackRule
from regulated_partners.review import as_json, comment, review_of
from tests.regulated_partners.policies import stacks
from tests.regulated_partners.rows import inbound, pair
from tests.support.growth import growth

#: What is linear comes out at 1 or below; what looks through all for each, at 4 where it is all of the work.
_LINEAR = 1.3

Work = Callable[[], object]
DEV = Mark("p", "dev")
TENANT = Tenant("7f3a9c52-0000-4000-8000-000000000000", "local")


def _partners(count: int) -> dict[str, Any]:
    declared = [
        {"name": f"Partner {n}", "domains": [f"p{n}.example", f"*.p{n}.example"], "certificateName": f"mx.p{n}.example"}
        for n in range(count)
    ]
    return {"regulated-partners:partners": declared}


def _tenant(count: int) -> list[ConnectorRecord]:
    pairs = [pair(f"Partner {n}", f"p{n}.example", certificate=f"mx.p{n}.example") for n in range(count)]
    return [connector for both in pairs for connector in both]


def _stack_file(count: int) -> Work:
    config = _partners(count)
    return lambda: read_stack(config)


def _misspelled(count: int) -> Work:
    config = _partners(count)
    for partner in config["regulated-partners:partners"]:
        partner["certficateName"] = partner.pop("certificateName")
    return lambda: read_stack(config)


def _beside(count: int) -> Work:
    declared = [
        {"name": f"In {n}", "senderDomains": [f"b{n}.example"], "tlsSenderCertificateName": f"mx.b{n}.example"}
        for n in range(count)
    ]
    return lambda: read_stack({"regulated-partners:partners": [], "regulated-partners:inboundConnectors": declared})


def _adoption(count: int) -> Work:
    tenant, stack = _tenant(count), read_stack({"regulated-partners:partners": []})

    def adopted() -> object:
        plan = make_plan(tenant, States(DEV), stack, Selection())
        added = {f"regulated-partners:{key}": items for key, items in additions(plan).items()}
        return with_declarations("config: {}\n", added)

    return adopted


def _adopted_again(count: int) -> Work:
    tenant, stack = _tenant(count), read_stack(_partners(count))
    return lambda: make_plan(tenant, States(DEV), stack, Selection())


def _inventory(count: int) -> Work:
    tenant = _tenant(count)
    return lambda: inventory_of(tenant, States(DEV))


def _policies(count: int) -> Work:
    names = [f"Partner {n}" for n in range(count)]
    halves = [
        half
        for name in names
        for half in (
            stacks.inbound(name=f"{name} in", partner=name, senderDomains=[f"{name[8:]}.example"]),
            stacks.outbound(name=f"{name} out", partner=name, recipientDomains=[f"{name[8:]}.example"]),
        )
    ]
    judged = stacks.stack(*halves, partners=tuple(names))
    return lambda: [stacks.violations(rule, judged) for rule in RULES if isinstance(rule, StackRule)]


def _policies_beside(count: int) -> Work:
    alone = [
        half
        for n in range(count)
        for half in (
            stacks.inbound(name=f"in {n}", partner=None, senderDomains=[f"{n}.example"]),
            stacks.outbound(name=f"out {n}", partner=None, recipientDomains=[f"{n}.example"]),
        )
    ]
    judged = stacks.stack(*alone, partners=())
    return lambda: [stacks.violations(rule, judged) for rule in RULES if isinstance(rule, StackRule)]


def _other_ways(count: int) -> Work:
    others = [OtherConnector(record.guid, record.settings) for record in _tenant(count)]
    rules = [RoutingRule("rule", "guid", "elsewhere")]

    def looked() -> object:
        ways = OtherWays(others, rules)
        return [ways.of(other.settings, other.guid) for other in others]

    return looked


class _Cmdlets:
    """A tenant that is listed."""

    def __init__(self, records: list[ConnectorRecord]) -> None:
        self._records = records

    def list(self, direction: Direction) -> tuple[ConnectorRecord, ...]:
        return tuple(record for record in self._records if record.direction is direction)


def _run_of_the_provider(count: int) -> Work:
    listing, ownership = Listing(_Cmdlets(_tenant(count))), Ownership()  # type: ignore[arg-type]
    new = [inbound(f"New {n}", f"n{n}.example") for n in range(count)]

    def ran() -> object:
        for number, record in enumerate(new):
            owner = Owner(f"urn:pulumi:dev::p::t::{number}")
            ownership.checked(owner.urn, as_new=True, name=record.name)
            ownership.stays(owner, f"another-{number}", "it")
            assert ownership.known(owner.urn)
            assert not listing.named(record.direction, record.name)
            ownership.give(owner.urn, record)
            listing.enter(record)
            assert listing.named(record.direction, record.name.upper()) == (record,)
            ownership.leaving(f"{owner.urn} gone", f"gone-{number}")
        return None

    return ran


def _review(count: int) -> Work:
    tenant = _tenant(count)
    steps = []
    for record in tenant:
        token = f"pulumi-python:dynamic/exchange-online:{record.direction.value}"
        parent, _, _half = record.name.rpartition(" - ")
        urn = f"urn:pulumi:dev::p::regulated-partners:index:RegulatedPartner${token}::{record.name}"
        outputs = outputs_of(record, TENANT)
        state = {"urn": urn, "custom": True, "type": token, "id": record.guid, "inputs": outputs, "outputs": outputs}
        state["parent"] = f"urn:pulumi:dev::p::regulated-partners:index:RegulatedPartner::{parent}"
        steps.append({"op": "create", "urn": urn, "newState": state})
    document = {"config": {}, "steps": steps}

    def reviewed() -> object:
        review = review_of(read_preview(document), datetime.date(2026, 11, 26))
        return comment(review, ()), as_json(review, ())

    return reviewed


@pytest.mark.parametrize(
    "work",
    [
        _stack_file,
        _misspelled,
        _beside,
        _adoption,
        _adopted_again,
        _inventory,
        _policies,
        _policies_beside,
        _other_ways,
        _run_of_the_provider,
        _review,
    ],
    ids=lambda work: work.__name__.strip("_"),
)
def test_the_work_for_each_partner_does_not_grow(work: Callable[[int], Work]) -> None:
    """Failing, something looks through all partners or connectors for each of them: thousands take hours."""
    work(2)()
    assert growth(work) < _LINEAR
