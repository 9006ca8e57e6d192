"""What a user of the command meets: exit codes, sentences, output that a program can read."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from pydantic import SecretStr

from exchange_online_emulator import ApplicationRegistration, ClientSecret, Control
from regulated_partners.cli.adopt import replace_file
from regulated_partners.cli.main import main
from regulated_partners.errors import CannotRunError
from regulated_partners.partners import read_stack_file
from tests.regulated_partners.conftest import Command
from tests.support.engine import Project

SECRET = "canary-5f2c9f4e7d"


@pytest.fixture
def tenant(control: Control) -> Control:
    """A pair, a gateway, a hybrid connector, a test-mode one, and one whose name would steer a terminal."""
    control.seed(
        inbound=[
            {"Name": "Fabrikam in", "SenderDomains": ["fabrikam.com"]},
            {"Name": "Gateway [bold]", "SenderDomains": ["*"], "ConnectorType": "OnPremises"},
            {"Name": "Wizard", "SenderDomains": ["a.example"], "ConnectorSource": "HybridWizard"},
            {"Name": "red \x1b[31m", "SenderDomains": ["b.example"], "Comment": "=1+1"},
        ],
        outbound=[
            {"Name": "Fabrikam out", "RecipientDomains": ["fabrikam.com"]},
            {"Name": "leftover", "RecipientDomains": ["c.example"], "TestMode": True},
        ],
    )
    return control


def test_help_and_wrong_usage_have_their_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """Failure means: a pipeline takes a misspelled option for a finding, or for success."""
    assert main(["--help"]) == 0
    assert main(["adopt", "--help"]) == 0
    assert "--declarations-only" in capsys.readouterr().out
    assert main([]) == 2
    assert main(["adopt", "--stack", "dev", "--bogus"]) == 2
    assert main(["nonsense"]) == 2
    assert main(["inventory", "--stack", "dev", "--json", "--csv"]) == 2


def test_outside_of_a_project_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failure means: whoever runs it in the wrong directory gets a traceback."""
    assert main(["inventory", "--stack", "dev", "--cwd", str(tmp_path)]) == 2
    assert "There is no Pulumi.yaml in" in capsys.readouterr().err


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """Failure means: an edit that was saved while adopt was running is lost."""
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_bytes(b"config: {}\r\n")
    with pytest.raises(CannotRunError, match="has changed while adopt was running"):
        replace_file(file, "config:\n", "new")
    assert file.read_bytes() == b"config: {}\r\n"
    file.chmod(0o640)
    replace_file(file, "config: {}\r\n", "new\r\n")
    assert file.read_bytes() == b"new\r\n"
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.engine
def test_a_dry_run_writes_nothing(command: Command, project: Project, tenant: Control) -> None:
    """Failure means: somebody who only wants to look changes the file, the state or the tenant."""
    before = project.stack_file.read_bytes()
    shown = command("adopt").succeeded()
    assert project.stack_file.read_bytes() == before
    assert project.export()["deployment"].get("resources") is None
    assert tenant.writes() == []
    assert "red \\x1b[31m" in shown.stdout
    assert "holds U+001B ESCAPE at place 5, a control character" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "Gateway [bold]" in shown.stdout
    assert "Nothing was written." in shown.stdout
    assert "Listing the connectors" in shown.stderr
    unknown = command("adopt", "--include", "Nobody", "--json")
    assert unknown.exit_code == 1
    assert unknown.document["complaints"] == ["--include names 'Nobody', and the tenant has no connector of this name."]


@pytest.mark.engine
def test_a_stack_that_was_never_applied_is_created_by_writing_only(
    command: Command, project: Project, tenant: Control
) -> None:
    """Failure means: a new tenant's stack must be made by hand first, or a look at it makes one."""
    fresh = project.stack_file.with_name("Pulumi.fresh.yaml")
    fresh.write_text("config:\n  regulated-partners:cloud: local # the emulator\n", encoding="utf-8")
    command("adopt", "--only", "Fabrikam*", stack="fresh").succeeded()
    assert "fresh" not in project.pulumi("stack", "ls").stdout
    command("adopt", "--write", "--only", "Fabrikam*", stack="fresh").succeeded()
    assert "fresh" in project.pulumi("stack", "ls").stdout
    text = fresh.read_text(encoding="utf-8")
    assert "local # the emulator\n" in text
    assert "- name: Fabrikam\n" in text
    assert tenant.writes() == []


