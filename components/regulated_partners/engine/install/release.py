"""Second way: the official release archive, as the official installer gets it, checksum verified.

Source: get.pulumi.com/install.sh and pulumi/actions: `releases/sdk/pulumi-v<version>-<os>-<arch>.tar.gz` with all files
below `pulumi/`, and `releases/sdk/pulumi-<version>-checksums.txt` (no v) in the format of sha256sum.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tarfile
import threading
import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath

from regulated_partners.engine.install.cache import EXECUTABLES, FURTHER, Heartbeat, Version, complete, say
from regulated_partners.engine.install.pinned import cli_version
from regulated_partners.errors import RouteError

BASE_URL_VARIABLE = "PULUMI_RELEASES_URL"
DEFAULT_BASE_URL = "https://get.pulumi.com/releases/sdk"
#: How long the small checksum file may take, name resolution and all: what an air-gapped runner loses here.
REACH_SECONDS = 15.0
#: How long the download of the archive may stand still.
STALL_SECONDS = 30.0
CHUNK_BYTES = 1 << 20

_SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def archive_name(version: Version) -> str:
    """The archive's file name for this platform; RouteError where there is no release for it."""
    system, machine = platform.system(), platform.machine()
    if system not in _SYSTEMS or machine.lower() not in _MACHINES:
        raise RouteError(f"release archive: Pulumi publishes none for {system} on {machine}.")
    return f"pulumi-v{version}-{_SYSTEMS[system]}-{_MACHINES[machine.lower()]}.tar.gz"


def fetch_release(version: Version, into: Path) -> None:
    """Downloads, verifies and unpacks the release into a directory: the files that Python programs need.

    The base URL is `$PULUMI_RELEASES_URL` for a mirror, https only, else Pulumi's own.
    Raises RouteError when it cannot be had, is not what its checksum says, or does not run.
    """
    base = os.environ.get(BASE_URL_VARIABLE, DEFAULT_BASE_URL).rstrip("/")
    if not base.startswith("https://"):
        raise RouteError(f"release archive: {BASE_URL_VARIABLE} must be an https:// URL, and is {base}.")
    name = archive_name(version)
    expected = _checksum(f"{base}/pulumi-{version}-checksums.txt", name)
    archive = into / name
    actual = _download(f"{base}/{name}", archive)
    if actual != expected:
        archive.unlink()
        raise RouteError(
            f"release archive: {base}/{name} does not match its checksum (sha256 is {actual}, should be {expected}): "
            "nothing of it was installed; try again, or ask who runs the mirror or proxy."
        )
    _unpack(archive, into)
    archive.unlink()
    if cli_version(into / "pulumi") != version:
        raise RouteError(f"release archive: the pulumi of {base}/{name} does not run here as version {version}.")


def _checksum(url: str, name: str) -> str:
    # In a thread of its own, because a name server that does not answer is not bound by the socket's timeout.
    answer: list[bytes | RouteError] = []

    def fetch() -> None:
        try:
            with urllib.request.urlopen(url, timeout=REACH_SECONDS) as response:  # noqa: S310 - https, checked above
                answer.append(response.read(1 << 20))
        except (OSError, ValueError) as error:
            answer.append(_unreachable(url, error))

    thread = threading.Thread(target=fetch, daemon=True)
    thread.start()
    thread.join(REACH_SECONDS)
    if not answer:
        raise RouteError(f"release archive: {url} did not answer within {REACH_SECONDS:.0f} s.")
    if isinstance(answer[0], RouteError):
        raise answer[0]
    found = re.search(rf"^([0-9a-f]{{64}})\s+\*?{re.escape(name)}\s*$", answer[0].decode("utf-8", "replace"), re.M)
    if found is None:
        raise RouteError(f"release archive: {url} has no sha256 checksum for {name}.")
    return found[1]


def _download(url: str, target: Path) -> str:
    say(f"Downloading {url}")
    digest = hashlib.sha256()
    received = 0
    alive = Heartbeat(lambda: f"{received >> 20} MB so far")
    try:
        with urllib.request.urlopen(url, timeout=STALL_SECONDS) as response, target.open("wb") as file:  # noqa: S310
            announced = response.headers.get("Content-Length")
            while chunk := response.read(CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                alive.tick()
    except (OSError, ValueError) as error:
        raise _unreachable(url, error) from None
    if announced is not None and received != int(announced):
        raise RouteError(
            f"release archive: the download of {url} broke off after {received} of {announced} bytes: try again."
        )
    return digest.hexdigest()


def _unreachable(url: str, error: Exception) -> RouteError:
    if isinstance(error, urllib.error.HTTPError):
        return RouteError(f"release archive: {url} answered {error.code} {error.reason}.")
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return RouteError(
        f"release archive: {url} cannot be reached ({reason}): allow it, set https_proxy, or set "
        f"{BASE_URL_VARIABLE} to a mirror."
    )


def _unpack(archive: Path, into: Path) -> None:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                content = tar.extractfile(member) if member.isfile() else None
                if content is None or path.name not in (*EXECUTABLES, *FURTHER) or path.parts[0] != "pulumi":
                    continue
                target = into / path.name
                target.write_bytes(content.read())
                target.chmod(0o755)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise RouteError(f"release archive: {archive.name} cannot be unpacked ({error}).") from None
    if not complete(into):
        raise RouteError(f"release archive: {archive.name} does not hold {', '.join(EXECUTABLES)}.")
