"""What reads the tenant knows the mark on a connector, with the real engine: drift, refresh, inventory, adoption."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from exchange_online_emulator import Control
from regulated_partners.names import is_partner
from tests.engine import tenant
from tests.engine.partners import FABRIKAM, FABRIKAM_CONNECTORS, FABRIKAM_IN, FABRIKAM_OUT, Partner
from tests.engine.tenant import MARK, comments
from tests.regulated_partners.conftest import Command
from tests.support.engine import CHANGES_FOUND, STACK, Project
from tests.support.engine_run import Change

pytestmark = pytest.mark.engine

INBOUND, OUTBOUND = FABRIKAM_CONNECTORS
COMMENT = FABRIKAM["comment"]
OTHER = "[Pulumi: other/prod]"


def write(control: Control, connector: str, comment: str) -> None:
    """Somebody writes a comment in the admin centre."""
    direction = "Inbound" if connector.endswith("inbound") else "Outbound"
    control.invoke(f"Set-{direction}Connector", {"Identity": connector, "Comment": comment})


def recorded(project: Project, resource: str) -> dict[str, Any]:
    """The outputs in the state."""
    (outputs,) = (
        each["outputs"] for each in project.export()["deployment"]["resources"] if each["urn"].endswith(f"::{resource}")
    )
    assert isinstance(outputs, dict)
    return outputs


def inventory(command: Command, stack: str = STACK) -> dict[str, tuple[str | None, ...]]:
    """What the inventory says of each connector: ownership, stack, mark, comment."""
    document = command("inventory", "--json", stack=stack).succeeded().document
    return {
        one["name"]: (one["ownership"], one["managedBy"], one["mark"], one["comment"]) for one in document["connectors"]
    }


def test_the_mark_is_no_part_of_the_comment(project: Project, control: Control) -> None:
    """Failure means: whoever takes the mark off a comment makes drift of it, or drift of a comment shows the mark."""
    command = Command(project)
    project.declare(FABRIKAM)
    project.up().succeeded()
    guids = tenant.guids(control)
    assert comments(control) == dict.fromkeys(FABRIKAM_CONNECTORS, f"{COMMENT}\n{MARK}")

    write(control, INBOUND, COMMENT)
    write(control, OUTBOUND, f"{COMMENT}\r\n  {OTHER}  ")
    control.clear_calls()
    # The mark is gone, or another one: no drift at all, and nothing for `up` to do.
    looked = command("drift", "--json").succeeded()
    found = {key: looked.document[key] for key in ("command", "stack", "drift", "otherWays", "otherWaysProblem")}
    assert found == {"command": "drift", "stack": "dev", "drift": [], "otherWays": [], "otherWaysProblem": None}
    assert f"warning: outbound connector '{OUTBOUND}': the stack other/prod has taken it over" in looked.stderr
    assert INBOUND not in looked.stderr
    project.preview("--expect-no-changes").unchanged()
    project.refresh().succeeded()
    outputs = recorded(project, FABRIKAM_IN)
    assert outputs["comment"] == COMMENT
    assert "managedBy" not in outputs
    assert tenant.sent(control) == []

    write(control, INBOUND, "SEC-2")
    write(control, OUTBOUND, f"SEC-3\n{MARK}")
    control.clear_calls()
    drifted = command("drift", "--json")
    assert drifted.exit_code == 1
    assert {one["connector"]: one["properties"] for one in drifted.document["drift"]} == {
        INBOUND: [{"parameter": "Comment", "declared": COMMENT, "found": "SEC-2"}],
        OUTBOUND: [{"parameter": "Comment", "declared": COMMENT, "found": "SEC-3"}],
    }
    shown = project.drift()
    assert shown.exit_code == CHANGES_FOUND
    assert shown.drift == {
        FABRIKAM_IN: {"comment": Change(COMMENT, "SEC-2")},
        FABRIKAM_OUT: {"comment": Change(COMMENT, "SEC-3")},
    }
    assert "[Pulumi" not in shown.stdout + drifted.stdout + drifted.stderr
    service = command("verify", "service", FABRIKAM["name"], "--json")
    assert "SEC-2" in service.stdout
    assert "[Pulumi" not in service.stdout

    # The next write for another reason puts the mark back.
    project.up().succeeded()
    assert comments(control) == dict.fromkeys(FABRIKAM_CONNECTORS, f"{COMMENT}\n{MARK}")
    assert tenant.guids(control) == guids


def test_the_inventory_shows_whose_mark_a_connector_has(project: Project, control: Control) -> None:
    """Failure means: nobody sees that a connector is another stack's, an orphan, or has lost its mark."""
    command = Command(project)
    project.declare(FABRIKAM)
    project.up().succeeded()
    guids = tenant.guids(control)
    for name, comment in {
        "Foreign": f"theirs\n{OTHER}",
        "Left behind": f"SEC-9\n{MARK}",
        "Of production": "[Pulumi: regulated-partners/production]",
        "By hand": "somebody",
    }.items():
        domain = f"{name.replace(' ', '-').lower()}.example"
        control.invoke("New-InboundConnector", {"Name": name, "SenderDomains": [domain], "Comment": comment})
    assert inventory(command) == {
        INBOUND: ("managed", "dev", "regulated-partners/dev", COMMENT),
        OUTBOUND: ("managed", "dev", "regulated-partners/dev", COMMENT),
        "Foreign": ("other-stack", None, "other/prod", "theirs"),
        "Left behind": ("not-in-state", None, "regulated-partners/dev", "SEC-9"),
        "Of production": ("other-stack", None, "regulated-partners/production", ""),
        "By hand": ("none", None, None, "somebody"),
    }
    found = command("inventory", "--fail-on-unmanaged")
    assert found.exit_code == 1
    assert "6 connectors, 2 managed, 2 unmanaged, 2 by a mark alone" in found.stdout
    assert "inbound 'Left behind': the mark names this stack, and no resource of its state has it." in found.stdout

    # Somebody removes one mark and puts another stack's in the place of the other: the Guid in the state counts.
    write(control, INBOUND, COMMENT)
    write(control, OUTBOUND, f"{COMMENT}\n{OTHER}")
    for unwanted in ("By hand", "Left behind"):
        control.invoke("Remove-InboundConnector", {"Identity": unwanted, "Confirm": False})
    project.refresh().succeeded()
    listed = inventory(command)
    assert listed[INBOUND] == ("unmarked", "dev", None, COMMENT)
    assert listed[OUTBOUND] == ("contradicted", "dev", "other/prod", COMMENT)
    found = command("inventory", "--fail-on-unmanaged").succeeded()
    assert "dev will neither change nor remove it" in found.stdout
    assert "the next write of the stack dev adds it" in found.stdout

    # And so it is: `up` refuses the one, and changes the other.
    project.declare({**FABRIKAM, "comment": "SEC-7"})
    up = project.up()
    assert up.exit_code != 0
    assert "other/prod" in up.output
    assert comments(control)[INBOUND] == f"SEC-7\n{MARK}"
    assert comments(control)[OUTBOUND] == f"{COMMENT}\n{OTHER}"
    assert {name: guid for name, guid in tenant.guids(control).items() if name in guids} == guids


