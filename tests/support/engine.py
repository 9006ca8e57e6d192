"""The real Pulumi CLI on a working copy of the project, with a state folder and an emulator of its own."""

from __future__ import annotations

import atexit
import copy
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from exchange_online_emulator import EmulatorProcess
from exchange_online_emulator.process import lock_path
from regulated_partners.engine.environment import WITHOUT_SIDE_FILES
from tests.support import vault
from tests.support.engine_run import Run, finished
from tests.support.processes import descendants, started_with

ROOT = Path(__file__).parents[2]
STACK = "dev"

#: Exit code of `--expect-no-changes` when there are some. Source: pulumi pull request 22176.
CHANGES_FOUND = 7

#: Seconds that one run may take.
_TIMEOUT = 150

#: The provider's waits between two tries are this much shorter than a user's.
_TIME_SCALE = "0.01"

_PLAINLY = ("--color", "never", "--non-interactive")

#: What the first project of this process was before its first run.
_temporary = tempfile.TemporaryDirectory(prefix="new-stack-")
atexit.register(_temporary.cleanup)
_FOREIGN = ("AZURE_", "PULUMI_", "ACTIONS_", "EXCHANGE_ONLINE_")


@dataclass(frozen=True)
class Running:
    """A run of the CLI that has not ended yet."""

    process: subprocess.Popen[str]
    event_log: Path
    planning: bool

    def providers(self) -> tuple[int, ...]:
        """The ids of its provider processes, `python -m pulumi.dynamic`."""
        return descendants(self.process.pid, "python -u -m pulumi.dynamic")

    def kill_providers(self) -> int:
        """Kills the provider processes, as a machine without memory does. Returns how many there were."""
        found = self.providers()
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return len(found)

    def engines(self) -> tuple[int, ...]:
        """The ids of the CLI: of the process itself, or of the one that our own command has started."""
        below = (*descendants(self.process.pid, "pulumi up "), *descendants(self.process.pid, "pulumi destroy "))
        return below or (self.process.pid,)

    def close(self) -> None:
        """Takes the end of a process that was killed, and closes what nobody has read of it."""
        self.process.wait(timeout=_TIMEOUT)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def kill(self) -> None:
        """Kills the CLI with all that it has started, as a pipeline that is cancelled hard kills them."""
        os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self) -> Run:
        """Waits for its end. Raises AssertionError with what it printed if it does not end."""
        try:
            stdout, stderr = self.process.communicate(timeout=_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            stdout, stderr = self.process.communicate()
            raise AssertionError(f"pulumi did not end within {_TIMEOUT} s:\n{stdout}\n{stderr}") from None
        log = self.event_log.read_text(encoding="utf-8") if self.event_log.exists() else ""
        return finished(self.process.returncode, stdout, stderr, log, planning=self.planning)


class Project:
    """A working copy: the real program; its own stack file, state and Pulumi home.

    It begins with the stack file of `dev`; `declare` and `configure` write another, `use_program` another program.

    Args:
        directory: an empty folder.
        emulator: a running emulator.
        passphrase: keeps the stack's secrets, as most people's first stack does; where it is empty a key service does,
            which saves a sixth of the time of a run.
    """

    def __init__(self, directory: Path, emulator: EmulatorProcess, *, passphrase: str = "") -> None:
        self.stack = STACK
        self.directory = directory / "project"
        self.state = directory / "state"
        self.stack_file = self.directory / "stacks" / f"Pulumi.{STACK}.yaml"
        self._home = directory / "home"
        self._emulator = emulator
        self._runs = 0
        self._running: list[Running] = []
        self.own_variables: dict[str, str] = {}
        self._secrets_provider = ("--secrets-provider", "passphrase" if passphrase else vault.SECRETS_PROVIDER)
        self._keeps_secrets = {"PULUMI_CONFIG_PASSPHRASE": passphrase} if passphrase else vault.variables()
        new_stack = Path(_temporary.name) / self._secrets_provider[1].partition(":")[0]
        self._home.mkdir(parents=True)
        if new_stack.exists():
            # `stack init` takes as long as all else that is not a run; what it makes is the same each time.
            shutil.copytree(new_stack, directory, dirs_exist_ok=True, symlinks=True)
            return
        for folder in (self.stack_file.parent, self.state):
            folder.mkdir(parents=True)
        self.use_program(ROOT / "__main__.py")
        # The example's own line is for another way of keeping secrets.
        example = yaml.safe_load((ROOT / "stacks" / self.stack_file.name).read_text(encoding="utf-8"))
        self.stack_file.write_text(yaml.safe_dump({"config": example["config"]}, sort_keys=False), encoding="utf-8")
        self._write_project_file()
        self.init(STACK)
        for folder in (self.directory, self.state):
            shutil.copytree(folder, new_stack / folder.name, symlinks=True)

    def _write_project_file(self) -> None:
        content = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
        content["runtime"]["options"]["virtualenv"] = sys.prefix
        (self.directory / "Pulumi.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

    @property
    def variables(self) -> dict[str, str]:
        """The environment of every run. Nothing of the machine's own Pulumi or Azure settings gets in."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        binaries = Path(sys.prefix) / "bin"
        return {
            **kept,
            "PATH": f"{binaries}{os.pathsep}{kept.get('PATH', '')}",
            "VIRTUAL_ENV": sys.prefix,
            "PULUMI_BACKEND_URL": self.state.as_uri() + WITHOUT_SIDE_FILES,
            "PULUMI_HOME": str(self._home),
            **self._keeps_secrets,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            # `--event-log` is one of the CLI's commands for debugging.
            "PULUMI_DEBUG_COMMANDS": "true",
            "EXCHANGE_ONLINE_EMULATOR": str(self._emulator.connection_path),
            "EXCHANGE_ONLINE_TIME_SCALE": _TIME_SCALE,
            **self.own_variables,
        }

    def set_variables(self, **variables: str) -> None:
        """Variables of every later run, on top of the usual ones."""
        self.own_variables |= variables

    def use_program(self, file: Path) -> None:
        """Takes another program, a Python file."""
        entry = self.directory / "__main__.py"
        entry.unlink(missing_ok=True)
        entry.symlink_to(file)

    def declare(self, *partners: Mapping[str, Any], **settings: object) -> None:
        """Writes the stack file: its partners, and further settings of the project by their names."""
        self.configure(partners=[dict(partner) for partner in partners], **settings)

    def configure(self, **settings: object) -> None:
        """Writes the stack file with these settings and no others; `cloud` is local unless given."""
        values = {f"regulated-partners:{name}": value for name, value in {"cloud": "local", **settings}.items()}
        content = {"config": values, **self.secrets_settings()}
        self.stack_file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def secrets_settings(self) -> dict[str, str]:
        """What the stack file says of how secrets are kept, which no settings file can be without."""
        written = yaml.safe_load(self.stack_file.read_text(encoding="utf-8"))
        return {key: written[key] for key in ("secretsprovider", "encryptedkey", "encryptionsalt") if key in written}

    def up(self, *arguments: str, preview: bool = False) -> Run:
        """`pulumi up --yes`. The preview that a person sees first is left out unless asked for."""
        return self.start_up(*arguments, preview=preview).wait()

    def start_up(self, *arguments: str, preview: bool = False) -> Running:
        """`up` that goes on while the test does something else."""
        return self._start("up", "--yes", *([] if preview else ["--skip-preview"]), *arguments)

    def start(self, operation: str, *arguments: str) -> Running:
        """Any other operation that goes on while the test does something else."""
        return self._start(operation, *arguments)

    def start_command(self, operation: str, *arguments: str, preview: bool = False) -> Running:
        """`regulated-partners up` or `destroy`, that goes on while the test does something else."""
        self._serve_at_the_project()
        command = [
            *(sys.executable, "-m", "regulated_partners", operation, "--stack", self.stack),
            *("--", *([] if preview else ["--skip-preview"]), *_PLAINLY, *arguments),
        ]
        return self._opened(command, self.directory / "no-events")

    def _serve_at_the_project(self) -> None:
        """Our command takes the service for the emulator of the project, and starts no other."""
        folder = self.directory / ".emulator"
        if folder.exists():
            return
        folder.mkdir()
        state = self._emulator.state
        served = {"state.db": state, "state.lock": lock_path(state), "connection.json": self._emulator.connection_path}
        for name, file in served.items():
            (folder / name).symlink_to(file)

    def living(self) -> dict[int, str]:
        """What lives of this project's runs: the command line of each process by its id."""
        return started_with(f"PULUMI_HOME={self._home}")

    def preview(self, *arguments: str) -> Run:
        """`pulumi preview --diff`."""
        return self._start("preview", "--diff", *arguments, planning=True).wait()

    def refresh(self, *arguments: str) -> Run:
        """`pulumi refresh`: takes what the tenant has into the state."""
        return self._start("refresh", "--yes", "--skip-preview", "--run-program", *arguments).wait()

    def drift(self, *arguments: str) -> Run:
        """`make drift`: shows what differs, changes nothing, exits with 7 when something does."""
        flags = ("--preview-only", "--diff", "--expect-no-changes")
        return self._start("refresh", *flags, *arguments, planning=True).wait()

    def destroy(self, *arguments: str) -> Run:
        """`pulumi destroy --yes`."""
        return self._start("destroy", "--yes", "--skip-preview", "--run-program", *arguments).wait()

    def export(self) -> dict[str, Any]:
        """The deployment as `pulumi stack export --show-secrets` writes it."""
        answer = self._run_plain("stack", "export", "--show-secrets", "--stack", self.stack)
        assert answer.returncode == 0, answer.stderr
        exported: dict[str, Any] = yaml.safe_load(answer.stdout)
        return exported

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        answer = self._run_plain("stack", "output", "--json", "--stack", self.stack)
        assert answer.returncode == 0, answer.stderr
        outputs: dict[str, Any] = yaml.safe_load(answer.stdout)
        return outputs

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Any other command of the CLI, for this stack."""
        return self._run_plain(*arguments, "--stack", self.stack)

    def copied_stack(self, name: str) -> Project:
        """A second stack of the same working copy, made as `pulumi stack init NAME --copy-config-from` makes it."""
        self.init(name, "--copy-config-from", self.stack)
        return self.stack_named(name)

    def init(self, name: str, *arguments: str) -> None:
        """`pulumi stack init` of a stack whose secrets are kept as the project's."""
        created = self._run_plain("stack", "init", name, *self._secrets_provider, *arguments)
        assert created.returncode == 0, created.stderr

    def stack_named(self, name: str) -> Project:
        """A stack of the same working copy that is there."""
        other = copy.copy(self)
        other.stack = name
        other.stack_file = self.stack_file.with_name(f"Pulumi.{name}.yaml")
        return other

    def move(self, urn: str, to: Project) -> None:
        """`pulumi state move` of a resource with its children to another stack."""
        moved = self._run_plain("state", "move", "--source", self.stack, "--dest", to.stack, "--yes", urn)
        assert moved.returncode == 0, moved.stderr + moved.stdout

    def _start(self, operation: str, *arguments: str, planning: bool = False) -> Running:
        self._runs += 1
        log = self.directory.parent / f"events-{self.stack}-{self._runs}.jsonl"
        command = [operation, "--stack", self.stack, *arguments, "--event-log", str(log)]
        return self._opened(self._command(command), log, planning=planning)

    def close(self) -> None:
        """After all its processes were killed: none is left to a later test, where Python would complain of it."""
        for running in self._running:
            running.close()

    def _opened(self, command: list[str], event_log: Path, *, planning: bool = False) -> Running:
        process = subprocess.Popen(
            command,
            cwd=self.directory,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running = Running(process, event_log, planning)
        self._running[:] = [*(one for one in self._running if one.process.returncode is None), running]
        return running

    def _run_plain(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(arguments),
            cwd=self.directory,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT,
        )

    def _command(self, arguments: Sequence[str]) -> list[str]:
        pulumi = shutil.which("pulumi", path=self.variables["PATH"])
        assert pulumi is not None, "The Pulumi CLI is not there: run `make cli`."
        return [pulumi, *arguments, *_PLAINLY]
