"""Starts the language host as the engine does: its launcher, with an address, the port on the first line."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from regulated_partners.engine.install.go_build import BUILT, LAUNCHER, assemble


@dataclass(frozen=True)
class RunningHost:
    """A language host process and a client for it. `engine` is a socket that listens where the engine would."""

    engine: socket.socket
    process: subprocess.Popen[str]
    client: language_pb2_grpc.LanguageRuntimeStub

    @property
    def engine_address(self) -> str:
        """What the host was told, host:port."""
        return address(self.engine)

    def interrupt(self) -> tuple[int, str, str]:
        """Ends it as the engine does: SIGINT to its process group. Returns its exit code and what it printed."""
        os.killpg(self.process.pid, signal.SIGINT)
        stdout, stderr = self.process.communicate(timeout=20)
        return self.process.returncode, stdout, stderr


def assembled(directory: Path, executor: str) -> Path:
    """A CLI directory with the host, where `pulumi` is nothing and the executor is the given Python script."""
    build = directory / "build"
    build.mkdir()
    for name in BUILT:
        (build / name).write_text(executor, encoding="utf-8")
        (build / name).chmod(0o755)
    final = directory / "final"
    final.mkdir()
    assemble(build, final)
    return final


@contextmanager
def running_host(cli: Path, *, cwd: Path, environment: Mapping[str, str] | None = None) -> Iterator[RunningHost]:
    """The host of a CLI directory, ended when the block ends."""
    engine = socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen(
        [str(cli / LAUNCHER), "--logtostderr", "-v=9", address(engine)],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        assert port.isdigit(), process.communicate()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield RunningHost(engine, process, language_pb2_grpc.LanguageRuntimeStub(channel))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=20)
        engine.close()


def address(listening: socket.socket) -> str:
    """host:port of a listening socket."""
    host, port = listening.getsockname()
    return f"{host}:{port}"


def program_info(directory: Path, **options: str) -> language_pb2.ProgramInfo:
    """What the engine says about a program in a directory, with these runtime options."""
    info = language_pb2.ProgramInfo(root_directory=str(directory), program_directory=str(directory), entry_point=".")
    for name, value in options.items():
        info.options.fields[name].string_value = value
    return info


def alive(pid: int) -> bool:
    """True while a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(condition: object, *, seconds: float = 10) -> bool:
    """Calls `condition` until it is true or the time is up."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())
