"""Runs the installer as `make` does, in an environment of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from regulated_partners.engine.install.cache import Layout
from regulated_partners.engine.install.pinned import pinned_version

ROOT = Path(__file__).resolve().parents[3]
PINNED = pinned_version()


def layout(cache: Path) -> Layout:
    """Where the installer keeps the pinned version below a cache folder."""
    return Layout(cache / "regulated-partners" / "pulumi", PINNED)


def command(*arguments: str) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "regulated_partners.engine.install", *arguments]


def environment(cache: Path, *, path: Sequence[Path | str] = (), **variables: str) -> Mapping[str, str]:
    """An environment with nothing on PATH but what is given and a shell's own tools, and this cache folder."""
    tools = cache / "tools"
    if not tools.is_dir():
        tools.mkdir(parents=True)
        for name in ("sh", "sleep", "cat", "cp", "mkdir", "dirname", "readlink", "chmod"):
            (tools / name).symlink_to(f"/bin/{name}" if Path(f"/bin/{name}").exists() else f"/usr/bin/{name}")
    return {
        "HOME": str(cache),
        "XDG_CACHE_HOME": str(cache),
        "PATH": os.pathsep.join(map(str, [*path, tools])),
        **variables,
    }


def install(variables: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT, env=dict(variables), capture_output=True, text=True, timeout=120, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def script(path: Path, content: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{content}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
