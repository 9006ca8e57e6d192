"""Gets the pinned actionlint: one on PATH of that version, or a build from its Go module, kept in the user's cache."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from regulated_partners.engine.install.cache import Layout, Version, complete, locked, staged
from regulated_partners.engine.install.go_build import go
from regulated_partners.errors import InstallError, RouteError

HERE = Path(__file__).resolve().parent
GO_MODULE = "github.com/rhysd/actionlint"
NAME = "actionlint"


def ensure() -> Path:
    """The executable, built first if need be: 10 seconds on two cores where its modules must be downloaded (measured).

    Raises InstallError, one sentence, when it cannot be had.
    """
    version = _pinned()
    found = shutil.which(NAME)
    if found is not None and _answers(Path(found), version):
        return Path(found)
    cache = Layout.for_user(version).root.with_name(NAME)
    final = cache / str(version)
    if not complete(final, (NAME,)):
        with locked(cache):
            if not complete(final, (NAME,)):
                _build(version, final)
    return final / NAME


def _build(version: Version, final: Path) -> None:
    announce = f"Building actionlint {version} from its Go module"
    arguments = ["build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"]
    try:
        with staged(final) as directory:
            go([*arguments, "-o", str(directory / NAME), f"{GO_MODULE}/cmd/{NAME}"], HERE, announce)
    except RouteError as error:
        raise InstallError(
            f"actionlint {version} is needed to check pipelines/github, and none of that version is on PATH; {error}"
        ) from None


def _pinned() -> Version:
    found = re.search(rf"^\s*{re.escape(GO_MODULE)} (v\S+)", (HERE / "go.mod").read_text(encoding="utf-8"), re.M)
    version = Version.parse(found[1]) if found else None
    if version is None:
        raise InstallError(
            f"{HERE / 'go.mod'} does not require a released version of {GO_MODULE}: restore it from git."
        )
    return version


def _answers(executable: Path, version: Version) -> bool:
    try:
        answer = subprocess.run([executable, "-version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return False
    return Version.parse(answer.stdout.partition("\n")[0]) == version
