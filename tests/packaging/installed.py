"""An environment outside of the repository that has the wheel, and commands that run in it."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.engine import ROOT

#: What a run must not inherit: settings of this machine, and the working copy's environment.
_FOREIGN = (
    *("AZURE_", "PULUMI_", "ACTIONS_", "EXCHANGE_ONLINE_", "GITHUB_", "GITLAB_", "CI", "TF_BUILD", "PYTEST_"),
    *("PYTHONPATH", "VIRTUAL_ENV", "MAKE", "MFLAGS", "STACK", "ARGS", "PLAN"),
)
_TIMEOUT = 200


@dataclass(frozen=True)
class Ended:
    """A command that has ended, with all it wrote."""

    exit_code: int
    output: str

    def fine(self) -> str:
        """Its output, of a command that must not fail."""
        assert self.exit_code == 0, self.output
        return self.output


def build_wheel(into: Path) -> Path:
    """`pip wheel .`, with the build backend of this environment: no index is asked."""
    _call(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(into),
            str(ROOT),
        ]
    )
    (wheel,) = into.glob("regulated_partners-*.whl")
    return wheel


@dataclass(frozen=True)
class Environment:
    """A virtual environment with the wheel.

    What the wheel depends on is not fetched again, which would take minutes: a path file leads to what the lock put
    into the environment of the tests. The path file of the working copy that lies there too is not followed, so that
    the packages can come from the wheel only.

    Attributes:
        folder: where it is made.
        variables: of the commands run in it, besides the machine's.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def make(self, wheel: Path) -> None:
        """Makes it, and installs the wheel."""
        venv.create(self.folder, symlinks=True)
        packages = next(self.folder.glob("lib/python*/site-packages"))
        (packages / "locked.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet", "--no-deps"]
        _call([*pip, "--no-index", "--ignore-installed", str(wheel)])
        where = self.run("-c", "import regulated_partners as r, exchange_online as e; print(r.__file__, e.__file__)")
        assert all(path.startswith(str(packages)) for path in where.fine().split()), where.output

    def run(self, *arguments: str | Path, cwd: Path | None = None) -> Ended:
        """Runs its Python."""
        return self.call(self.python, *arguments, cwd=cwd)

    def command(self, *arguments: str | Path, cwd: Path | None = None) -> Ended:
        """Runs its `regulated-partners`."""
        return self.call(self.folder / "bin" / "regulated-partners", *arguments, cwd=cwd)

    def call(self, *command: str | Path, cwd: Path | None = None, **variables: str) -> Ended:
        """Runs a program with the environment's folder first on PATH, unless the directory is the repository's own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        ours = Path(sys.prefix).resolve()
        path = [
            entry for entry in kept.get("PATH", os.defpath).split(os.pathsep) if not Path(entry).is_relative_to(ours)
        ]
        done = subprocess.run(
            [os.fspath(part) for part in command],
            cwd=cwd or self.folder.parent,
            env={**kept, "PATH": os.pathsep.join([str(self.folder / "bin"), *path]), **self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_TIMEOUT,
        )
        return Ended(done.returncode, done.stdout)


def copy_of_clone(into: Path) -> Path:
    """What `git clone` would bring: the files that git knows, or would add, and nothing that set-up made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        source = ROOT / name
        if source.is_file() and not name.startswith("tests/"):
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, into / name)
    return into


def _call(command: list[str]) -> None:
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, timeout=_TIMEOUT)
    assert done.returncode == 0, done.stdout + done.stderr
