"""The subcommands that run the Pulumi CLI, on the real engine, with our language host and a small program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.regulated_partners.engine.hosting import alive, eventually

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.engine

PROGRAM = """
import os, sys, time
import pulumi
from things import Thing

print("hello from the program", flush=True)
match os.environ.get("BEHAVIOUR"):
    case "run error":
        raise pulumi.RunError("partners[0].domains: `x y` is not a domain.")
    case "exception":
        raise ValueError("unexpected")
    case "slow":
        open("running", "w").write(str(os.getpid()))
        time.sleep(600)
Thing("a", name="Größe" if os.environ.get("BEHAVIOUR") == "umlaut" else "Contoso", tls=True)
"""

THINGS = """
import json, os, pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

def service(content=None):
    if content is not None:
        open("service.json", "w").write(json.dumps(content))
    return json.load(open("service.json")) if os.path.exists("service.json") else None

class Provider(ResourceProvider):
    serialize_as_secret_always = False
    def create(self, props):
        content = {key: props[key] for key in ("name", "tls")}
        service(content)
        return CreateResult("id", content)
    def diff(self, id, olds, news):
        return DiffResult(changes=None if any(olds[k] != news[k] for k in ("name", "tls")) else False)
    def update(self, id, olds, news):
        content = {key: news[key] for key in ("name", "tls")}
        service(content)
        return UpdateResult(content)
    def read(self, id, props):
        return ReadResult(id, service(), inputs=service()) if service() else ReadResult(None, {})
    def delete(self, id, props):
        os.unlink("service.json")

class Thing(Resource, module="test", name="Thing"):
    def __init__(self, label, **props):
        super().__init__(Provider(), label, props)
