"""The two working copies that are measured beside each other: ours, and the engine alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from exchange_online_emulator import EmulatorProcess
from tests.bench.measuring import PASSPHRASE
from tests.support.engine import ROOT, Project

_IDLE = Path(__file__).parent / "engine_alone"

#: The commands of the CLI as a user runs them: `up` and `destroy` with the preview that comes first.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "up": ("up", "--yes"),
    "preview": ("preview", "--diff"),
    "drift": ("refresh", "--preview-only", "--diff", "--expect-no-changes"),
    "refresh": ("refresh", "--yes", "--run-program"),
    "destroy": ("destroy", "--yes", "--run-program"),
}


class WorkingCopy(Project):
    """A working copy whose runs write no log of events and may take as long as they need."""

    def declare(self, *partners: Mapping[str, Any], **settings: object) -> None:
        """Writes the partners into a file beside the stack's, which has no room for thousands."""
        file = self.stack_file.with_name("partners.yaml")
        content = {"partners": [dict(partner) for partner in partners]}
        file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        self.configure(partnersFile=f"{file.parent.name}/{file.name}", **settings)

    def run(self, operation: str) -> int:
        """One operation of the Pulumi CLI. Returns its exit code.

        Raises:
            AssertionError: with what it printed, where it failed.
        """
        return self._finished(self._command([*COMMANDS[operation], "--stack", self.stack])).returncode

    def preview_json(self) -> str:
        """What `pulumi preview --json` prints."""
        return self._finished(self._command(["preview", "--json", "--stack", self.stack])).stdout

    def command(self, *arguments: str, fine: tuple[int, ...] = (0,)) -> int:
        """One of `regulated-partners`. Returns its exit code; raises as `run` does."""
        python = Path(self.variables["VIRTUAL_ENV"]) / "bin" / "python"
        return self._finished([str(python), "-m", "regulated_partners", *arguments], fine).returncode

    def command_up(self) -> int:
        """`regulated-partners up`, on the service that is there. Returns its exit code; raises as `run` does."""
        self._serve_at_the_project()
        return self.command("up", "--stack", self.stack)

    def _finished(self, command: list[str], fine: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in fine, f"{' '.join(command)}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr}"
        return done


def partners(count: int) -> list[dict[str, object]]:
    """So many different partners."""
    return [
        {"name": f"Partner {number}", "domains": [f"p{number}.example"], "certificateName": f"mail.p{number}.example"}
        for number in range(count)
    ]


def ours(folder: Path, emulator: EmulatorProcess, count: int) -> WorkingCopy:
    """A working copy of the project with so many partners."""
    copy = WorkingCopy(folder / "ours", emulator, passphrase=PASSPHRASE)
    copy.declare(*partners(count))
    return copy


def engine_alone(folder: Path, emulator: EmulatorProcess, count: int) -> WorkingCopy:
    """The same engine with a program of the same shape whose resources do nothing."""
    copy = WorkingCopy(folder / "alone", emulator, passphrase=PASSPHRASE)
    copy.configure(partners=[])
    copy.use_program(_IDLE / "program.py")
    shutil.copy(_IDLE / "idle.py", copy.directory)
    copy.set_variables(IDLE_PARTNERS=str(count))
    return copy


def machine() -> dict[str, str]:
    """What the figures were measured on, and of what."""
    memory = next(line for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines() if "MemTotal" in line)
    cli = subprocess.run(
        [str(Path(sys.prefix) / "bin" / "pulumi"), "version"], capture_output=True, text=True, check=True
    )
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{round(int(memory.split()[1]) / 1024 / 1024)} GB",
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": ".".join(map(str, sys.version_info[:3])),
        "cli": cli.stdout.strip().removeprefix("v"),
        "commit": _commit(),
    }


def _commit() -> str:
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return (told.stdout.strip() or "no commit") + (" and changes" if changed.stdout.strip() else "")
