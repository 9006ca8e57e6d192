"""What is given to a report: read once, for whom it is about, and otherwise said in a sentence."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulated_partners.errors import CannotRunError
from regulated_partners.evidence import Standing, as_html, read_inputs
from regulated_partners.evidence.report import Input
from regulated_partners.probing.verdicts import Judgement, Verdict
from tests.regulated_partners.evidence.records import (
    FABRIKAM,
    IN,
    NOW,
    OUT,
    Project,
    connectors,
    drift,
    everything,
    inventory,
    message,
    server,
    standings,
    traffic,
    verified,
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.of(tmp_path, FABRIKAM)


def only_input(project: Project) -> Input:
    (found,) = project.report().inputs
    return found


def test_every_input_is_listed_with_its_digest(project: Project) -> None:
    """Failing: nobody can tell later which files a report rests on."""
    everything(project)
    listed = project.report().inputs
    assert [one.sha256 for one in listed] == [hashlib.sha256(path.read_bytes()).hexdigest() for path in project.inputs]
    assert [one.command for one in listed] == ["inventory", "verify partner", "verify traffic"]
    assert {(one.stack, one.who, one.problem) for one in listed} == {("production", "somebody", "")}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "cut off or damaged"),
        (b"\xff\xfe{", "damaged"),
        (b"not json", "cut off or damaged"),
        (b"[1, 2]", "no record of this tool"),
        (b'{"a": ' + b"[" * 100_000, "damaged"),
        (b"[" * 2_000_001, "more entries than are read"),
        ({"tool": "another"}, "another tool's JSON"),
        ({"stack": "production", "drift": [], "otherWays": []}, "an earlier version wrote it"),
        ({"tool": "regulated-partners", "format": 2, "command": "drift"}, "in format 2"),
        ({"tool": "regulated-partners", "format": 1, "command": "adopt"}, "a report is not made from"),
        ({"tool": "regulated-partners", "format": 1, "command": "report"}, "name it with --compare"),
        ({"tool": "regulated-partners", "format": 1, "command": ["drift"]}, "a report is not made from"),
        ({"tool": "regulated-partners", "format": 1, "command": "drift"}, "at started: Field required"),
        (drift(started=datetime.datetime(2026, 1, 1)), "at started: Input should have timezone info"),
        (drift(drift="x"), "at drift"),
        ({**drift(), "started": "0001-01-01T00:00:00+14:00"}, "at started: Value error, the year is none"),
        ({**drift(), "started": "9999-12-31T23:59:59-14:00"}, "at started: Value error, the year is none"),
        ({key: value for key, value in drift().items() if key != "otherWaysProblem"}, "at otherWaysProblem"),
    ],
)
def test_what_is_no_record_is_said(project: Project, document: Any, words: str) -> None:
    """Failing: a damaged or foreign file passes in silence, ends in a traceback, or proves something."""
    project.give(document)
    assert words in only_input(project).problem
    assert project.partner().standing is Standing.NOT_PROVEN


def test_of_a_folder_only_records_are_meant_to_count(tmp_path: Path) -> None:
    """Failing: a plan or a baseline beside the records ends a pipeline, or a damaged record does not."""
    folder = tmp_path / "evidence" / "dev"
    folder.mkdir(parents=True)
    (folder / "a-plan.json").write_text('{"resourcePlans": {}}', encoding="utf-8")
    (folder / "b-drift.json").write_text(json.dumps(drift()), encoding="utf-8")
    (folder / "c-damaged.json").write_text(json.dumps(drift(drift=1)), encoding="utf-8")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    found = [source.input for source in read_inputs([tmp_path / "evidence"], NOW)]
    assert [(Path(one.name).name, bool(one.problem), one.meant) for one in found] == [
        ("a-plan.json", True, False),
        ("b-drift.json", False, True),
        ("c-damaged.json", True, True),
    ]


def test_what_does_not_exist_stops_the_command(tmp_path: Path) -> None:
    """Failing: a mistyped name gives a report without what it should rest on."""
    with pytest.raises(CannotRunError, match="does not exist"):
        read_inputs([tmp_path / "nothing.json"], NOW)


def test_one_file_counts_once(project: Project) -> None:
    """Failing: whoever gives a folder twice has twice the messages."""
    once = verified("message", message(project.pair, IN))
    project.give(once)
    project.give(once)
    # The same run, written by --evidence as well, with other spaces.
    project.give(json.dumps(json.loads(once)))
    report = project.report()
    assert [one.remark for one in report.inputs] == [
        "",
        "The same file as input 1; it counts once.",
        "The same run is another input too; it counts once.",
    ]
    assert len(report.partners[0].seen) == 1


def test_the_counts_of_a_run_are_taken_from_the_file_that_has_them(project: Project) -> None:
    """Failing: with --evidence beside --json the numbers of the month are lost."""
    plain = verified("traffic", traffic(project.pair, IN))
    line = {"partner": "Fabrikam Bank", "direction": "inbound", "report": "connector report", "count": 3}
    project.give(plain)
    project.give({**json.loads(plain), "traffic": [line]})
    (partner,) = project.report().partners
    assert ([one.count for one in partner.traffic], len(partner.seen)) == ([3], 1)


def test_powershell_writes_utf_16(project: Project) -> None:
    """Failing: what Windows' `>` wrote is called damaged."""
    project.give(b"\xff\xfe" + json.dumps(drift()).encode("utf-16-le"))
    project.give(b"\xef\xbb\xbf" + verified("partner", server(project.pair)).encode())
    assert [one.problem for one in project.report().inputs] == ["", ""]


