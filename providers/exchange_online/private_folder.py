"""Folders for the moment of one command, for its user alone, and what becomes of those of a command that was killed."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
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
    _sweep()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _sweep() -> None:
    oldest = time.time() - OLD_SECONDS
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            # What is a link is left alone, and somebody else's cannot be removed. Source: shutil.rmtree.
            if folder.lstat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
