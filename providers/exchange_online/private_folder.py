"""Folders among the temporary files for one user alone, and what becomes of what a killed process has left there."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: No beginning of another name: what the runs of the user have stays (lifecycle/claims.py).
_PREFIX = "exchange-online-command-"

#: A command that runs for longer than a day does without what it kept: it lists anew.
OLD_SECONDS = 24 * 60 * 60.0


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder that goes with the command. Source: tempfile.TemporaryDirectory (mode 0700).

    Whoever is killed takes nothing away, so the next one does, of the same user and once it is a day old.
    """
    for left in left_behind(Path(tempfile.gettempdir()).glob(f"{_PREFIX}*")):
        # What is a link is left alone, and somebody else's cannot be removed. Source: shutil.rmtree.
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def left_behind(paths: Iterable[Path]) -> Iterator[Path]:
    """Those that nobody has changed for a day; links are not followed."""
    oldest = time.time() - OLD_SECONDS
    for path in paths:
        with suppress(OSError):
            if path.lstat().st_mtime < oldest:
                yield path


def user_folder(name: str) -> Path:
    """The user's own folder of that name, which stays.

    Raises:
        OSError: where it cannot be made, or is not for this user alone; its `filename` is the folder.
    """
    folder = Path(tempfile.gettempdir()) / f"{name}-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(errno.EACCES, "it is not for this user alone", str(folder))
    return folder
