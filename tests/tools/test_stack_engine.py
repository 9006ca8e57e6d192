"""`python -m tools.stack` on the real engine, with this project's language host and a small program."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

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
Thing("a", name="Contoso", tls=True)
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
    """A working copy of its own: the real tools, a small program, an emulator that only says that it was started."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "tools").symlink_to(ROOT / "tools")
        shutil.copytree(ROOT / "tools" / "stack", directory / "tools_copy" / "stack")
        (directory / "emulator.py").write_text("import sys; print('emulator', *sys.argv[1:])\n")
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
        code = (
            "import sys; from pathlib import Path; import tools.stack.__main__ as m; m.ROOT = Path.cwd(); "
            "sys.exit(m.main(sys.argv[1:]))"
        )
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            cwd=self.directory,
            env={**kept, "PULUMI_HOME": str(self.directory / "home"), "PYTHONPATH": str(self.directory), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, operation: str, *extra: str, **variables: str) -> tuple[int, str]:
        process = self.start(operation, "--stack", "dev", "--", *extra, **variables)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    return iter([Project(tmp_path)])
