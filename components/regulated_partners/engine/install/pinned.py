"""The pinned version of the Pulumi CLI, read from go.mod, and a CLI on PATH that is new enough."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from regulated_partners.engine.install.cache import EXECUTABLES, Version
from regulated_partners.errors import InstallError, RouteError

GO_MODULE = "github.com/pulumi/pulumi/pkg/v3"
HERE = Path(__file__).resolve().parent
#: How long `pulumi version` may take.
TIMEOUT_SECONDS = 30


def pinned_version(go_mod: Path = HERE / "go.mod", module: str = GO_MODULE) -> Version:
    """The version that a go.mod requires of a module; InstallError when it names none."""
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", go_mod.read_text(encoding="utf-8"), re.MULTILINE)
    version = Version.parse(found[1]) if found else None
    if version is None:
        raise InstallError(f"{go_mod} does not require a released version of {module}: restore it from git.")
    return version


def cli_version(executable: Path | str) -> Version | None:
    """The version that an executable prints for `pulumi version`; None when it prints none or does not run.

    Source: `pulumi version` prints v3.259.0; a development build adds to it.
    """
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [str(executable), "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            env=environment,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Version.parse(answer.stdout)


def find_on_path(minimum: Version, path: str, *, ignore: tuple[Path, ...]) -> Path:
    """The directory on a PATH of a CLI of `minimum` or newer with what Python programs need.

    Args:
        minimum: the oldest version that will do, of the same major.
        path: the PATH.
        ignore: directories whose CLI does not count, because this installer put it there.

    Raises:
        RouteError: when there is none.
    """
    search = os.pathsep.join(entry for entry in path.split(os.pathsep) if entry and not _inside(Path(entry), ignore))
    found = shutil.which("pulumi", path=search)
    if found is None:
        raise RouteError("on PATH: no pulumi.")
    version = cli_version(found)
    if version is None:
        raise RouteError(f"on PATH: {found} does not answer `pulumi version` with a released version.")
    if version < minimum or version.major != minimum.major:
        raise RouteError(
            f"on PATH: {found} is {version}, and {minimum} or newer of major {minimum.major} is needed: upgrade it."
        )
    bundled = Path(found).resolve().parent
    missing = [name for name in EXECUTABLES if not (shutil.which(name, path=search) or (bundled / name).is_file())]
    if missing:
        raise RouteError(
            f"on PATH: {found} comes without {', '.join(missing)}: install the complete official package, which has "
            "the Python language host."
        )
    return Path(found).parent


def _inside(entry: Path, directories: tuple[Path, ...]) -> bool:
    return any(entry.resolve().is_relative_to(directory.resolve()) for directory in directories)
