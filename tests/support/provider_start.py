"""Two ways to start a provider process: as Pulumi's language host does, and a hundred times faster.

The fast one forks off a process that has imported Pulumi and the providers already; what then runs is the same
module, with arguments, folder, environment and standard output of its own. The slow one pays 1 s of imports.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing import forkserver
from pathlib import Path
from typing import Protocol

#: What a provider process of either face has imported when it has answered its first call.
_PRELOADED = [
    "pulumi.dynamic",
    "dill",
    "msal",
    "exchange_online.resources.dynamic",
    "regulated_partners.plugin.main",
    __name__,
]


class Started(Protocol):
    """A process that wrote its port."""

    port: int

    def kill(self) -> None:
        """End it at once, as a machine without memory does, and wait for its end."""


class Command:
    """`python -u -m pulumi.dynamic`, as the language host starts it; a plugin's module in the same way."""

    def __init__(self, module: str, engine: str, environ: Mapping[str, str], cwd: Path) -> None:
        command = [sys.executable, "-u", "-m", module, *filter(None, [engine])]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=cwd, env=dict(environ))
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def end(self) -> None:
        """End it as the language host does, and wait until it has cleaned up."""
        self._process.terminate()
        self._process.wait(timeout=30)
        self.kill()

    def kill(self) -> None:
        """See `Started`."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


class Fork:
    """The same module in a process that did not have to import anything."""

    def __init__(self, module: str, engine: str, environ: Mapping[str, str], cwd: Path) -> None:
        context = _context()
        reading, writing = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(writing, module, engine, dict(environ), str(cwd)))
        self._process.start()
        writing.close()
        with open(reading.fileno(), "rb", closefd=False) as stdout:
            self.port = int(stdout.readline())
        reading.close()

    def kill(self) -> None:
        """See `Started`."""
        self._process.kill()
        self._process.join()


def _context() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    before = os.environ.get("PYTHONPATH")
    # The fork server finds its modules by the environment alone, and says nothing when it does not.
    os.environ["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before
    return context


def _serve(
    stdout: multiprocessing.connection.Connection, module: str, engine: str, environ: dict[str, str], cwd: str
) -> None:
    """What the new process does: becomes `python -u -m MODULE ENGINE`."""
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(cwd)
    os.dup2(stdout.fileno(), 1)
    sys.stdout = io.TextIOWrapper(open(1, "wb", 0, closefd=False), write_through=True)  # noqa: SIM115
    sys.argv = [module, engine]
    # It looks at the process that imports it: this one, not the one that was forked.
    for again in {"exchange_online.resources.dynamic", module} & sys.modules.keys():
        del sys.modules[again]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
