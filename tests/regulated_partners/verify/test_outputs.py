"""The record of a run, in every form, with text in it that strangers chose."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from prometheus_client.parser import text_string_to_metric_families

from exchange_online.connectors import Direction
from regulated_partners.errors import CannotRunError
from regulated_partners.exit_codes import ExitCode
from regulated_partners.probing.verdicts import Check, Fact, Finding, Judgement, Level, Party, Verdict
from regulated_partners.run_record import whoever
from regulated_partners.verify.evidence import Run, as_json, as_markdown
from regulated_partners.verify.outputs import FailOn, Outputs, as_junit, as_prometheus, as_text, exit_code

EVIL = 'a|b <script>alert(1)</script> `x` ]](c) \x1b[31m\x00\n# head "q" \\ \ud800 \u202e & ]]>'
STARTED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def judgement(verdict: Verdict = Verdict.FAILED, text: str = EVIL) -> Judgement:
    """A judgement with this text everywhere."""
    finding = Finding(Check.CHAIN, Level.ERROR, text, Party.PARTNER, text, text)
    return Judgement(
        kind="server",
        subject=text,
        verdict=verdict,
        demand=text,
        partner=text,
        direction=Direction.OUTBOUND,
        facts=(Fact(text, text),),
        findings=(finding, Finding(Check.NAME, Level.WARNING, text), Finding(Check.EXPIRY, Level.INFO, text)),
        transcript=(text, "```", "````"),
        not_after=STARTED,
    )


def run(*judgements: Judgement) -> Run:
    """A run."""
    return Run("verify partner", judgements or (judgement(),), "ana@contoso.example", STARTED, "production")


def test_json_says_who_when_what_and_who_must_act() -> None:
    """Failing: an auditor's question is not answered by the record."""
    document = json.loads(as_json(run(judgement(text="plain"))))
    assert (document["who"], document["started"]) == ("ana@contoso.example", "2026-11-22T10:00:00+00:00")
    assert (document["stack"], document["verdict"], document["format"]) == ("production", "failed", 1)
    (found,) = document["judgements"]
    assert (found["direction"], found["whoMustAct"], found["demand"]) == ("outbound", ["partner"], "plain")
    assert found["findings"][0]["exchangeOnlineAnswers"] == "plain"
    assert found["transcript"] == ["plain", "```", "````"]


def test_json_survives_any_text() -> None:
    """Failing: a header with strange characters breaks the record."""
    assert json.loads(as_json(run()))["judgements"][0]["subject"] == EVIL


def test_markdown_escapes_what_strangers_wrote() -> None:
    """Failing: a header writes its own lines, links or scripts into the document for the auditor."""
    text = as_markdown(run())
    outside = re.sub(r"(?ms)^(`{3,})text$.*?^\1$", "", text)
    assert "<script" not in outside
    assert "\x1b" not in text
    assert "\n# head" not in text
    assert "`````text" in text, "the fence is not longer than the backticks in it"
    rows = [line for line in outside.splitlines() if line.startswith("| error")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [6]
    text.encode("utf-8")


def test_junit_is_xml_with_one_case_each() -> None:
    """Failing: a pipeline cannot read the results, or counts them wrongly."""
    verdicts = [Verdict.PASSED, Verdict.WARNING, Verdict.FAILED, Verdict.UNKNOWN, Verdict.NOT_REACHABLE]
    suite = ElementTree.fromstring(as_junit(run(*(judgement(each) for each in verdicts))))  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "1", "2")
    problems = [[child.tag for child in case if child.tag != "system-out"] for case in suite]
    assert problems == [[], [], ["failure"], ["error"], ["error"]]


def test_prometheus_can_read_the_metrics() -> None:
    """Failing: one strange name makes the whole file unreadable for the collector, or a sample stands there twice."""
    text = as_prometheus(run(judgement(), judgement()))
    label = r'[a-z]+="(?:[^"\\\n]|\\["\\n])*"'
    sample = re.compile(rf"[a-z_]+\{{{label}(?:,{label})*\}} -?\d+(?:\.\d+)?(?:e\+\d+)?")
    lines = [line for line in text.rstrip("\n").split("\n") if not line.startswith("# ")]
    assert lines
    for line in lines:
        assert sample.fullmatch(line), line
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert len(samples) == len(lines)
    assert len(lines) == len({line.rpartition(" ")[0] for line in lines}), "a sample twice"
    assert {each.value for each in samples if "not_after" in each.name} == {STARTED.timestamp()}
    assert {each.labels["subject"] for each in samples if "subject" in each.labels} == {
        EVIL.replace("\ud800", "\\ud800")
    }


def test_the_terminal_is_not_steered() -> None:
    """Failing: a name in a certificate clears the screen or colours a failure green."""
    text = as_text(run())
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "FAILED" in text
    assert "Who must act: partner" in " ".join(text.split())
    assert "verify partner: 1 failed" in text


@pytest.mark.parametrize(
    ("verdicts", "fail_on", "expected"),
    [
        ([Verdict.PASSED], FailOn.ERROR, ExitCode.FINE),
        ([Verdict.WARNING], FailOn.ERROR, ExitCode.FINE),
        ([Verdict.WARNING], FailOn.WARNING, ExitCode.FINDINGS),
        ([Verdict.PASSED, Verdict.FAILED], FailOn.ERROR, ExitCode.FINDINGS),
        ([Verdict.UNKNOWN], FailOn.ERROR, ExitCode.FINDINGS),
        ([Verdict.NOT_REACHABLE, Verdict.PASSED], FailOn.ERROR, ExitCode.COULD_NOT_RUN),
        ([Verdict.NOT_REACHABLE, Verdict.FAILED], FailOn.ERROR, ExitCode.FINDINGS),
    ],
)
def test_exit_codes(verdicts: list[Verdict], fail_on: FailOn, expected: ExitCode) -> None:
    """Failing: a pipeline goes on after a failure, or stops without one."""
    assert exit_code(run(*(judgement(each) for each in verdicts)), fail_on) is expected


def test_nothing_judged_is_not_fine() -> None:
    """Failing: a run that looked at nothing is green."""
    assert exit_code(Run("verify partner", (), "", STARTED)) is ExitCode.FINDINGS


def test_files_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: an output that was asked for is missing, or stdout holds more than the result."""
    outputs = Outputs(
        json=True,
        evidence=(tmp_path / "e.md", tmp_path / "e.json"),
        prometheus=tmp_path / "m.prom",
        junit=tmp_path / "j.xml",
    )
    assert outputs.deliver(run()) is ExitCode.FINDINGS
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "e.json").read_text())
    assert {each.name for each in tmp_path.iterdir()} == {"e.md", "e.json", "m.prom", "j.xml"}


def test_files_that_cannot_be_written(tmp_path: Path) -> None:
    """Failing: a wrong path ends with a traceback, or is noticed only after mail was sent."""
    with pytest.raises(CannotRunError, match="cannot be written"):
        Outputs(junit=tmp_path / "missing" / "j.xml").deliver(run())
    with pytest.raises(typer.BadParameter, match=r"\.json"):
        Outputs(evidence=(tmp_path / "e.pdf",))


def test_who_ran_it() -> None:
    """Failing: the record of a pipeline names `root`."""
    github = {"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "ana", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}
    assert whoever(github) == "ana, a/b, run 7"
    assert whoever({"TF_BUILD": "True", "BUILD_REQUESTEDFOR": "Ana", "BUILD_BUILDID": "9"}) == "Ana, build 9"
    assert whoever({})
