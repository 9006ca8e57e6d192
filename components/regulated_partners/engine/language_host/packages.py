"""The Python packages installed for a program, asked of the program's own interpreter."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from .options import Interpreter, InterpreterError

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


@dataclass(frozen=True, kw_only=True)
class InstalledPackage:
    """One distribution.

    name, version: as its metadata say. required: another installed distribution requires it.
    plugin: the text of its `pulumi-plugin.json`, None when it has none.
    """

    name: str
    version: str
    required: bool
    plugin: str | None


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What an interpreter has: its version (such as 3.11.7) and its packages, sorted by name."""

    python_version: str
    packages: Sequence[InstalledPackage]


def installation(interpreter: Interpreter, environment: dict[str, str]) -> Installation:
    """Asks an interpreter what is installed for it.

    Raises InterpreterError when it does not answer.
    """
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
    packages = sorted((InstalledPackage(**entry) for entry in entries), key=lambda package: package.name.lower())
    return Installation(python_version=version, packages=packages)
