"""`regulated-partners new`: what a project is made of, and what it never does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from regulated_partners.cli.main import main
from regulated_partners.engine.virtualenv import ensure_virtualenv
from regulated_partners.errors import CannotRunError
from tests.support.engine import ROOT

FORGES = ("github", "gitlab", "azure-devops", "kubernetes")


def made(directory: Path, *arguments: str) -> Path:
    assert main(["new", str(directory), *arguments]) == 0
    return directory


def test_project_has_the_name_of_its_directory_and_all_that_pulumi_reads(tmp_path: Path) -> None:
    """Failing: the project cannot be run, or is called as this one."""
    project = made(tmp_path / "Acme Mail & more")
    described = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))
    ours = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert described == {**ours, "name": "Acme-Mail-more"}
    for file in ("__main__.py", "policies/__main__.py", "policies/PulumiPolicy.yaml", "stacks/stack.schema.json"):
        assert (project / file).read_bytes() == (ROOT / file).read_bytes(), file
    stack = (project / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    assert stack.startswith("# yaml-language-server: $schema=stack.schema.json\n")
    assert "make" not in stack
    requirements = (project / "requirements.txt").read_text(encoding="utf-8")
    assert re.search(r"^regulated-partners\[emulator\]==\d+\.\d+\.\d+$", requirements, re.MULTILINE)
    assert not (project / "pipelines").exists()


def test_environment_of_the_project_has_the_packages_and_is_its_own(tmp_path: Path) -> None:
    """Failing: the program finds no Pulumi, or installing into the project changes what the command runs in."""
    python = made(tmp_path / "mail") / ".venv" / "bin" / "python"
    code = "import sys, pulumi, regulated_partners, exchange_online; print(sys.prefix)"
    said = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert Path(said.strip()) == tmp_path / "mail" / ".venv"
    ignored = (tmp_path / "mail" / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/.venv" in ignored


def test_half_made_environment_is_made_whole_and_an_impossible_one_is_a_sentence(tmp_path: Path) -> None:
    """Failing: a run that was stopped leaves a project that never starts, or a full disk ends in a traceback."""
    project = made(tmp_path / "mail")
    python = project / ".venv" / "bin" / "python"
    python.unlink()
    ensure_virtualenv(project)
    assert subprocess.run([python, "-c", "import pulumi"], check=False).returncode == 0
    (tmp_path / "file").touch()
    with pytest.raises(
        CannotRunError, match=r"which Pulumi.yaml names, is not there and cannot be made \(Not a directory\)"
    ):
        ensure_virtualenv(tmp_path / "file")


@pytest.mark.parametrize("content", ["README.md", ".git"])
def test_directory_with_something_in_it_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    """Failing: a project that somebody has is written over."""
    (tmp_path / content).write_text("theirs", encoding="utf-8")
    assert main(["new", str(tmp_path), "--name", "mail"]) == 2
    assert "is not empty, and nothing in it is written over" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [content]


def test_what_cannot_be_made_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failing: a mistyped path or name ends in a traceback, or in a project that Pulumi refuses."""
    (tmp_path / "file").touch()
    for directory, name, words in (
        ("file", "mail", "is a file: name a directory"),
        ("file/below", "mail", "could not be made: Not a directory"),
        ("mail", "acme/mail", "'acme/mail' is no name for a Pulumi project: give one with --name"),
        ("\u90f5\u4fbf", None, "'' is no name for a Pulumi project"),
    ):
        assert main(["new", str(tmp_path / directory), *(["--name", name] if name else [])]) == 2
        assert words in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.fixture(scope="module")
