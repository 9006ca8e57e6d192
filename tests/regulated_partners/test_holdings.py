"""What the tenant holds is said before a run that creates many, and what a killed one has left to nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exchange_online.admin_api import QUOTED_LIMITS, Tenant
from exchange_online.connectors import ConnectorRecord, Direction
from exchange_online.lifecycle import Snapshot
from exchange_online_emulator import Control
from regulated_partners.engine.checkpoints import MANY, Changes
from regulated_partners.engine.plan import Operation, Plan, PlannedConnector
from regulated_partners.holdings import created_by, left_behind, room
from regulated_partners.partners.acknowledgements import Acknowledgements
from regulated_partners.partners.stack_file import StackFile, read_stack_file
from tests.engine import tenant
from tests.regulated_partners.rows import inbound, outbound
from tests.support.engine import Project

MARK = "[Pulumi: mail/staging]"
INBOUND, OUTBOUND = Direction


def holding(*connectors: ConnectorRecord) -> Snapshot:
    return Snapshot(Tenant("11111111-2222-4333-8444-555555555555", "commercial"), connectors)


def many(count: int) -> list[ConnectorRecord]:
    return [outbound(f"Theirs {number}", "theirs.example") for number in range(count)]


@pytest.fixture
def stack(tmp_path: Path) -> StackFile:
    """One that declares a partner and a connector beside it."""
    (tmp_path / "Pulumi.yaml").write_text("name: mail\nruntime: python\n", encoding="utf-8")
    (tmp_path / "Pulumi.staging.yaml").write_text(
        "config:\n  regulated-partners:cloud: commercial\n  regulated-partners:partners:\n"
        "    - {name: A Bank, domains: [abank.example], certificateName: mail.abank.example}\n"
        "  regulated-partners:outboundConnectors:\n"
        "    - {name: Beside, recipientDomains: [beside.example], tlsSettings: EncryptionOnly}\n",
        encoding="utf-8",
    )
    return read_stack_file(tmp_path, "staging")


def test_many_new_ones_say_what_the_tenant_holds() -> None:
    """Failing means that somebody declares three hundred partners and nobody knows how many the tenant has."""
    (said,) = room(holding(inbound("A", "a.example"), *many(1200)), Changes({INBOUND: MANY, OUTBOUND: MANY}))
    assert said.startswith(
        f"The tenant holds 1 inbound and 1,200 outbound connectors, and {1 + MANY} inbound and 1,250 outbound after"
    )
    assert "4,450 inbound and 1,800 outbound ones" in said
    assert "unconfirmed" in said


@pytest.mark.parametrize(("created", "lines"), [(0, 0), (1, 0), (2, 2)])
def test_one_more_than_is_said_to_be_possible_is_a_warning(created: int, lines: int) -> None:
    """Failing means that a run stops in its middle at the tenant's limit, and no word came before it."""
    limit = QUOTED_LIMITS[OUTBOUND]
    said = list(room(holding(*many(limit - 1)), Changes({OUTBOUND: created})))
    assert len(said) == lines
    if said:
        assert f"and 0 inbound and {limit + 1:,} outbound after this run" in said[0]
        assert said[1].startswith("warning: so many outbound connectors are more than is said to be possible.")


def test_a_full_tenant_is_no_matter_of_the_other_direction() -> None:
    """Failing means that inbound connectors are warned of because of outbound ones that others have made."""
    assert list(room(holding(*many(QUOTED_LIMITS[OUTBOUND] + 5)), Changes({INBOUND: 4}))) == []


def test_a_plan_counts_what_it_creates() -> None:
    """Failing means that a review of three hundred new partners says nothing of the tenant that is to hold them."""
    new = PlannedConnector(urn="urn:x", direction=OUTBOUND, operation=Operation.CREATE)
    others = [replace(new, operation=Operation.UPDATE), replace(new, adopts=True), replace(new, direction=INBOUND)]
    plan = Plan(stack="staging", connectors=(new, *others), declared=frozenset(), acknowledgements=Acknowledgements())
    assert created_by(plan).created == {OUTBOUND: 1, INBOUND: 1}


def test_what_a_killed_run_has_left_is_named(stack: StackFile) -> None:
    """Failing means that connectors whose partner was renamed or taken out after a killed run stay unnoticed."""
    known = inbound("In the state", "x.example", Comment=MARK)
    left = [inbound("Old - inbound", "old.example", Comment=f"SEC-1\n{MARK}"), outbound("Old - outbound", Comment=MARK)]
    declared = [inbound("A bank - INBOUND", "abank.example", Comment=MARK), outbound("Beside", Comment=MARK)]
    others = [inbound("Theirs", "t.example"), outbound("Of dev", Comment="[Pulumi: mail/dev]")]
    tenants = holding(known, *left, *declared, *others)
    planned = Changes(recorded=frozenset({known.guid}))

    said = left_behind(tenants, stack, planned)
    assert said.startswith(
        "warning: 2 connectors of the tenant carry this stack's mark, and neither its state nor its "
    )
    assert "have them: 'Old - inbound' and 'Old - outbound'. A run that was killed" in said
    said = left_behind(holding(*left[:1], *declared[:1]), stack, planned)
    assert said.startswith("warning: 1 connector of the tenant carries this stack's mark")
    said = left_behind(tenants, stack, planned, destroyed=True)
    assert "4 connectors of the tenant carry this stack's mark and are not in its state, so destroy leaves them" in said

    assert left_behind(holding(known, *declared, *others), stack, planned) == ""
    assert left_behind(tenants, stack, Changes()) == "", "a plan does not say what the state has"


@pytest.mark.engine
def test_destroy_says_what_it_leaves(project: Project, control: Control) -> None:
    """Failing means that connectors of a killed run refuse mail for ever, of a stack that is said to be gone."""
    project.declare({"name": "A Bank", "domains": ["abank.example"], "certificateName": "mail.abank.example"})
    comment = "[Pulumi: regulated-partners/dev]"
    control.seed(inbound=[{"Name": "Left", "SenderDomains": ["left.example"], "Comment": comment}])
    made = project.start_command("up").wait()
    assert (made.exit_code, made.stderr) == (0, "")
    before = tenant.guids(control)

    gone = project.start_command("destroy").wait()
    assert gone.exit_code == 0, gone.output
    assert (
        "1 connector of the tenant carries this stack's mark and is not in its state, so destroy leaves it"
        in gone.stderr
    )
    assert "'Left'" in gone.stderr
    assert tenant.guids(control) == {"Left": before["Left"]}
