"""The wheel: what is in it, and what people do with it who have no clone of this repository."""

from __future__ import annotations

import email
import resource
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.packaging.installed import Environment
from tests.support.engine import ROOT

#: Files that are no Python, and without which something does not run.
DATA = {
    "exchange_online/py.typed",
    "exchange_online_emulator/py.typed",
    "exchange_online_emulator/page/templates/page.html.jinja",
    "exchange_online_emulator/page/templates/flow.css",
    "regulated_partners/py.typed",
    "regulated_partners/evidence/templates/report.html.jinja",
    "regulated_partners/engine/install/go.mod",
    "regulated_partners/engine/install/go.sum",
    "regulated_partners/engine/language_host/pulumi-language-python",
    "regulated_partners/template/Pulumi.yaml",
    "regulated_partners/template/__main__.py",
    "regulated_partners/template/stacks/Pulumi.dev.yaml",
    "regulated_partners/template/stacks/stack.schema.json",
    "regulated_partners/template/policies/PulumiPolicy.yaml",
    "regulated_partners/template/pipelines/gitlab/.gitlab-ci.yml",
}


def test_wheel_holds_what_runs_need_and_nothing_else(wheel: Path) -> None:
    """Failing: something works in the clone and not where the package is installed, or the wheel brings our tests."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = email.message_from_bytes(
            archive.read(next(name for name in names if name.endswith(".dist-info/METADATA")))
        )
    assert names >= DATA
    assert any(name.startswith("exchange_online_emulator/data/") and name.endswith(".json") for name in names)
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    roots = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert roots == {"exchange_online", "exchange_online_emulator", "regulated_partners"}
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"] == "Regulated Partners developers"
    assert metadata.get_all("Classifier")


def test_version_stands_in_one_place(installed: Environment) -> None:
    """Failing: what the package, the command's projects and the policy pack say of their version drifts apart."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    said = installed.run("-c", "import regulated_partners; print(regulated_partners.__version__)").fine()
    assert said.strip() == version
    # Pulumi reads the pack's from its own file, and from nowhere else.
    pack = yaml.safe_load((ROOT / "policies" / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert pack["version"] == version


def test_help_is_there_at_once(installed: Environment) -> None:
    """Failing: every start of the command loads Pulumi, MSAL and gRPC before it has read its arguments."""
    seconds = []
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        shown = installed.command("--help").fine()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert "inventory" in shown
        # Of the processor, because the clock depends on what else the machine does.
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.5


@pytest.fixture
def mail(installed: Environment, tmp_path: Path) -> Iterator[Path]:
    """A project that `regulated-partners new` made; its emulator ends with the test."""
    project = tmp_path / "mail"
    installed.command("new", project, "--name", "acme-mail").fine()
    yield project
    installed.run("-m", "exchange_online_emulator", "stop", "--state", ".emulator/state.db", cwd=project)


@pytest.mark.engine
def test_new_project_runs_the_example_partners(installed: Environment, mail: Path) -> None:
    """Failing: who has the package and no clone cannot make a project, or cannot run it."""
    first = installed.command("up", cwd=mail).fine()
    assert "+ 13 created" in first
    assert "13 unchanged" in installed.command("up", "--", "--skip-preview", cwd=mail).fine()
    judged = installed.command("preview", "--", "--policy-pack", "policies", cwd=mail)
    assert judged.exit_code != 0
    assert "trusted-certification-authority" in judged.output or "self-signed" in judged.output, judged.output
    assert "- 13 deleted" in installed.command("destroy", "--stack", "dev", "--", "--skip-preview", cwd=mail).fine()


FOREIGN_PROGRAM = """
import pulumi

from components.ours import greeting
from exchange_online import InboundConnector
from providers.ours import answer
from regulated_partners import RegulatedPartner

RegulatedPartner("Northwind", domains=["northwind.example"], certificate_name="mail.northwind.example")
InboundConnector("seen", name="Seen in", sender_domains=["seen.example"])
pulumi.export("ours", f"{greeting} {answer}")
"""


@pytest.mark.engine
def test_another_project_uses_the_package_beside_folders_of_the_same_names(
    installed: Environment, tmp_path: Path
) -> None:
    """Failing: a project with its own components/ and providers/, the usual names, cannot depend on the package."""
    program = tmp_path / "theirs" / "infra"
    for folder, line in (("components", "greeting = 'hello'"), ("providers", "answer = 42")):
        (program / folder).mkdir(parents=True)
        (program / folder / "__init__.py").touch()
        (program / folder / "ours.py").write_text(line, encoding="utf-8")
    (program / "__main__.py").write_text(FOREIGN_PROGRAM, encoding="utf-8")
    options = {"toolchain": "pip", "virtualenv": str(installed.folder)}
    project = {"name": "theirs", "main": "infra", "runtime": {"name": "python", "options": options}}
    (program.parent / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    cli = installed.run("-m", "regulated_partners.engine.install").fine().splitlines()[-1]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    started = installed.run("-m", "exchange_online_emulator", "start", "--state", "state.db", cwd=elsewhere).fine()
    assert started
    variables = {
        "PULUMI_BACKEND_URL": elsewhere.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "theirs",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "EXCHANGE_ONLINE_EMULATOR": str(elsewhere / "connection.json"),
    }

    def pulumi(*arguments: str) -> str:
        whole = ("--cwd", str(program.parent), *arguments, "--non-interactive")
        return installed.call(Path(cli) / "pulumi", *whole, cwd=elsewhere, **variables).fine()

    try:
        pulumi("stack", "init", "prod")
        assert "hello 42" in pulumi("up", "--yes", "--skip-preview", "--stack", "prod")
        assert "5 unchanged" in pulumi("up", "--yes", "--skip-preview", "--stack", "prod", "--refresh")
        assert "- 5 deleted" in pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    finally:
        installed.run("-m", "exchange_online_emulator", "stop", "--state", "state.db", cwd=elsewhere)


FOREIGN_TEST = """
def test_tenant(exchange_online_tenant):
    exchange_online_tenant.seed(inbound=[{"Name": "Fabrikam", "SenderDomains": ["fabrikam.com"]}])
    assert exchange_online_tenant.writes() == []
"""


def test_emulator_serves_the_tests_of_others(installed: Environment, tmp_path: Path) -> None:
    """Failing: who installs the extra `emulator` cannot test a program of their own against it."""
    plugin = 'pytest_plugins = ["exchange_online_emulator.pytest_plugin"]'
    (tmp_path / "conftest.py").write_text(plugin, encoding="utf-8")
    (tmp_path / "test_theirs.py").write_text(FOREIGN_TEST, encoding="utf-8")
    assert "1 passed" in installed.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path).fine()
    rules = installed.call(installed.folder / "bin" / "exchange-online-emulator", "rules").fine()
    assert "V36" in rules
