"""First way: a Pulumi CLI that is already on PATH."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from regulated_partners.engine.install.cli import cli_version
from regulated_partners.engine.install.errors import RouteError
from regulated_partners.engine.install.layout import EXECUTABLES
from regulated_partners.engine.install.pin import Version


def find_on_path(minimum: Version, *, ignore: tuple[Path, ...]) -> Path:
    """The directory on PATH of a CLI of `minimum` or newer with what Python programs need.

    ignore: directories whose CLI does not count, because this installer put it there.
    Raises RouteError when there is none.
    """
    search = os.pathsep.join(
        entry
        for entry in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if entry and not _inside(Path(entry), ignore)
    )
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
