"""`regulated-partners report` as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from regulated_partners.cli.main import main
from regulated_partners.evidence import read_earlier
from regulated_partners.exit_codes import ExitCode
from regulated_partners.run_record import now
from tests.regulated_partners.conftest import Command
from tests.regulated_partners.evidence.records import FABRIKAM, Project, everything

WOODGROVE = {**FABRIKAM, "name": "Woodgrove Hospital", "domains": ["woodgrove.org"]}


@pytest.fixture
def mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PULUMI_STACK", raising=False)
    found = Project.of(tmp_path, FABRIKAM)
    everything(found, started=now())
    return found


def names(mail: Project) -> list[str]:
    return [str(path) for path in mail.inputs]


def test_the_report_is_written_and_its_exit_code_is_the_verdict(
    mail: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing: a pipeline cannot act on the verdict, or the page is not where the operator looks for it."""
    assert main(["report", "--stack", "production", *names(mail)]) == ExitCode.FINE
    said = capsys.readouterr()
    assert "Fabrikam Bank  production  proven" in said.out
    assert "report.html was written." in said.err
    assert (mail.root / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    mail.declare(FABRIKAM, WOODGROVE)
    assert main(["report", "-s", "production", "-o", "a.html", "-o", "a.json", *names(mail)]) == ExitCode.FINDINGS
    assert main(["report", "-s", "production", "--for", "fabrikam bank", *names(mail)]) == ExitCode.FINE
    earlier, _ = read_earlier(mail.root / "a.json")
    assert [partner.name for partner in earlier.partners] == ["Woodgrove Hospital", "Fabrikam Bank"]


def test_json_is_what_compare_reads(mail: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: two months cannot be compared."""
    assert main(["report", "--stack", "production", "--json", *names(mail)]) == ExitCode.FINE
    (mail.root / "earlier.json").write_text(capsys.readouterr().out, encoding="utf-8")
    arguments = ["report", "--stack", "production", "--json", "--compare", "earlier.json", names(mail)[0]]
    assert main(arguments) == ExitCode.FINDINGS
    document = json.loads(capsys.readouterr().out)
    assert not (mail.root / "report.html").exists()
    assert (document["format"], document["command"]) == (1, "report")
    texts = [change["text"] for change in document["compared"]["changes"]]
    assert "was proven, is not proven." in texts


def test_an_input_that_cannot_be_read_is_said_and_the_report_is_made_all_the_same(
    mail: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing: a damaged record ends everything, or passes with exit code 0."""
    mail.give("damaged", "damaged.json")
    assert main(["report", "--stack", "production", *names(mail)]) == ExitCode.COULD_NOT_RUN
    assert "damaged.json does not count. It is JSON that is cut off" in capsys.readouterr().err
    page = (mail.root / "report.html").read_text(encoding="utf-8")
    assert "1 of 4 inputs could not be used" in page


def test_of_all_stacks_one_that_cannot_be_read_hides_no_other(
    mail: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing: a mistake in one stack takes the evidence of all others away, or is not told."""
    mail.declare(WOODGROVE, stack="staging")
    mail.declare({"name": "No domains"}, stack="broken")
    (mail.root / "stacks" / "Pulumi.worse.yaml").write_text("config: [", encoding="utf-8")
    assert main(["report", "--all-stacks", "--json", *names(mail)]) == ExitCode.COULD_NOT_RUN
    said = capsys.readouterr()
    document = json.loads(said.out)
    found = {stack["name"]: bool(stack["problem"]) for stack in document["stacks"]}
    assert found == {"broken": True, "production": False, "staging": False, "worse": True}
    assert [(one["stack"], one["standing"]) for one in document["partners"]] == [
        ("staging", "not proven"),
        ("production", "proven"),
    ]
    assert "stack worse:" in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "name the stacks with --stack"),
        (["--stack", "production", "--all-stacks"], "name the stacks with --stack"),
        (["--stack", "nowhere"], "There is no stack nowhere"),
        (["--stack", "production", "--for", "Nobody"], "No partner is declared as 'Nobody'"),
        (["--stack", "production", "-o", "report.docx"], "ends in none of .html, .pdf, .json"),
        (["--stack", "production", "-o", "no/folder/r.html"], "cannot be written"),
        (["--stack", "production", "nothing.json"], "does not exist"),
        (["--stack", "production", "--compare", "nothing.json"], "cannot be read"),
    ],
)
@pytest.mark.usefixtures("mail")
def test_wrong_usage_is_a_sentence(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    """Failing: a mistake ends in a traceback, or in a report that says less than was asked for."""
    assert main(["report", *arguments]) == ExitCode.COULD_NOT_RUN
    said = capsys.readouterr().err
    assert words in " ".join(said.replace("│", " ").split())
    assert "Traceback" not in said


def test_nothing_to_report_is_no_proof(mail: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: an empty list of partners is reported as wholly proven."""
    mail.declare()
    assert main(["report", "--stack", "production"]) == ExitCode.COULD_NOT_RUN
    assert "declares no partner" in capsys.readouterr().err


@pytest.mark.engine
def test_it_collects_what_it_rests_on(command: Command, tmp_path: Path) -> None:
    """Failing: whoever has no records gets none, or those of the real commands cannot be read by the report."""
    partner = {**FABRIKAM, "domains": ["fabrikam.test"]}
    command.project.declare(partner)
    command.project.up().succeeded()
    folder = tmp_path / "evidence"
    made = command("report", "--collect", str(folder), "--json", "-o", str(tmp_path / "r.html"))
    assert made.exit_code == ExitCode.FINDINGS, made.stderr
    assert sorted(path.name for path in folder.iterdir()) == [
        "dev-drift.json",
        "dev-history.json",
        "dev-inventory.json",
        "dev-verify-partner.json",
    ]
    (found,) = made.document["partners"]
    claims = {(one["direction"], one["id"]): one["standing"] for one in found["claims"]}
    assert claims["inbound", "deployed"] == claims["outbound", "deployed"] == "proven"
    assert claims["inbound", "only-way"] == "proven"
    # No mail host of this name is anywhere, and no message was given.
    assert claims["outbound", "servers"] != "proven"
    assert claims["inbound", "mail"] == "not proven"
    (stack,) = made.document["stacks"]
    assert [one["result"] for one in stack["applied"]] == ["succeeded"]
    assert [one["problem"] for one in made.document["inputs"]] == [""] * 4
    assert "the emulator on one machine, and no real tenant" in (tmp_path / "r.html").read_text(encoding="utf-8")
