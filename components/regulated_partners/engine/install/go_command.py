"""Runs the go command to build a tool that a go.mod pins and a go.sum verifies."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from regulated_partners.engine.install.errors import RouteError
from regulated_partners.engine.install.progress import Heartbeat, say

DOWNLOADING = "go: downloading "
INSTALL_GO = "install Go (`apt-get install golang-go` on Debian 13 or newer, or go.dev/dl)"


def go(arguments: list[str], module: Path, announce: str = "") -> str:
    """Runs go in the directory of a module, and says now and then that it still does. Returns its stdout.

    announce: a line that says beforehand what will take a while.

    Raises RouteError, one sentence, when there is no go, a module cannot be had, or the build fails.
    """
    if shutil.which("go") is None:
        raise RouteError(f"build from the Go module: there is no go on PATH: {INSTALL_GO}.")
    if announce:
        say(announce)
    # No C compiler is needed, and half of one (gcc without headers) would fail the build.
    environment = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "on", "GOWORK": "off"}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            ["go", *arguments], cwd=module, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        )
        alive = Heartbeat(lambda: _progress(errors.fileno()))
        try:
            while process.poll() is None:
                try:
                    process.wait(timeout=1)
                except subprocess.TimeoutExpired:
                    alive.tick()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            raise RouteError(f"build from the Go module: {_reason(errors.read(), arguments[0])}")
        return output.read()


def _progress(descriptor: int) -> str:
    lines = os.pread(descriptor, 1 << 20, 0).decode("utf-8", "replace").splitlines()
    downloaded = sum(line.startswith(DOWNLOADING) for line in lines)
    return f"still building: {downloaded} modules downloaded, {len(lines) - downloaded} packages compiled"


def _reason(errors: str, command: str) -> str:
    # With -v the names of packages stand between the messages: one word each.
    lines = [line.strip() for line in errors.splitlines() if " " in line.strip() and not line.startswith(DOWNLOADING)]
    said = lines[-1] if lines else "no message"
    if re.search(r"go\.mod (requires|file indicates) go", errors) or "requires go >=" in errors:
        return f"this Go is too old ({said}): {INSTALL_GO}, or set GOTOOLCHAIN=auto."
    if re.search(r"dial tcp|no such host|proxyconnect|timeout|Forbidden|reading https?://", errors):
        return f"`go {command}` could not download a module ({said}): allow the Go module proxy or set GOPROXY."
    if "no space left" in errors:
        return f"`go {command}` ran out of disk space ({said}): about 3 GB are needed below GOPATH and GOCACHE."
    return f"`go {command}` failed ({said})."
