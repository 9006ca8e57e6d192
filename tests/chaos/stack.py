"""A stack in its working copy: runs of the CLI in which something goes wrong, and what its state file holds."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from exchange_online.connectors import TOKENS
from exchange_online_emulator import EmulatorProcess
from tests.chaos.declarations import Declaration
from tests.chaos.trouble import NO_TROUBLE, Kill, ServiceFault, Trouble, held, kind_of
from tests.support.engine import Project, Running
from tests.support.processes import descendants, kill_working_in

_PROJECT = "regulated-partners"
#: The operations of our own command.
_OURS = ("up", "destroy")

#: Seconds that a run may take; one that takes longer hangs.
_HANGS_AFTER = 90

#: Seconds after the death of an engine within which its provider must have ended too.
_ENDS_WITHIN = 15.0

#: What no user may read.
_UNREADABLE = ("Traceback (most recent call last)", 'File "', "defect of the provider", "panic:", "goroutine ")


@dataclass(frozen=True)
class Ended:
    """A run that is over.

    Attributes:
        command: what was run.
        exit_code: negative for one that was killed.
        output: all that the user saw.
        acted: how often each kind of fault acted.
        killed: what was killed, None where nothing was.
        wrong: what is wrong with the run itself.
    """

    command: str
    exit_code: int
    output: str
    acted: Counter[str] = field(default_factory=Counter)
    killed: str | None = None
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recorded:
    """A connector in the state.

    Attributes:
        name: of its resource.
        odd: a word for what should not stay so, such as a replacement that is not finished.
    """

    urn: str
    name: str
    guid: str
    direction: str
    protected: bool
    odd: str = ""


class Stack(Project):
    """A stack of a working copy with an emulator; the name of the stack may change.

    Args:
        directory: an empty folder.
        emulator: the service, which a run may kill and start again.
        checkpoints: whether the engine writes its state after every step.
        command: whether `up` and `destroy` are run by our own command.
    """

    def __init__(self, directory: Path, emulator: EmulatorProcess, *, checkpoints: bool, command: bool = False) -> None:
        super().__init__(directory, emulator)
        self.root = directory
        self.service = emulator
        self._acted_before_kill: Counter[str] = Counter()
        self._command_runs = command
        if not checkpoints:
            self.set_variables(PULUMI_SKIP_CHECKPOINTS="true")

    @property
    def mark(self) -> str:
        """What its connectors' comments name as their manager."""
        return f"{_PROJECT}/{self.stack}"

    def declare_all(self, declaration: Declaration) -> None:
        """Writes the stack file."""
        self.configure(**declaration.settings())

    # Runs.

    def run(self, *command: str, trouble: Trouble = NO_TROUBLE, stack: str | None = None) -> Ended:
        """A command of the CLI that changes the stack, and what goes wrong during it.

        The lock that a killed run has left is released first.
        """
        chosen = stack or self.stack
        self.release(chosen)
        operation, *arguments = command
        hold = held(trouble.kill) if trouble.kill else None
        self._acted_before_kill.clear()
        placed = {self._place(fault) for fault in (*trouble.faults, *([hold] if hold else []))}
        running = self._started(chosen, operation, arguments)
        with ThreadPoolExecutor(1) as reader:
            # Read from the beginning: what writes more than a pipe holds waits for somebody to read it.
            written = reader.submit(running.process.communicate)
            killed = self._kill(running, trouble.kill, placed) if trouble.kill else False
            wrong = self._end(running) if killed else []
            stdout, stderr = self._output(running, written, wrong)
        acted = self._acted(placed) + self._acted_before_kill
        self._clear(trouble)
        output = f"{stdout}\n{stderr}"
        wrong += [f"the user reads {words!r}" for words in _UNREADABLE if words in output]
        victim = trouble.kill.victim if trouble.kill and killed else None
        called = " ".join(("pulumi", *command, "--stack", chosen))
        return Ended(called, running.process.returncode, output, acted, victim, tuple(wrong))

    def _started(self, stack: str, operation: str, arguments: Sequence[str]) -> Running:
        if not self._command_runs or operation not in _OURS:
            return self.stack_named(stack)._start(operation, "--yes", "--skip-preview", *arguments)
        return self.stack_named(stack).start_command(operation, *arguments)

    def plain(self, *command: str) -> Ended:
        """Any other command of the CLI."""
        answer = self._run_plain(*command)
        return Ended(" ".join(("pulumi", *command)), answer.returncode, f"{answer.stdout}\n{answer.stderr}")

    def release(self, stack: str) -> bool:
        """What an administrator does after a run that was killed. Returns whether the stack was locked."""
        if not self._locked(stack):
            return False
        ended = self.plain("cancel", stack, "--yes")
        assert ended.exit_code == 0 or not self._locked(stack), ended.output
        return True

    def _locked(self, stack: str) -> bool:
        return any((self.state / ".pulumi" / "locks").rglob(f"{stack}/*.json"))

    def add_stack(self, name: str, **changes: object) -> None:
        """A second stack with a copy of the settings; `changes` replaces some."""
        self.init(name, "--copy-config-from", self.stack, "--no-select")
        file = self.stack_file.with_name(f"Pulumi.{name}.yaml")
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        content["config"] |= {f"{_PROJECT}:{key}": value for key, value in changes.items()}
        file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def rename(self, name: str) -> Ended:
        """`pulumi stack rename`, which renames the stack file too."""
        renamed = self.plain("stack", "rename", name, "--stack", self.stack)
        if renamed.exit_code == 0:
            self.stack, self.stack_file = name, self.stack_file.with_name(f"Pulumi.{name}.yaml")
        return renamed

    # The state.

    def recorded(self, stack: str | None = None) -> tuple[Recorded, ...]:
        """The connectors of the state file."""
        found = []
        for resource in self._deployment(stack).get("resources", []):
            if resource["type"] not in TOKENS:
                continue
            odd = [word for word in ("delete", "pendingReplacement", "taint") if resource.get(word)]
            direction = TOKENS[resource["type"]].word
            found.append(
                Recorded(
                    resource["urn"],
                    resource["urn"].rpartition("::")[2],
                    resource.get("id", ""),
                    direction,
                    bool(resource.get("protect")),
                    ", ".join(odd),
                )
            )
        return tuple(found)

    def pending(self) -> tuple[str, ...]:
        """Operations that the state calls unfinished."""
        found = self._deployment().get("pending_operations") or []
        return tuple(f"{item['type']} {item['resource']['urn'].rpartition('::')[2]}" for item in found)

    def _deployment(self, stack: str | None = None) -> dict[str, Any]:
        file = self.state / ".pulumi" / "stacks" / _PROJECT / f"{stack or self.stack}.json"
        latest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}
        return latest

    # Trouble.

    def _place(self, fault: ServiceFault) -> int:
        return self.service.control.fault(fault.action, fault.cmdlet, nth=fault.nth, count=fault.count).id

    def _kill(self, running: Running, kill: Kill, placed: set[int]) -> bool:
        """Waits for the moment, and kills. Returns False where the run ended before."""
        begun = time.monotonic()
        while running.process.poll() is None and time.monotonic() < begun + _HANGS_AFTER:
            if self._holds() if kill.cmdlet else time.monotonic() >= begun + kill.seconds:
                self._acted_before_kill += self._acted(placed)
                self._kill_now(running, kill)
                return True
            time.sleep(0.03)
        return False

    def _holds(self) -> bool:
        return any(active.acted for active in self.service.control.faults() if active.fault.action.kind == "delay")

    def _kill_now(self, running: Running, kill: Kill) -> None:
        match kill.victim:
            case "engine":
                for pid in running.engines():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            case "run":
                # As a container that goes: not only the group, in which a child of our command is not.
                for pid in (*descendants(running.process.pid, ""), running.process.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            case "command":
                running.process.kill()
            case "provider":
                running.kill_providers()
            case "service":
                self.service.kill()
                self.service.start()
            case "ctrl-c":
                # A terminal sends it to every process in the foreground.
                os.killpg(running.process.pid, signal.SIGINT)
        # The held call goes on, whoever waits for its answer.
        self.service.control.clear_faults()

    def _end(self, running: Running) -> list[str]:
        """After a kill nothing of the run may live on, whoever was killed."""
        wrong = []
        try:
            running.process.wait(_HANGS_AFTER)
        except subprocess.TimeoutExpired:
            wrong.append(f"the run hangs: it did not end within {_HANGS_AFTER} s of a kill")
            running.kill()
        deadline = time.monotonic() + _ENDS_WITHIN
        while (left := working_in(self.root)) and time.monotonic() < deadline:
            time.sleep(0.05)
        if left:
            wrong.append(f"left behind after {_ENDS_WITHIN:.0f} s: {', '.join(sorted(set(left)))}")
            kill_working_in(self.root)
        return wrong

    def _output(self, running: Running, written: Future[tuple[str, str]], wrong: list[str]) -> tuple[str, str]:
        try:
            return written.result(_HANGS_AFTER)
        except TimeoutError:
            wrong.append(f"the run hangs: it did not end within {_HANGS_AFTER} s")
            running.kill()
            kill_working_in(self.root)
            return written.result()

    def _acted(self, placed: set[int]) -> Counter[str]:
        """How often each fault has acted."""
        active = self.service.control.faults()
        shown = [found for found in active if found.id in placed and found.fault.action.kind != "delay"]
        return Counter({kind_of(found.fault.action): found.acted for found in shown if found.acted})

    def _clear(self, trouble: Trouble) -> None:
        """The trouble is over; what reads do not show yet may stay so for a while."""
        if not trouble.stays:
            self.service.control.clear_faults()
            return
        for active in self.service.control.faults():
            self.service.control.remove_fault(active.id)


def working_in(directory: Path) -> tuple[str, ...]:
    """The commands of the processes whose current directory is `directory` or below."""
    found: Sequence[str] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            inside = (entry / "cwd").readlink().is_relative_to(directory)
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if inside and command:
            found = [*found, command[:80]]
    return tuple(found)
