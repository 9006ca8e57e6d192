"""Azurite, Azure Blob Storage on this machine: the version of package-lock.json, from npm, in the user's cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from regulated_partners.engine.install.cache import Layout, locked, say, staged
from regulated_partners.engine.install.pinned import pinned_version
from regulated_partners.errors import InstallError

_HERE = Path(__file__).parent
_FILES = ("package.json", "package-lock.json")
#: The server for blobs alone.
_SERVER = Path("node_modules") / "azurite" / "dist" / "src" / "blob" / "main.js"
#: A long time for a slow mirror.
_SECONDS = 900


def server() -> Path:
    """The server's script, for node; it is there after `install`."""
    digest = hashlib.sha256((_HERE / "package-lock.json").read_bytes()).hexdigest()
    return _root() / digest[:16] / _SERVER


def install(npm: str) -> None:
    """Makes sure that it is there.

    Args:
        npm: the path of npm.

    Raises:
        InstallError: where npm does not install it, with what it said last.
    """
    if server().is_file():
        return
    with locked(_root()):
        folder = server().parents[len(_SERVER.parts) - 1]
        if server().is_file():
            return
        say("Installing Azurite for the tests of shared state")
        with staged(folder) as staging:
            for name in _FILES:
                shutil.copy(_HERE / name, staging)
            _run(npm, staging)


def _root() -> Path:
    return Layout.for_user(pinned_version()).root.parent / "azurite"


def _run(npm: str, folder: Path) -> None:
    # No script of a package runs: none of them is needed.
    command = [npm, "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise InstallError(f"npm did not install Azurite in {_SECONDS} s: run the same command again.") from None
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if line.strip()), "nothing")
        raise InstallError(
            f"npm did not install Azurite (exit code {done.returncode}; it said: {said}). See whether npm reaches its "
            "registry, then run the same command again."
        )
