"""The Python that `runtime: options:` of Pulumi.yaml, PulumiPolicy.yaml or PulumiPlugin.yaml name, and its packages."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import language_pb2

#: Source: grpc/grpc, doc/environment_variables.md, no_grpc_proxy.
LOOPBACK = "127.0.0.1,localhost"

#: How long an interpreter may take to say what is installed for it.
PROBE_TIMEOUT_SECONDS = 60

_PROBE = """
import importlib.metadata, json, re, sys
normal = lambda name: re.sub(r"[-_.]+", "-", name).lower()
found = {}
for dist in importlib.metadata.distributions():
    name = dist.metadata["Name"]
    if not name or normal(name) in found:
        continue
    module = normal(name).replace("-", "_")
    plugin = dist.read_text("../%s/pulumi-plugin.json" % module)
    found[normal(name)] = {"name": name, "version": dist.version, "requires": dist.requires or [], "plugin": plugin}
required = set()
for entry in found.values():
    for line in entry["requires"]:
        if "extra ==" not in line:
            required.add(normal(re.match(r"[A-Za-z0-9._-]+", line)[0]))
for key, entry in found.items():
    del entry["requires"]
    entry["required"] = key in required
json.dump([sys.version.split()[0], list(found.values())], sys.stdout)
"""


class InterpreterError(Exception):
    """No usable Python for a program. The text is a sentence for the user."""


@dataclass(frozen=True, kw_only=True)
class RuntimeOptions:
    """The options this host honours, and the absolute path of the project file's directory.

    Source: Pulumi project file reference, `runtime` options of Python (`virtualenv`, `toolchain`).
    """

    root: Path
    virtualenv: Path | None

    @classmethod
    def of(cls, info: language_pb2.ProgramInfo) -> RuntimeOptions:
        """Reads the options of a request; InterpreterError when they ask for what this host does not do."""
        root = Path(info.root_directory or info.program_directory or ".").absolute()
        fields = info.options.fields
        toolchain = fields["toolchain"].string_value if "toolchain" in fields else "pip"
        virtualenv = fields["virtualenv"].string_value if "virtualenv" in fields else ""
        if toolchain == "uv" and not virtualenv:
            virtualenv = os.environ.get("UV_PROJECT_ENVIRONMENT", ".venv")
        elif toolchain not in ("pip", "uv", ""):
            raise InterpreterError(
                f"The runtime option toolchain: {toolchain} in {root} is not supported by this project's own Python "
                "language host: use toolchain: pip, or install the official Pulumi CLI."
            )
        return cls(root=root, virtualenv=root / virtualenv if virtualenv else None)


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    """A Python to run something with, and its virtual environment; None for the ambient Python."""

    executable: str
    virtualenv: Path | None

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` with the virtual environment activated, as `activate` would do it, and no proxy for loopback."""
        # What runs here talks to the engine by gRPC, which takes http_proxy for 127.0.0.1 too.
        direct = base.get("no_grpc_proxy") or ",".join(filter(None, [base.get("no_proxy"), LOOPBACK]))
        environment = {**base, "no_grpc_proxy": direct}
        if self.virtualenv is not None:
            environment.pop("PYTHONHOME", None)
            environment["VIRTUAL_ENV"] = str(self.virtualenv)
            environment["PATH"] = os.pathsep.join(filter(None, [str(self.virtualenv / "bin"), base.get("PATH")]))
        return environment


def program_interpreter(options: RuntimeOptions) -> Interpreter:
    """The interpreter of a program: its `virtualenv`, else `$PULUMI_PYTHON_CMD`, else python3 or python on PATH.

    Raises:
        InterpreterError: when there is none.
    """
    virtualenv = options.virtualenv
    if virtualenv is not None:
        executable = virtualenv / "bin" / "python"
        if executable.is_file():
            return Interpreter(executable=str(executable), virtualenv=virtualenv)
        raise InterpreterError(
            f"The runtime option virtualenv of the project in {options.root} names {virtualenv}, and there is no "
            f"virtual environment there: create it with `python3 -m venv {virtualenv}` and install the project's "
            "locked dependencies (in a clone of regulated-partners: `make venv`)."
        )
    asked = os.environ.get("PULUMI_PYTHON_CMD")
    names = [asked] if asked else ["python3", "python"]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise InterpreterError(
            f"No Python was found to run the program with: {' or '.join(names)} is not on PATH. Install Python 3.11 "
            "or newer, or set the runtime option virtualenv in the project file."
        )
    return Interpreter(executable=found, virtualenv=None)


