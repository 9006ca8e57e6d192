"""The symbolic links in `.venv/bin` that make the CLI usable by hand."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from regulated_partners.engine.install.layout import EXECUTABLES


def link(source: Path, into: Path) -> None:
    """Links every executable of `source` into a directory, replacing older links."""
    into.mkdir(parents=True, exist_ok=True)
    for name in EXECUTABLES:
        temporary = into / f".{name}.{os.getpid()}"
        temporary.symlink_to(source / name)
        temporary.replace(into / name)


def unlink(cache: Path, within: Path) -> None:
    """Removes the links of a directory that lead into the cache: what a CLI on PATH must not be shadowed by."""
    for name in EXECUTABLES:
        path = within / name
        if path.is_symlink() and path.readlink().is_relative_to(cache):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
