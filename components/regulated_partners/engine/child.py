"""The programs that a command starts and waits for: they end with it, by being asked to, and not killed in a write.

`subprocess.run` kills its child a quarter of a second after Ctrl-C, and leaves it running after any other signal; a CLI
that is killed keeps its stack locked, and its provider alive.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO

#: What a shell shows for a command that a signal has ended.
SIGNALLED = 128
#: And for one whose output nobody reads any more.
NOBODY_READS = SIGNALLED + signal.SIGPIPE

#: How long one that was asked to end, and will not be waited for, may take: the CLI finishes what is in flight.
_GRACE_SECONDS = 30.0
_CHUNK_BYTES = 64 * 1024

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Source: prctl(2).
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

#: How long what a killed CLI has started may finish what it writes; a provider takes 10 s at the latest.
_ORPHANS_SECONDS = 12.0

#: Becomes the child, after it has asked the kernel for SIGTERM when its parent dies, which no handler can promise for
#: SIGKILL. A closed terminal is this command's to report; SIGPIPE is as a shell would have it, for Python ignores it.
_TIE = f"""
import ctypes, os, signal, sys
with_parent = getattr(ctypes.CDLL(None), "prctl", None)
if with_parent:
    with_parent({_PR_SET_PDEATHSIG}, signal.SIGTERM)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
os.execvp(sys.argv[2], sys.argv[2:])
"""

_lock = threading.RLock()
_running: set[_Child] = set()
_received: list[int] = []
#: How many blocks hold signals back.
_held: list[None] = []


class _Child(subprocess.Popen[bytes]):
    """A child in a process group of its own, unless a terminal sends its signals to this command's group."""

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        *,
        stdin: int | None,
        stdout: int | None,
        stderr: int | None,
    ) -> None:
        self._shares_terminal = _at_terminal()
        super().__init__(
            [sys.executable, "-I", "-S", "-c", _TIE, str(os.getpid()), *command],
            cwd=cwd,
            env=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            process_group=None if self._shares_terminal else 0,
        )

    def ask_to_end(self, number: int) -> None:
        """Passes a signal on, once: the second one would make the CLI leave at once."""
        if number == signal.SIGINT and self._shares_terminal:
            return
        with contextlib.suppress(OSError):
            self.send_signal(signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)


@contextlib.contextmanager
def ending_together() -> Iterator[None]:
    """Passes signals that end this command on to its children, and waits for them. Only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _received.clear()
    _end_with_make()
    # What is ignored stays so, as under nohup.
    kept = {number: before for number in _ENDING if (before := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in kept:
        signal.signal(number, _pass_on)
    try:
        yield
    finally:
        for number, before in kept.items():
            signal.signal(number, before)


def _end_with_make() -> None:
    """`make` passes no signal on when it is killed itself; who starts this command otherwise may leave it running."""
    if os.environ.get("MAKELEVEL"):
        import ctypes

        if with_parent := getattr(ctypes.CDLL(None), "prctl", None):
            with_parent(_PR_SET_PDEATHSIG, signal.SIGTERM)


def ended_by() -> int | None:
    """The exit code that says which signal this command was sent; None where it was sent none."""
    return SIGNALLED + _received[0] if _received else None


def _pass_on(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    children = tuple(_running)
    if not children and not _held:
        raise _end_of(number)
    for child in children:
        child.ask_to_end(number)


def _end_of(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(SIGNALLED + number)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """A signal that would end this command does so after the block: half of a clean-up is none."""
    before = len(_received)
    _held.append(None)
    try:
        yield
    finally:
        _held.pop()
    if len(_received) > before:
        raise _end_of(_received[before])


def run_before_eyes(command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> int:
    """Runs a program whose output is the user's. Returns its exit code, or `NOBODY_READS` where that was closed.

    A program whose output is closed is asked to end: by itself it would die of it, in the middle of what it does.
    """
    stdout, stderr = sys.stdout.fileno(), sys.stderr.fileno()
    sys.stdout.flush()
    pipes = {fd for fd in (stdout, stderr) if stat.S_ISFIFO(os.fstat(fd).st_mode)}
    together = len(pipes) == 2 and os.path.sameopenfile(stdout, stderr)
    child_stderr = (subprocess.STDOUT if together else subprocess.PIPE) if stderr in pipes else None
    child_stdout = subprocess.PIPE if stdout in pipes else None
    with (
        _taking_orphans(),
        _started(command, cwd, environment, stdin=None, stdout=child_stdout, stderr=child_stderr) as child,
    ):
        closed = threading.Event()
        streams = [(pipe, fd) for pipe, fd in ((child.stdout, stdout), (child.stderr, stderr)) if pipe is not None]
        relays = [threading.Thread(target=_relay, args=(child, pipe, fd, closed)) for pipe, fd in streams]
        for relay in relays:
            relay.start()
        code = child.wait()
        if code == -signal.SIGKILL:
            _end_orphans()
        for relay in relays:
            relay.join()
    return NOBODY_READS if closed.is_set() else _exit_code(code)


def run_captured(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str], timeout: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program whose output this command reads; nothing is asked of the user.

    Raises:
        subprocess.TimeoutExpired: it took longer; it has been ended.
        SystemExit: this command was told to end meanwhile, and the program has.
    """
    pipe = subprocess.PIPE
    with _started(command, cwd, environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as child:
        stdout, stderr = (text.decode("utf-8", "replace") for text in child.communicate(timeout=timeout))
    if _received:
        raise SystemExit(ended_by())
    return subprocess.CompletedProcess(command, _exit_code(child.returncode), stdout, stderr)


def run_quietly(command: Sequence[str], cwd: Path, environment: Mapping[str, str], stdout: int | None) -> int:
    """Runs a program that asks nothing and whose output goes to `stdout`, errors to the user. Returns its exit code.

    Raises:
        SystemExit: this command was told to end meanwhile, and the program has.
    """
    with _started(command, cwd, environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=None) as child:
        child.wait()
    if _received:
        raise SystemExit(ended_by())
    return _exit_code(child.returncode)


@contextlib.contextmanager
def _started(
    command: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str],
    *,
    stdin: int | None,
    stdout: int | None,
    stderr: int | None,
) -> Iterator[_Child]:
    with _lock:
        child = _Child(command, cwd, environment, stdin=stdin, stdout=stdout, stderr=stderr)
        _running.add(child)
    try:
        yield child
    finally:
        if child.poll() is None:
            child.ask_to_end(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_GRACE_SECONDS)
            child.kill()
            child.wait()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()
        with _lock:
            _running.discard(child)