def plugin_interpreter(options: RuntimeOptions) -> Interpreter:
    """The interpreter of a policy pack or plugin: its `virtualenv`, else a `venv` or `.venv` in its directory, else
    the ambient Python of `program_interpreter`. (The official host insists on `venv`; a pack of a project that
    shares the project's environment would then need its own copy.)

    Raises:
        InterpreterError: when there is none.
    """
    own = (options.root / name for name in ("venv", ".venv"))
    found = options.virtualenv or next((folder for folder in own if (folder / "bin" / "python").is_file()), None)
    return program_interpreter(replace(options, virtualenv=found))


@dataclass(frozen=True, kw_only=True)
class InstalledPackage:
    """One distribution: whether another one requires it, and the text of its `pulumi-plugin.json` if it has one."""

    name: str
    version: str
    required: bool
    plugin: str | None


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What an interpreter has: its version (such as 3.11.7) and its packages, sorted by name."""

    python_version: str
    packages: Sequence[InstalledPackage]


def installation(interpreter: Interpreter, environment: dict[str, str], remembered: Path) -> Installation:
    """What is installed for an interpreter; InterpreterError when it does not answer.

    Args:
        remembered: a folder for what a virtual environment answered before. It counts until pip has changed something
            in the environment; the engine asks twice in each run.
    """
    file = _remembered(interpreter, environment, remembered)
    try:
        version, entries = json.loads(file.read_bytes()) if file else (None, ())
    except (OSError, ValueError, TypeError):
        version, entries = None, ()
    if version is None:
        version, entries = _asked(interpreter, environment)
        if file and file == _remembered(interpreter, environment, remembered):
            _remember(file, json.dumps([version, entries]))
    packages = sorted((InstalledPackage(**entry) for entry in entries), key=lambda package: package.name.lower())
    return Installation(python_version=version, packages=packages)


def _asked(interpreter: Interpreter, environment: dict[str, str]) -> tuple[str, list[dict[str, Any]]]:
    try:
        answer = subprocess.run(
            [interpreter.executable, "-c", _PROBE],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_TIMEOUT_SECONDS,
            check=True,
        )
        version, entries = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise InterpreterError(
            f"The Python at {interpreter.executable} does not say which packages it has: {error}. Rebuild its "
            "environment (in this project: `make clean venv`)."
        ) from None
    return version, entries


def _remembered(interpreter: Interpreter, environment: Mapping[str, str], folder: Path) -> Path | None:
    """Where the answer of a virtual environment is, as it is now; None where something else decides as well.

    Installing and removing a package adds and removes an entry of `site-packages`. Source: PEP 376, PEP 405.
    """
    root = interpreter.virtualenv
    if root is None or environment.get("PYTHONPATH"):
        return None
    try:
        settings = (root / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")
        shared = re.search(r"^include-system-site-packages\s*=\s*true", settings, re.IGNORECASE | re.MULTILINE)
        places = sorted(root.glob("lib*/python*/site-packages"))
        if shared or not places:
            return None
        python = Path(interpreter.executable).resolve()
        changed = [f"{place.resolve()} {place.stat().st_mtime_ns}" for place in (python, *places)]
    except OSError:
        return None
    return folder / f"{hashlib.sha256(repr((_PROBE, settings, changed)).encode()).hexdigest()[:32]}.json"


def _remember(file: Path, text: str) -> None:
    # Where nothing can be written, it is asked again.
    with contextlib.suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as written:
            written.write(text)
        Path(written.name).replace(file)