@pytest.mark.engine
def test_the_inventory_says_who_manages_what(command: Command, tenant: Control) -> None:
    """Failure means: an auditor gets a wrong list, or a pipeline does not notice a connector made by hand."""
    table = command("inventory").succeeded()
    assert "6 connectors, 0 managed, 4 unmanaged" in table.stdout
    assert "\x1b" not in table.stdout
    assert command("inventory", "--fail-on-unmanaged", "--json").exit_code == 1
    command("adopt", "--write", "--include", "Wizard").succeeded()
    listed = command("inventory", "--fail-on-unmanaged", "--csv")
    assert listed.exit_code == 1
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(listed.stdout))}
    assert {name: (row["kind"], row["managedBy"], row["resource"]) for name, row in rows.items()} == {
        "Fabrikam in": ("partner", "dev", "Fabrikam-inbound"),
        "Fabrikam out": ("partner", "dev", "Fabrikam-outbound"),
        "Gateway [bold]": ("vendor", "dev", "Gateway [bold]"),
        "Wizard": ("hybrid", "dev", "Wizard"),
        "red \x1b[31m": ("partner", "", ""),
        "leftover": ("test-mode", "", ""),
    }
    assert (
        rows["Fabrikam in"]["mailFlow"]
        == "mail from fabrikam.com (envelope sender) is refused unless it comes over TLS"
    )
    assert tenant.writes() == []


@pytest.mark.engine
def test_errors_are_sentences(command: Command, project: Project, tenant: Control) -> None:
    """Failure means: a mistake in settings or environment shows a traceback, a secret, or half a result."""
    status = tenant.status()
    project.set_variables(
        AZURE_TENANT_ID=status.tenant, AZURE_CLIENT_ID=status.applications[0], AZURE_CLIENT_SECRET=SECRET
    )
    wrong = command("inventory", "--json").could_not_run("AADSTS7000215")
    assert SECRET not in wrong.stderr
    project.set_variables(AZURE_CLIENT_SECRET="", EXCHANGE_ONLINE_EMULATOR="/nowhere/connection.json")
    command("inventory").could_not_run("no emulator is running", "regulated-partners emulator start")
    project.configure(partners=[{"name": "F"}])
    command("adopt", "--write").could_not_run("has errors; correct them first", "partners[0].domains: this is needed")
    project.stack_file.write_text("config: [", encoding="utf-8")
    command("adopt").could_not_run("is not valid YAML")
    command("adopt", stack="nope").could_not_run("There is no stack nope")
    assert tenant.writes() == []


@pytest.mark.engine
def test_a_secret_in_the_stacks_config_signs_in(command: Command, project: Project, tenant: Control) -> None:
    """Failure means: stacks that keep the client secret in their config cannot be adopted into."""
    client = "11111111-2222-4333-8444-555555555555"
    project.configure(clientId=client)
    assert project.pulumi("config", "set", "--secret", "regulated-partners:clientSecret", SECRET).returncode == 0
    refused = command("adopt", "--write", "--only", "Fabrikam*").could_not_run("AADSTS700016")
    tenant.register_application(
        ApplicationRegistration(client_id=client, secrets=(ClientSecret(value=SecretStr(SECRET)),))
    )
    shown = command("adopt", "--write", "--only", "Fabrikam*").succeeded()
    assert SECRET not in refused.stderr + shown.stdout + shown.stderr + project.stack_file.read_text(encoding="utf-8")


@pytest.mark.engine
def test_a_list_that_pulumi_does_not_read_stops_every_command(command: Command, project: Project) -> None:
    """Failing: a command speaks of a stack without partners, while its file lists them at the left edge (A58c)."""
    text = project.stack_file.read_text(encoding="utf-8")
    project.stack_file.write_text(f"regulated-partners:partners: []\n{text}", encoding="utf-8")
    said = (
        "stacks/Pulumi.dev.yaml: `regulated-partners:partners:` in line 1, at the left edge, beside config: is not read"
    )
    for subcommand in (
        ["adopt"],
        ["inventory"],
        ["drift"],
        ["review"],
        ["preview"],
        ["up"],
        ["verify", "partner", "--all"],
    ):
        command(*subcommand).could_not_run(said)
    project.stack_file.write_text(text, encoding="utf-8")
    command("verify", "partner", "--all").could_not_run("absent is not empty", "regulated-partners:partners: []")


@pytest.mark.engine
def test_connectors_whose_names_nobody_can_write_are_shown(command: Command, project: Project, tenant: Control) -> None:
    """Failing: a connector that somebody made with a hidden character stops `inventory` and `adopt`, or a table of
    them shows it as another one."""
    tenant.reset()
    odd = {"Name": "By\u200bhand", "SenderDomains": ["hand.example"], "Comment": "a\u202eb"}
    tenant.seed(inbound=[odd, {"Name": "Plain", "SenderDomains": ["plain.example"]}], outbound=[])
    shown = command("inventory").succeeded()
    assert "By\\u200bhand" in shown.stdout
    assert not set(shown.stdout) & {"\u200b", "\u202e"}
    adopted = command("adopt", "--write").succeeded()
    assert "By\\u200bhand" in adopted.stdout
    assert "holds U+200B ZERO WIDTH SPACE at place 3" in adopted.stdout
    assert [one.name for one in read_stack_file(project.directory, "dev").declared.connectors] == ["Plain"]
    assert tenant.writes() == []
