"""Every property of both connectors, changed there and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from exchange_online.connectors import Direction, parameters
from exchange_online_emulator import Control
from tests.engine import tenant
from tests.engine.property_cases import ACCEPTED_DOMAIN, CASES, Case
from tests.support.engine import Project
from tests.support.engine_run import Change, Run

pytestmark = pytest.mark.engine

PROGRAM = Path(__file__).parent / "programs" / "raw_connectors.py"


def declaration(case: Case, changing: Mapping[str, Any]) -> dict[str, Any]:
    return {"direction": case.direction, "resource": case.resource, "arguments": case.arguments(changing)}


def test_each_property_is_shown_and_sent_alone_there_and_back(project: Project, control: Control) -> None:
    """A failure means that a review does not show what changes, or that a change carries more, or less, than itself."""
    control.seed(accepted_domains=[ACCEPTED_DOMAIN])
    project.use_program(PROGRAM)
    before, after = (
        [declaration(case, case.before) for case in CASES],
        [declaration(case, case.after) for case in CASES],
    )
    project.configure(connectors=before)
    project.up().succeeded()
    first = tenant.whole(control)
    guids = {row["Name"]: row["Guid"] for row in first}

    project.configure(connectors=after)
    planned = project.preview().succeeded()
    assert planned.operations == {case.resource: "update" for case in CASES}
    assert planned.changes == {case.resource: dict(case.shown) for case in CASES}
    assert "~ requireTls: true => false" in planned.stdout
    assert '+ tlsDomain  : "mx.fabrikam.com"' in planned.stdout

    assert changed(project, control) == expected(guids, there=True)
    project.configure(connectors=before)
    assert changed(project, control) == expected(guids, there=False)
    assert without_times(tenant.whole(control)) == without_times(first)
    assert project.drift().succeeded().drift == {}


def changed(project: Project, control: Control) -> list[tuple[str, str, dict[str, Any]]]:
    """Cmdlet, Identity and parameters of what one `up` sends."""
    control.clear_calls()
    run: Run = project.up().succeeded()
    assert run.operations == {case.resource: "update" for case in CASES}
    split = [(cmdlet, dict(parameters)) for cmdlet, parameters in tenant.sent(control)]
    return sorted((cmdlet, parameters.pop("Identity"), parameters) for cmdlet, parameters in split)


def expected(guids: Mapping[str, str], *, there: bool) -> list[tuple[str, str, dict[str, Any]]]:
    return sorted(
        (
            f"Set-{case.direction.capitalize()}Connector",
            guids[case.arguments(case.before)["name"]],
            dict(case.there if there else case.back),
        )
        for case in CASES
    )


def without_times(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: cell for name, cell in row.items() if not name.startswith("WhenChanged")} for row in rows]


@pytest.mark.parametrize("direction", Direction)
def test_no_parameter_is_left_out_of_the_table(direction: Direction) -> None:
    """A failure means that a parameter was added, and that nobody has shown that it can be changed."""
    tried = {name for case in CASES if case.direction == direction.word for name in (*case.before, *case.after)}
    assert tried == {parameter.attribute for parameter in parameters(direction)}


def test_a_change_of_spelling_is_no_change(project: Project, control: Control) -> None:
    """A failure means that a review is asked for, and a write sent, where nothing differs for the service."""
    project.use_program(PROGRAM)
    arguments = {
        "name": "Fabrikam",
        "sender_domains": ["fabrikam.com", "*.fabrikam.com"],
        "restrict_domains_to_ip_addresses": True,
        "sender_ip_addresses": ["198.51.100.7", "203.0.113.0/28"],
    }
    spelled = {
        **arguments,
        "sender_domains": ["*.Fabrikam.COM", "smtp:fabrikam.com;1", "fabrikam.com."],
        "sender_ip_addresses": ["203.0.113.5/28", "198.51.100.7/32", "198.51.100.7"],
        "comment": "",
        "ef_users": [],
    }
    for written in (arguments, spelled):
        project.configure(connectors=[{"direction": "inbound", "resource": "fabrikam", "arguments": written}])
        project.up("--refresh=false").succeeded()
    assert [cmdlet for cmdlet, _ in tenant.sent(control)] == ["New-InboundConnector"]
    project.up("--expect-no-changes").unchanged()
    # A refresh that runs the program shows the program's spelling against the state's.
    assert project.drift().succeeded().drift == {}


def test_ignore_changes_leaves_a_property_alone(project: Project, control: Control) -> None:
    """A failure means that `ignore_changes` does nothing: what somebody may set in the portal is undone by `up`."""
    project.use_program(PROGRAM)
    connector = {
        "direction": "inbound",
        "resource": "fabrikam",
        "arguments": {"name": "Fabrikam", "sender_domains": ["fabrikam.com"], "comment": "ours"},
        "ignoreChanges": ["comment"],
    }
    project.configure(connectors=[connector])
    project.up().succeeded()
    control.invoke("Set-InboundConnector", {"Identity": "Fabrikam", "Comment": "theirs", "RequireTls": False})
    control.clear_calls()

    repaired = project.up().succeeded()

    assert repaired.changes == {"fabrikam": {"requireTls": Change(False, True)}}
    assert tenant.connectors(control, "inbound")["Fabrikam"]["Comment"] == "theirs"
    ((_, sent),) = tenant.sent(control)
    # The mark, which went with the comment that somebody wrote, comes back below it.
    assert {name: value for name, value in sent.items() if name != "Identity"} == {
        "RequireTls": True,
        "Comment": "theirs",
    }
    assert tenant.marks(control) == {"Fabrikam": True}