def test_adoption_heeds_the_mark(project: Project, control: Control) -> None:
    """Failure means: adoption takes another stack's connector, writes a mark into a declaration, or leaves a state
    that does not know whose and in which tenant a connector is.
    """
    project.configure()
    command = Command(project)
    control.seed(
        inbound=[
            {"Name": "Foreign", "SenderDomains": ["a.example"], "Comment": f"theirs\n{OTHER}"},
            {"Name": INBOUND, "SenderDomains": ["b.example"], "Comment": f"SEC-1\n{MARK}"},
            {"Name": "Free", "SenderDomains": ["c.example"], "Comment": "SEC-2"},
        ],
        outbound=[{"Name": OUTBOUND, "RecipientDomains": ["b.example"], "Comment": f"SEC-1\n{MARK}"}],
    )
    before = tenant.whole(control)
    control.clear_calls()
    shown = command("adopt", "--write", "--json").succeeded()
    foreign = next(one for one in shown.document["connectors"] if one["name"] == "Foreign")
    assert foreign["becomes"] == "left-alone"
    assert foreign["mark"] == "other/prod"
    assert "the stack other/prod manages it" in foreign["reason"]
    assert "`pulumi state move`" in foreign["reason"]
    assert "[Pulumi" not in json.dumps(shown.document["declarations"])
    assert "[Pulumi" not in project.stack_file.read_text(encoding="utf-8")
    assert "comment: SEC-1" in project.stack_file.read_text(encoding="utf-8")
    project.preview("--expect-no-changes").unchanged()
    project.drift().succeeded()

    entered = {name: recorded(project, name) for name in (FABRIKAM_IN, FABRIKAM_OUT, "Free")}
    assert [outputs.get("managedBy") for outputs in entered.values()] == [MARK[9:-1], MARK[9:-1], None]
    assert {(outputs["tenantId"], outputs["cloud"]) for outputs in entered.values()} == {
        (control.status().tenant, "local")
    }
    # The state is what the provider itself would have written.
    project.refresh().succeeded()
    assert {name: recorded(project, name) for name in entered} == entered
    assert tenant.sent(control) == []
    assert tenant.whole(control) == before

    # The next write for another reason adds the mark, and the one that was left alone stays as it is.
    text = project.stack_file.read_text(encoding="utf-8")
    project.stack_file.write_text(text.replace("comment: SEC-2", "comment: SEC-3"), encoding="utf-8")
    project.up().succeeded()
    assert comments(control)["Free"] == f"SEC-3\n{MARK}"
    assert comments(control)["Foreign"] == f"theirs\n{OTHER}"


