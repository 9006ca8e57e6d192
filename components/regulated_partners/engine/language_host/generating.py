"""SDKs in Python: `pulumi package gen-sdk`, and the link of one into a project by `pulumi package add`.

The code is made by a Go program, `pulumi-generate`, from the libraries that the official host uses.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GENERATOR = "pulumi-generate"

NO_GENERATOR = (
    f"Python code cannot be generated here: there is no {GENERATOR} on PATH. `python -m "
    "regulated_partners.engine.install --tool generator --link DIRECTORY` builds it and links it into a directory of "
    "PATH; the official CLI, as https://www.pulumi.com/docs/install/ says, needs none."
)

_REQUIREMENTS = "requirements.txt"


class GenerationError(Exception):
    """Why there is no code, in a sentence."""


def generate_package(
    directory: str, schema: str, extra_files: Mapping[str, bytes], loader: str, path: str | None = None
) -> None:
    """Writes the SDK of a package.

    Args:
        directory: where to; it is made.
        schema: the package's, JSON.
        extra_files: further files of the SDK, by their paths in it.
        loader: the address of the engine's loader of schemas.
        path: where to look for the generator; the PATH unless given.

    Raises:
        GenerationError: where it cannot be written.
    """
    generator = shutil.which(GENERATOR, path=path)
    if generator is None:
        raise GenerationError(NO_GENERATOR)
    request = {
        "schema": json.loads(schema),
        "extraFiles": {name: base64.b64encode(content).decode() for name, content in extra_files.items()},
        "loader": loader,
    }
    done = subprocess.run(
        [generator, "python", directory], input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise GenerationError(f"The SDK was not generated: {done.stderr.strip() or 'no reason was given'}")


def link_packages(root: Path, packages: Mapping[str, str]) -> str:
    """Writes generated SDKs into the requirements of a project. Returns what to do next, for a person.

    Args:
        root: the project's directory.
        packages: the directory of each SDK, relative to `root`, and what it is called.
    """
    requirements = root / _REQUIREMENTS
    text = requirements.read_text(encoding="utf-8") if requirements.is_file() else ""
    known = {line.strip() for line in text.splitlines()}
    missing = [path for path in packages if path not in known]
    if missing and (text or not (root / "pyproject.toml").is_file()):
        head = text if not text or text.endswith("\n") else f"{text}\n"
        requirements.write_text(head + "".join(f"{path}\n" for path in missing), encoding="utf-8")
        missing = []
    lines = [f"Add {path} to the dependencies of pyproject.toml." for path in missing]
    lines += ["You can import the SDK in your Python code with:", ""]
    lines += [f"  import {module_of(root / path, package)}" for path, package in packages.items()]
    return "\n".join([*lines, ""])


def module_of(directory: Path, package: str) -> str:
    """The module of a generated SDK: the folder with its code."""
    found = [path.parent.name for path in sorted(directory.glob("*/pulumi-plugin.json"))]
    return found[0] if found else f"pulumi_{package.replace('-', '_')}"


def linked(request: Any) -> dict[str, str]:
    """The packages of a LinkRequest, by their paths."""
    return {each.path: each.package.name for each in request.packages}