def piped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with all pipelines."""
    options = [option for forge in FORGES for option in ("--pipelines", forge)]
    return made(tmp_path_factory.mktemp("new") / "mail", *options)


def test_pipelines_lie_where_each_service_looks(piped: Path) -> None:
    """Failing: the pipelines that one asked for never run."""
    assert {path.name for path in (piped / ".github" / "workflows").iterdir()} == {
        path.name for path in (ROOT / "pipelines" / "github").iterdir()
    }
    assert (piped / ".gitlab-ci.yml").is_file()
    assert (piped / "pipelines" / "azure-devops" / "azure-pipelines.yml").is_file()
    assert (piped / "pipelines" / "kubernetes" / "stacks" / "staging.yaml").is_file()


def pipeline_texts(project: Path) -> dict[str, str]:
    files = [project / ".gitlab-ci.yml"]
    for folder in (".github", "pipelines"):
        files += [file for file in (project / folder).rglob("*") if file.is_file()]
    return {str(file.relative_to(project)): file.read_text(encoding="utf-8") for file in files}


def test_pipelines_of_a_project_need_no_make_and_name_what_is_there(piped: Path) -> None:
    """Failing: a pipeline calls make, or a file of the clone, which a project of one's own does not have."""
    commands = set()
    for name, text in pipeline_texts(piped).items():
        assert not re.search(r"\bmake (?!the plan)|make\.yml|requirements\.lock|engine/install|targets", text), name
        commands |= set(re.findall(r"\.venv/bin/regulated-partners (\w+)|command: (\w+)", text))
    assert {first or second for first, second in commands} == {"review", "up", "drift"}
    github = (piped / ".github" / "workflows" / "apply-stack.yml").read_text(encoding="utf-8")
    assert '.venv/bin/regulated-partners review --stack "$STACK" --fail-on weakens\n' in github
    assert '.venv/bin/regulated-partners up --stack "$STACK" --plan "$PLAN"\n' in github
    azure = (piped / "pipelines" / "azure-devops" / "apply.yml").read_text(encoding="utf-8")
    assert 'up --stack ${{ parameters.stack }} --plan "../plan-${{ parameters.stack }}/plan.json"\n' in azure


def test_pipelines_of_a_project_use_options_that_the_command_has(
    piped: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing: an option was renamed, and the pipelines that people got from us end with a usage error."""
    monkeypatch.setenv("COLUMNS", "200")
    used: dict[str, set[str]] = {}
    for text in pipeline_texts(piped).values():
        for command, rest in re.findall(r"(?:\.venv/bin/regulated-partners|command:) (review|up|drift)\b(.*)", text):
            used.setdefault(command, set()).update(re.findall(r"(?<= )--[a-z-]+", rest))
    assert used == {
        "review": {"--stack", "--fail-on", "--publish"},
        "up": {"--stack", "--plan"},
        "drift": {"--stack", "--publish"},
    }
    for command, options in used.items():
        assert main([command, "--help"]) == 0
        described = capsys.readouterr().out
        assert [option for option in options if option not in described] == []


def test_every_job_that_runs_the_command_has_set_it_up(piped: Path) -> None:
    """Failing: the first run in a pipeline says that .venv/bin/regulated-partners is not there."""
    for name in ("apply-stack.yml", "drift.yml", "preview.yml"):
        workflow = yaml.safe_load((piped / ".github" / "workflows" / name).read_text(encoding="utf-8"))
        for job in workflow["jobs"].values():
            scripts = [step["run"] for step in job["steps"] if "run" in step]
            assert scripts[0].endswith(".venv/bin/pip install --quiet -r requirements.txt"), name
            assert sum("pip install" in script for script in scripts) == 1
    gitlab = yaml.safe_load((piped / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert "pip install" in gitlab[".sign-in"]["before_script"][-1]
    azure = (piped / "pipelines" / "azure-devops" / "command.yml").read_text(encoding="utf-8")
    assert re.search(r"pip install .*\n +\.venv/bin/regulated-partners \$\{\{ parameters\.command \}\}", azure)


def test_pipelines_of_a_project_pass_the_checks_of_ours(piped: Path, tmp_path: Path) -> None:
    """Failing: what becomes of a pipeline in a project is no valid one any more."""
    shutil.copytree(piped / "pipelines", tmp_path, dirs_exist_ok=True)
    shutil.copytree(piped / ".github" / "workflows", tmp_path / "github")
    (tmp_path / "gitlab").mkdir()
    shutil.copy(piped / ".gitlab-ci.yml", tmp_path / "gitlab")
    done = subprocess.run(
        [sys.executable, "-m", "tools.pipelines", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