@contextlib.contextmanager
def _taking_orphans() -> Iterator[None]:
    """What a program has started becomes this command's when the program dies, and so can be ended (Linux)."""
    import ctypes

    take = getattr(ctypes.CDLL(None), "prctl", None)
    if take:
        take(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        if take:
            take(_PR_SET_CHILD_SUBREAPER, 0)


def _end_orphans() -> None:
    """Ends what a killed CLI has left, as it would have itself: by SIGINT, once, and by SIGKILL what does not end.

    Most of it sees that the engine is gone. A provider that has not been asked anything yet does not: it has loaded
    none of this project (`destroy --run-program` starts one such; measured, CLI 3.259).
    """
    told: set[int] = set()
    deadline = time.monotonic() + _ORPHANS_SECONDS
    while left := _orphans():
        late = time.monotonic() > deadline
        for pid in left if late else left - told:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if late else signal.SIGINT)
        told |= left
        time.sleep(0.05)


def _orphans() -> set[int]:
    """Every living process below this one that is not below a program which this command waits for."""
    parents: dict[int, int] = {}
    with contextlib.suppress(OSError):
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with contextlib.suppress(OSError):
                    # The name of the program stands in brackets and may hold anything.
                    state, parent, *_ = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                    parents[int(entry.name)] = int(parent) if state != "Z" else _reaped(int(entry.name), int(parent))
    waited_for = {child.pid for child in _running}
    found: set[int] = set()
    new = {pid for pid, parent in parents.items() if parent == os.getpid() and pid not in waited_for}
    while new:
        found |= new
        new = {pid for pid, parent in parents.items() if parent in new} - found
    return found


def _reaped(pid: int, parent: int) -> int:
    """A dead process counts no longer; its parent, where that is this command, has to ask for it."""
    if parent == os.getpid() and pid not in {child.pid for child in _running}:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return 0


def _relay(child: _Child, source: IO[bytes], target: int, closed: threading.Event) -> None:
    """Copies as it comes; once nobody reads it, to the end all the same, so that the child can finish."""
    while data := os.read(source.fileno(), _CHUNK_BYTES):
        if closed.is_set():
            continue
        try:
            while data:
                data = data[os.write(target, data) :]
        except OSError:
            closed.set()
            child.ask_to_end(signal.SIGTERM)


def _at_terminal() -> bool:
    """Whether Ctrl-C at a terminal goes to this process's group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _exit_code(code: int) -> int:
    return SIGNALLED - code if code < 0 else code