"""


class Project:
    """A small program, and an emulator that only says that it was started; on them the real command."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "exchange_online_emulator.py").write_text("import sys; print('emulator', *sys.argv[1:])\n")
        (directory / "stacks").mkdir()
        (directory / "stacks" / "Pulumi.dev.yaml").write_text("config:\n  regulated-partners:cloud: local\n")
        (directory / "Pulumi.yaml").write_text(
            "name: regulated-partners\n"
            f"runtime:\n  name: python\n  options:\n    virtualenv: {sys.prefix}\n"
            "stackConfigDir: stacks\noptions:\n  refresh: always\n"
        )
        (directory / "__main__.py").write_text(PROGRAM)
        (directory / "things.py").write_text(THINGS)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        return subprocess.Popen(
            [
                sys.executable,
                "-m",
                "regulated_partners",
                *arguments[:1],
                "--cwd",
                str(self.directory),
                *arguments[1:],
            ],
            cwd=ROOT,
            env={**kept, "PULUMI_HOME": str(self.directory / "home"), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, operation: str, *extra: str, **variables: str) -> tuple[int, str]:
        operations = ("drift", "--diff") if operation == "drift" else (operation,)
        process = self.start(*operations, "--stack", "dev", "--", *extra, **variables)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_life_of_a_stack(project: Project) -> None:
    """Failing means that one of make up, preview, drift or destroy does not do what its help says."""
    code, output = project.run("preview")
    assert code == 0, output
    assert "+ pulumi-python:dynamic/test:Thing: (create)" in output
    assert not (project.directory / "service.json").exists()

    code, output = project.run("up")
    assert code == 0, output
    assert "emulator start --state .emulator/state.db" in output
    assert "hello from the program" in output
    assert "2 created" in output

    code, output = project.run("drift")
    assert code == 0, output
    assert "2 unchanged" in output

    changed = project.directory / "service.json"
    changed.write_text('{"name": "Contoso", "tls": false}')
    code, output = project.run("drift")
    assert code == 1, output
    assert "~ tls: true => false" in output
    assert "Drift: the service differs from stack dev" in output
    assert changed.read_text() == '{"name": "Contoso", "tls": false}'

    code, output = project.run("up")
    assert code == 0, output
    assert changed.read_text() == '{"name": "Contoso", "tls": true}'

    code, output = project.run("destroy")
    assert code == 0, output
    assert not changed.exists()


def test_further_arguments_go_to_the_cli(project: Project) -> None:
    """Failing means that ARGS is ignored, and `make preview ARGS=--expect-no-changes` always succeeds."""
    code, output = project.run("preview", "--expect-no-changes")
    assert code == 7, output


def test_run_error_shows_its_sentence_and_no_traceback(project: Project) -> None:
    """Failing means that the user's own mistake is shown as a defect of the program."""
    code, output = project.run("preview", BEHAVIOUR="run error")
    assert code == 1
    assert "partners[0].domains: `x y` is not a domain." in output
    assert "Traceback" not in output


def test_settings_that_no_program_can_be_given_are_refused_first(project: Project) -> None:
    """Failing means that a stack file of two thousand partners ends in "argument list too long", after the tenant was
    asked; or that one which fits is refused."""
    settings = project.directory / "stacks" / "Pulumi.dev.yaml"
    given = {"name": "A", "domains": ["a.example", True, 7], "x": {"y": None}}
    config = {"regulated-partners:cloud": "local", "other:deep": [given] * 20, "other:text": 'quoted " and \\'}
    (project.directory / "__main__.py").write_text(
        "import os\nopen('length', 'w').write(str(len(os.environ['PULUMI_CONFIG'])))\n"
    )

    def preview(length: int) -> tuple[int, str]:
        settings.write_text(json.dumps({"config": {**config, "other:long": "x" * length}}), encoding="utf-8")
        return project.run("preview")

    code, output = preview(1)
    assert code == 0, output
    rest = int((project.directory / "length").read_text()) - 1
    most = 32 * os.sysconf("SC_PAGE_SIZE") - len("PULUMI_CONFIG=") - 1
    code, output = preview(most - rest)
    assert code == 0, output
    assert int((project.directory / "length").read_text()) == most
    for operation in ("preview", "up"):
        assert preview(most - rest + 1)[0] == 2
        code, output = project.run(operation)
        assert code == 2, output
        assert "stacks/Pulumi.dev.yaml: these settings are too long" in output
        assert f"at most {most:,} bytes" in output
        assert "partnersFile" in output


def test_exception_shows_where_in_the_program(project: Project) -> None:
    """Failing means that a defect of the program cannot be found from the log."""
    code, output = project.run("preview", BEHAVIOUR="exception")
    assert code == 1
    assert "ValueError: unexpected" in output
    assert "__main__.py" in output
    assert "an unhandled error occurred" not in output


def test_drift_of_a_stack_that_never_was(project: Project) -> None:
    """Failing means that looking for drift makes an empty stack and calls everything fine."""
    code, output = project.run("drift")
    assert code != 0
    assert "If it was never applied, run `regulated-partners up --stack dev` first." in output


def test_behind_a_proxy_and_under_no_locale(project: Project) -> None:
    """Failing means gRPC tracebacks behind a company's proxy, or UnicodeDecodeError in a bare container."""
    proxies = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    posix = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "BEHAVIOUR": "umlaut"}
    code, output = project.run("up", "--skip-preview", **proxies, **posix)
    assert code == 0, output
    assert "2 created" in output
    process = project.start("drift", "--stack", "dev", "--json", **proxies, **posix)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert "No drift" in output


def test_interrupt_ends_everything_quietly(project: Project) -> None:
    """Failing means that Ctrl-C leaves the program running, or buries the reason under a traceback."""
    process = project.start("up", "--stack", "dev", "--", BEHAVIOUR="slow")
    running = project.directory / "running"
    assert eventually(lambda: running.exists() and running.read_text() != "", seconds=60)
    pid = int(running.read_text())
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" not in output
    assert eventually(lambda: not alive(pid))


def test_killed_cli_leaves_no_program_behind(project: Project) -> None:
    """Failing means that a pipeline which is cancelled hard leaves a program that may still change things."""
    process = project.start("up", "--stack", "dev", "--", BEHAVIOUR="slow")
    running = project.directory / "running"
    assert eventually(lambda: running.exists() and running.read_text() != "", seconds=60)
    pid = int(running.read_text())
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert eventually(lambda: not alive(pid), seconds=30)
