"""Which stack manages a connector, as the inventory shows it."""

from __future__ import annotations

import csv
import io
import json

import pytest

from exchange_online.connectors import ConnectorRecord, Direction, Mark
from exchange_online.names import Face
from regulated_partners.adopt import InventoryItem, inventory_json, inventory_of, rendered
from regulated_partners.engine.state import ManagedConnector, States, managed_by
from regulated_partners.names import COMPONENT_TOKENS
from regulated_partners.other_ways import Look
from tests.regulated_partners.rows import inbound

DEV, STAGING = Mark("p", "dev"), Mark("p", "staging")


def shown(comment: str, stack: str = "", recorded: Mark | None = None, *, marks: bool = True) -> InventoryItem:
    """How the inventory of p/dev shows a connector with a comment that is in the state of a stack."""
    connector = inbound("x", "a.com", Comment=comment)
    managed = ManagedConnector(stack, connector.direction, connector.guid, "resource", False, recorded)
    states = States(DEV, {connector.guid: managed} if stack else {}, frozenset({DEV, STAGING}))
    (item,) = inventory_of([connector], states, marks=marks)
    return item


@pytest.mark.parametrize(
    ("item", "ownership", "cell", "unmanaged", "note"),
    [
        (shown("SEC-1\n[Pulumi: p/dev]", "dev", DEV), "managed", "dev", False, None),
        (shown("[Pulumi: p/staging]", "staging", STAGING), "managed", "staging", False, None),
        (shown("SEC-1", "dev", DEV), "unmarked", "dev (no mark)", False, "somebody took the mark off"),
        (shown("SEC-1", "dev"), "unmarked", "dev (no mark)", False, "no mark yet; the next write of the stack dev"),
        (shown("SEC-1", "staging"), "unmarked", "staging (no mark)", False, "write of the stack staging adds it"),
        (shown("SEC-1", "dev", marks=False), "managed", "dev", False, None),
        (
            shown("[Pulumi: p/before]", "dev", Mark("p", "before")),
            "managed",
            "dev (marked p/before)",
            False,
            "still names p/before",
        ),
        (
            shown("[Pulumi: other/prod]", "dev", DEV),
            "contradicted",
            "dev (marked other/prod)",
            False,
            "dev will neither change nor remove it",
        ),
        (
            shown("[Pulumi: p/dev]"),
            "not-in-state",
            "unmanaged (marked p/dev)",
            True,
            "names this stack, and no resource of its state has it. A run was interrupted",
        ),
        (
            shown("[Pulumi: p/staging]"),
            "not-in-state",
            "unmanaged (marked p/staging)",
            True,
            "the next `pulumi up` there takes it over",
        ),
        (
            shown("[Pulumi: p/production]"),
            "other-stack",
            "p/production (by its mark)",
            False,
            "whose state was not read here",
        ),
        (shown("[Pulumi: other/dev]"), "other-stack", "other/dev (by its mark)", False, "the stack other/dev"),
        (shown("SEC-1, see [Pulumi: p/dev] below"), "none", "unmanaged", True, None),
    ],
)
def test_state_and_mark_together_say_who_has_it(
    item: InventoryItem, ownership: str, cell: str, unmanaged: bool, note: str | None
) -> None:
    """Failure means: an administrator takes a connector for somebody's that is nobody's, or the other way round."""
    fields = item.fields()
    assert fields["ownership"] == ownership
    assert item.unmanaged is unmanaged
    assert fields["mark"] == (item.connector.managed_by or None)
    assert "[Pulumi" not in str(fields["comment"]) or fields["mark"] is None
    assert (fields["note"] is None) is (note is None)
    assert (note or "") in str(fields["note"])
    text = rendered([item], "table")
    assert f"  {cell}  " in text
    assert (note or "") in text


def test_the_guid_decides_and_not_the_name() -> None:
    """Failure means: a connector that was made anew by hand under the old name counts as the stack's own."""
    connector = inbound("Fabrikam - inbound", "a.com")
    other = ManagedConnector("dev", connector.direction, "00000000-0000-0000-0000-000000000001", connector.name, False)
    (item,) = inventory_of([connector], States(DEV, {other.guid: other}, frozenset({DEV})))
    assert item.unmanaged
    assert item.fields()["managedBy"] is None


def test_a_connector_in_two_states_is_said_of_both() -> None:
    """Failure means: after an interrupted `state move`, or a copied state, two stacks fight and nobody sees why."""
    connector = inbound("x", "a.com", Comment="[Pulumi: p/dev]")
    managed = ManagedConnector("dev", connector.direction, connector.guid, "x", False, DEV, ("staging",))
    (item,) = inventory_of([connector], States(DEV, {connector.guid: managed}, frozenset({DEV, STAGING})))
    assert (item.fields()["ownership"], item.fields()["managedBy"], item.unmanaged) == ("shared", "dev", False)
    text = rendered([item], "table")
    assert "  dev, staging  " in text
    assert "take it out of all but one" in text


def test_what_holds_for_many_is_said_once() -> None:
    """Failure means: after an adoption of a grown tenant the table is followed by a page of equal sentences."""
    tenant: list[ConnectorRecord] = [inbound(f"c{number}", f"d{number}.com") for number in range(7)]
    managed = {one.guid: ManagedConnector("dev", one.direction, one.guid, one.name, False) for one in tenant}
    items = inventory_of(tenant, States(DEV, managed, frozenset({DEV})))
    text = rendered(items, "table")
    assert text.count("no mark yet") == 1
    assert "inbound 'c4' and 2 more: there is no mark yet" in text
    assert text.endswith("7 connectors, 7 managed, 0 unmanaged\n")
    rows = list(csv.DictReader(io.StringIO(rendered(items, "csv"))))
    assert {row["ownership"] for row in rows} == {"unmarked"}
    assert json.loads(inventory_json(items, "t", Look(), {}))["connectors"][0]["mark"] is None


@pytest.mark.parametrize("face", Face)
def test_the_recorded_mark_comes_from_the_outputs(face: Face) -> None:
    """Failure means: a stack that was renamed is shown as one whose connectors somebody else has seized."""
    token = Direction.INBOUND.token(face)
    urn = f"urn:pulumi:dev::p::{COMPONENT_TOKENS[face]}${token}::F"
    resources = [
        {
            "urn": urn,
            "type": token,
            "id": "ABC",
            "outputs": {"managedBy": said},
        }
        for said in ("p/before", "", {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"})
    ]
    found = list(managed_by("dev", {"deployment": {"resources": resources}}))
    assert [one.recorded for one in found] == [Mark("p", "before"), None, None]
    assert {one.guid for one in found} == {"abc"}
