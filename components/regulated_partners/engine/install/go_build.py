"""Third way: a build from Pulumi's released Go module, pinned and verified by go.mod and go.sum.

The official Python language host is no part of that module, so this project's own is put beside the built CLI.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from regulated_partners.engine.install.cache import Heartbeat, Version, home_directory, say
from regulated_partners.engine.install.pinned import GO_MODULE, HERE, cli_version
from regulated_partners.errors import RouteError

SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
#: The two scripts of the SDK module that belong beside the CLI.
SCRIPTS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
VERSION_VARIABLE = f"{SDK_MODULE}/go/common/version.Version"
BUILT = ("pulumi", *(Path(script).name for script in SCRIPTS))

DOWNLOADING = "go: downloading "
INSTALL_GO = "install Go (`apt-get install golang-go` on Debian 13 or newer, or go.dev/dl)"

#: The host keeps its module path, so that it imports itself by the names it has here.
PACKAGE = Path("regulated_partners/engine/language_host")
LAUNCHER = "pulumi-language-python"
HOST_DIRECTORY = "python-host"
HOST = Path(__file__).resolve().parents[1] / "language_host"

_MAIN = '''"""Started by the launcher beside this directory."""

import sys
from pathlib import Path

from regulated_partners.engine.language_host import leave_out_the_sdk

leave_out_the_sdk()

from regulated_partners.engine.language_host.serving import serve

serve(sys.argv[1:], executor=Path(__file__).resolve().parent.parent / "pulumi-language-python-exec")
'''


def build_from_source(version: Version, into: Path) -> None:
    """Builds the CLI and puts it and the SDK module's two scripts into a directory: minutes when nothing is cached.

    Raises:
        RouteError: when there is no Go, a module cannot be had, or the build fails.
    """
    go(
        [
            *("build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-tags", "osusergo,grpcnotrace"),
            *("-ldflags", f"-s -w -X {VERSION_VARIABLE}=v{version}"),
            *("-o", str(into / "pulumi"), f"{GO_MODULE}/cmd/pulumi"),
        ],
        HERE,
        f"Building the Pulumi CLI {version} from its Go module: up to 8 minutes the first time, on two cores.",
    )
    module = Path(go(["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", SDK_MODULE], HERE).strip())
    for script in SCRIPTS:
        target = into / Path(script).name
        try:
            shutil.copyfile(module / script, target)
        except OSError as error:
            raise RouteError(f"build from the Go module: {SDK_MODULE} lacks {script} ({error.strerror}).") from None
        target.chmod(0o755)
    if cli_version(into / "pulumi") != version:
        raise RouteError(f"build from the Go module: the built pulumi does not run here as version {version}.")


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
    for parent in (package.parent, package.parent.parent):
        (parent / "__init__.py").touch()
    for path in _sources():
        if path.suffix == ".py":
            shutil.copyfile(path, package / path.name)
    (into / HOST_DIRECTORY / "__main__.py").write_text(_MAIN, encoding="utf-8")


def _sources() -> list[Path]:
    return [HOST / LAUNCHER, *sorted(HOST.glob("*.py"))]


def go(arguments: list[str], module: Path, announce: str = "") -> str:
    """Runs go in the directory of a module that go.mod pins and go.sum verifies, and says now and then that it does.

    `announce` says beforehand what will take a while. Returns what go wrote to stdout.

    Raises:
        RouteError: one sentence, when there is no go, a module cannot be had, or the build fails.
    """
    if shutil.which("go") is None:
        raise RouteError(f"build from the Go module: there is no go on PATH: {INSTALL_GO}.")
    if announce:
        say(announce)
    # No C compiler is needed, and half of one (gcc without headers) would fail the build.
    environment = {**os.environ, "CGO_ENABLED": "0", "GO111MODULE": "on", "GOWORK": "off"}
    # Its caches lie in the user's home, also where that is not told, or the user has none.
    environment["HOME"] = str(home_directory(os.environ))
    text_file = partial(tempfile.TemporaryFile, "w+", encoding="utf-8", errors="replace")
    with text_file() as output, text_file() as errors:
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
