"""Puts this project's own language host beside a CLI built from source."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from regulated_partners.engine.install.go_build import BUILT

PACKAGE = "language_host"
LAUNCHER = "pulumi-language-python"
HOST_DIRECTORY = "python-host"
HOST = Path(__file__).resolve().parents[1] / PACKAGE

_MAIN = f'''"""Started by the launcher beside this directory."""

import sys
from pathlib import Path

from {PACKAGE}.serving import serve

serve(sys.argv[1:], executor=Path(__file__).resolve().parent.parent / "pulumi-language-python-exec")
'''


def host_digest() -> str:
    """Twelve hexadecimal digits that change with any file of the host."""
    digest = hashlib.sha256(_MAIN.encode())
    for path in _sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def assemble(build: Path, into: Path) -> None:
    """Fills `into` with the built CLI (hard links, copies where that does not work), the launcher and the host."""
    for name in BUILT:
        try:
            os.link(build / name, into / name)
        except OSError:
            shutil.copy2(build / name, into / name)
    shutil.copyfile(HOST / LAUNCHER, into / LAUNCHER)
    (into / LAUNCHER).chmod(0o755)
    package = into / HOST_DIRECTORY / PACKAGE
    package.mkdir(parents=True)
    for path in _sources():
        if path.suffix == ".py":
            shutil.copyfile(path, package / path.name)
    (into / HOST_DIRECTORY / "__main__.py").write_text(_MAIN, encoding="utf-8")


def _sources() -> list[Path]:
    return [HOST / LAUNCHER, *sorted(HOST.glob("*.py"))]
