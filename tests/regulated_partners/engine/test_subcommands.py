"""The subcommands that run the Pulumi CLI, with one that writes down how it was called."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from regulated_partners.cli.main import main
from regulated_partners.engine.install.cache import EXECUTABLES
from tests.regulated_partners.engine.installing import PINNED, environment, layout, script

#: A `pulumi` that says who it is, and how it was called.
PRETEND = f"""
[ "$1" = version ] && echo v{PINNED} && exit 0
echo "$0 $*" >> "$CALLS"
[ "$1" = stack ] || exit "${{EXIT:-0}}"
"""

ELSEWHERE = {"PULUMI_BACKEND_URL": "file:///nowhere", "PULUMI_CONFIG_PASSPHRASE": "x"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "stacks").mkdir(parents=True)
    (root / "Pulumi.yaml").write_text("name: mail\nruntime: python\nstackConfigDir: stacks\n", encoding="utf-8")
    (root / "stacks" / "Pulumi.staging.yaml").write_text(
        "config:\n  regulated-partners:cloud: commercial\n", encoding="utf-8"
    )
    return root


def pretend_cli(directory: Path) -> Path:
    for name in EXECUTABLES:
        script(directory / name, PRETEND)
    return directory


def run(
    project: Path, *arguments: str, cli: Path | None = None, before: str = "", **variables: str
) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """The command in the project; what it said, and how pulumi was called."""
    calls = project.parent / "calls"
    # What `make cli` has linked into the environment of the tests does not count.
    code = f"import sys; sys.prefix = {str(project.parent)!r}; {before}"
    code += "\nfrom regulated_partners.cli.main import main; sys.exit(main())"
    base = environment(project.parent / "cache", path=[cli] if cli else [], CALLS=str(calls))
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=project, capture_output=True, text=True, timeout=60, check=False,
        env={**base, **ELSEWHERE, **variables},
    )  # fmt: skip
    return done, calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []


@pytest.mark.parametrize("cached", [False, True], ids=["on PATH", "cached, and not on PATH"])
def test_without_make_the_command_finds_the_cli(project: Path, tmp_path: Path, cached: bool) -> None:
    """Failing means that `regulated-partners up` works in the clone only, where make has put the CLI on PATH."""
    cli = pretend_cli(layout(tmp_path / "cache").release if cached else tmp_path / "official")
    done, calls = run(project, "up", "--stack", "staging", "--", "--refresh", cli=None if cached else cli)
    assert (done.returncode, done.stderr) == (0, "")
    assert calls == [
        f"{cli}/pulumi stack select --stack staging --non-interactive --create",
        f"{cli}/pulumi up --yes --stack staging --refresh",
    ]


def test_a_plan_is_applied_without_another_preview(project: Path, tmp_path: Path) -> None:
    """Failing means that something else is applied than what was reviewed, or that nobody learns what to do then."""
    (project / "plan.json").write_text("{}", encoding="utf-8")
    cli = pretend_cli(tmp_path / "official")
    done, calls = run(project, "up", "--stack", "staging", "--plan", "plan.json", cli=cli, EXIT="255")
    digest = hashlib.sha256(b"{}").hexdigest()
    applied = f"--plan {project}/plan.json --skip-preview"
    assert calls[1].endswith(f"up --yes --stack staging --message Plan sha256:{digest} {applied}")
    assert done.returncode == 255
    assert "does not fit any longer" in done.stderr
    _, calls = run(project, "up", "--stack", "staging", "--plan", "plan.json", "--", "-m", "mine", cli=cli)
    assert calls[-1].endswith(f"up --yes --stack staging {applied} -m mine")


def test_targets_with_their_dependents_have_a_hint(project: Path, tmp_path: Path) -> None:
    """Failing means that `unknown provider`, which the engine says about a partner's pair, is the last word on it."""
    cli = pretend_cli(tmp_path / "official")
    destroy = ("destroy", "--stack", "staging")
    done, _ = run(project, *destroy, "--", "--target", "urn:x", "--target-dependents", cli=cli, EXIT="1")
    assert done.returncode == 1
    assert "Add --refresh=false" in done.stderr
    assert "Add --refresh" not in run(project, *destroy, cli=cli, EXIT="1")[0].stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("up", "--stack", "staging", "production"), "'production' is nothing that this command knows"),
        (("review", "plan.json", "--stack", "staging"), "a file goes only without --stack"),
        (("review", "plan.json", "--publish"), "--publish goes only with --stack"),
        (("drift", "--stack", "staging", "--", "--target", "x"), "with --diff only"),
        (("drift", "--stack", "staging", "--diff", "--json"), "goes with no other way"),
    ],
)
def test_what_does_not_go_together_is_said(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Failing means that an option is ignored without a word, or a slip goes to the engine as a template's name."""
    assert main(arguments) == 2
    assert words in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_help_imports_nothing_heavy() -> None:
    """Failing means that asking for help, or a misspelled name, takes as long as a run."""
    code = (
        "import sys; from regulated_partners.cli.main import main; main(['--help'])\n"
        "heavy = {'pulumi', 'grpc', 'requests', 'msal', 'cryptography', 'dns', 'pydantic', 'yaml', 'jinja2'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("new", "up", "preview", "review", "drift", "verify", "adopt", "inventory", "conformance", "emulator"):
        assert f" {name} " in done.stdout
    for hidden in ("destroy", " env "):
        assert hidden not in done.stdout


#: What talks to Pulumi, to the service, to a forge, to servers: needed once there is something to say to them.
_LATE = {"pulumi", "grpc", "google", "msal", "requests", "cryptography", "dns", "jinja2", "tenacity", "sqlite3"}


@pytest.mark.parametrize(
    ("subcommand", "needed"),
    [
        *((name, set()) for name in ("new", "up", "preview", "review", "drift", "adopt", "inventory", "emulator")),
        ("conformance", set()),
        ("verify", {"cryptography", "dns"}),
    ],
)
def test_a_subcommand_starts_with_what_it_needs(subcommand: str, needed: set[str]) -> None:
    """Failing means that a command which reads a file first loads the clients of services that it may never call."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "regulated_partners", subcommand, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "regulated_partners" in imported
    assert imported & _LATE == needed


def test_every_listed_subcommand_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Failing means that the table of subcommands names a module or function that has moved."""
    from regulated_partners.cli.main import _SUBCOMMANDS

    for name in _SUBCOMMANDS:
        assert main([name, "--help"]) == 0, name
        assert capsys.readouterr().out.strip(), name


def test_the_emulator_is_an_extra(project: Path) -> None:
    """Failing means that `regulated-partners emulator` ends in ModuleNotFoundError in production, or is not there."""
    done, _ = run(project, "emulator", "status", before="sys.modules['starlette'] = None")
    assert done.returncode == 2
    assert "pip install 'regulated-partners[emulator]'" in done.stderr
    there, _ = run(project, "emulator", "status")
    assert (there.returncode, there.stdout) == (1, "not running\n")
    assert "usage: regulated-partners emulator status" in run(project, "emulator", "status", "--help")[0].stdout


def test_plain_pulumi_gets_the_variables_of_a_stack(project: Path, tmp_path: Path) -> None:
    """Failing means that nobody can run `pulumi` by hand on the example stack: no backend, no passphrase, no CLI."""
    (project / "stacks" / "Pulumi.dev.yaml").write_text("config: {}\n", encoding="utf-8")
    cli = pretend_cli(layout(tmp_path / "cache").release)
    done, _ = run(project, "env", PULUMI_BACKEND_URL="", PULUMI_CONFIG_PASSPHRASE_FILE="")
    exports = dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines())
    assert exports["PULUMI_BACKEND_URL"] == f"'file://{project}/.state?metadata=skip'"
    assert exports["PATH"].startswith(f"{cli}:{tmp_path}/bin:")
    assert exports["VIRTUAL_ENV"] == str(tmp_path)
    assert "AZURE" not in done.stdout


def test_a_place_that_cannot_be_written_is_named(project: Path) -> None:
    """Failing means that a read-only checkout, or a slip in --output, is called a defect of the command."""
    done, _ = run(project, "review", "--stack", "staging", "--output", str(project / "Pulumi.yaml" / "x"))
    assert done.returncode == 2
    assert f"{project}/Pulumi.yaml/x" in done.stderr
    assert "cannot be read or written (Not a directory)" in done.stderr
