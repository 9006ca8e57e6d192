"""Third way: a build from Pulumi's released Go module, pinned and verified by go.mod and go.sum."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .cli import cli_version
from .errors import RouteError
from .pin import GO_MODULE, HERE, Version
from .progress import Heartbeat, say

SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
"""The two scripts of the SDK module that belong beside the CLI."""
VERSION_VARIABLE = f"{SDK_MODULE}/go/common/version.Version"
BUILT = ("pulumi", *(Path(script).name for script in SCRIPTS))
DOWNLOADING = "go: downloading "
INSTALL_GO = "install Go (`apt-get install golang-go` on Debian 13 or newer, or go.dev/dl)"


def build_from_source(version: Version, into: Path) -> None:
    """Builds the CLI and puts it and the SDK module's two scripts into a directory: minutes when nothing is cached.

    Raises RouteError when there is no Go, a module cannot be had, or the build fails.
    """
    if shutil.which("go") is None:
        raise RouteError(f"build from the Go module: there is no go on PATH: {INSTALL_GO}.")
    say(f"Building the Pulumi CLI {version} from its Go module: up to 8 minutes the first time, on two cores.")
    _go(
        [
            *("build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-tags", "osusergo,grpcnotrace"),
            *("-ldflags", f"-s -w -X {VERSION_VARIABLE}=v{version}"),
            *("-o", str(into / "pulumi"), f"{GO_MODULE}/cmd/pulumi"),
        ]
    )
    module = Path(_go(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK_MODULE]).strip())
    for script in SCRIPTS:
        target = into / Path(script).name
        try:
            shutil.copyfile(module / script, target)
        except OSError as error:
            raise RouteError(f"build from the Go module: {SDK_MODULE} lacks {script} ({error.strerror}).") from None
        target.chmod(0o755)
    if cli_version(into / "pulumi") != version:
        raise RouteError(f"build from the Go module: the built pulumi does not run here as version {version}.")


def _go(arguments: list[str]) -> str:
    # No C compiler is needed, and half of one (gcc without headers) would fail the build.
    environment = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "on", "GOWORK": "off"}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            ["go", *arguments], cwd=HERE, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors
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