def test_halves_of_characters_end_nothing(project: Project) -> None:
    """Failing: a name that is no Unicode in a record, or of a file, ends `report --json` in a traceback."""
    seen = server(project.pair, Verdict.FAILED, host="\ud800.fabrikam.com", issuer="\udfff")
    project.give(verified("partner", seen))
    project.give(inventory(connectors(project.pairs)).replace('"mail.fabrikam.com"', '"\\ud800"'), "x\udcff.json")
    report = project.report()
    assert "\\ud800" in report.model_dump_json()
    as_html(report).encode("utf-8")


def test_what_is_about_somebody_else_is_said(project: Project) -> None:
    """Failing: evidence for a mistyped or removed partner is dropped, and nobody learns why it does not count."""
    stranger = Judgement("message", "x.eml", Verdict.PASSED, partner="Tailspin", direction=IN)
    nobodys = Judgement("message", "y.eml", Verdict.PASSED)
    project.give(verified("message", stranger, nobodys))
    project.give(verified("message", message(project.pair, IN), stack="staging"))
    project.give(inventory(connectors(project.pairs), tenant="00000000-0000-0000-0000-000000000001"))
    report = project.report()
    assert "1 entry about 'Tailspin', which the stack production does not declare, was not used." in report.remarks[2]
    assert "1 entry names no partner" in report.remarks[0]
    assert "is of the tenant 00000000-0000-0000-0000-000000000001" in report.remarks[1]
    assert "about the stack staging, so nothing of it was used" in report.inputs[1].remark
    assert set(standings(report.partners[0], OUT).values()) == {Standing.PROVEN, Standing.NOT_PROVEN}
    assert standings(report.partners[0], OUT)["deployed"] is Standing.NOT_PROVEN


def test_a_stack_may_be_named_with_its_organization(project: Project) -> None:
    """Failing: records of `organization/project/production` are taken for another stack's."""
    project.give(inventory(connectors(project.pairs), stack="contoso/mail/production"))
    assert standings(project.partner(), IN)["deployed"] is Standing.PROVEN


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["inbound", "2026"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_value_anywhere_in_a_record_ends_in_an_exception(project: Project, data: st.DataObject) -> None:
    """Failing: a damaged or hostile record ends the command in a traceback, and the operator without a report."""
    texts = [
        verified("message", message(project.pair, IN)),
        verified("partner", server(project.pair)),
        inventory(connectors(project.pairs)),
        json.dumps(drift({"partner": "Fabrikam Bank", "connector": "Fabrikam Bank - inbound", "direction": "inbound"})),
    ]
    document = json.loads(data.draw(st.sampled_from(texts)))
    node: Any = document
    # A value somewhere in the record becomes another one.
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.booleans()):
            node = node[key]
            continue
        node[key] = data.draw(_JSON)
        break
    project.inputs.clear()
    project.give(json.dumps(document), "hostile.json")
    as_html(project.report())