def test_a_connector_is_handed_over_between_stacks(project: Project, control: Control) -> None:
    """Failure means: the ways that docs/adopt.md and the refusals name do not lead from one stack to another."""
    command = Command(project)
    project.declare(FABRIKAM)
    project.up().succeeded()
    guids = tenant.guids(control)
    settings = yaml.safe_load(project.stack_file.read_text(encoding="utf-8"))
    other = project.stack_file.with_name("Pulumi.other.yaml")

    def declare(*partners: Partner) -> None:
        settings["config"]["regulated-partners:partners"] = [dict(partner) for partner in partners]
        other.write_text(yaml.safe_dump(settings), encoding="utf-8")

    declare(FABRIKAM)
    refused = command("up", stack="other")
    assert refused.exit_code != 0
    assert "the stack regulated-partners/dev manages this connector" in refused.stdout + refused.stderr
    assert "`pulumi state move`" in refused.stdout + refused.stderr

    # With its record, which keeps the Guids: then the declaration moves too.
    (urn,) = (each["urn"] for each in project.export()["deployment"]["resources"] if is_partner(each["type"]))
    moved = urn.replace("urn:pulumi:dev::", "urn:pulumi:other::")
    # The refused `up` has left the partner's component there, which has nothing yet.
    there = project.stack_named("other")
    assert there.pulumi("state", "delete", moved, "--yes").returncode == 0
    project.move(urn, there)
    project.declare()
    assert inventory(command, "other")[INBOUND] == ("managed", "other", "regulated-partners/dev", COMMENT)
    declare({**FABRIKAM, "comment": "SEC-9"})
    command("up", stack="other").succeeded()
    project.up().succeeded()
    assert comments(control) == dict.fromkeys(FABRIKAM_CONNECTORS, "SEC-9\n[Pulumi: regulated-partners/other]")

    # Without it: that stack forgets the connector, and the mark goes from the comment.
    assert there.pulumi("state", "delete", moved, "--target-dependents", "--yes").returncode == 0
    left = command("adopt", "--write", "--json").succeeded().document
    assert left["entered"] == []
    assert {"no resource of that stack's state has it" in one["reason"] for one in left["connectors"]} == {True}
    for connector in FABRIKAM_CONNECTORS:
        write(control, connector, "SEC-9")
    assert sorted(command("adopt", "--write", "--json").succeeded().document["entered"]) == sorted(guids.values())
    assert tenant.guids(control) == guids
