"""One installation at a time, and never half of one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from regulated_partners.engine.install.errors import InstallError
from regulated_partners.engine.install.progress import Heartbeat, say


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Holds the lock of a cache folder. Waits, and says so, while another process holds it.

    The lock ends with its process, however that ends (flock).
    Raises InstallError when the folder cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InstallError(
            f"The cache folder {root} cannot be written ({error.strerror}): set XDG_CACHE_HOME to one that can."
        ) from None
    try:
        _acquire(handle, root)
        yield
    finally:
        os.close(handle)


def _acquire(handle: int, root: Path) -> None:
    waiting: Heartbeat | None = None
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is None:
                say(f"Another process is installing into {root}: waiting for it.")
                waiting = Heartbeat(lambda: "still waiting for the other process")
            waiting.tick()
            time.sleep(0.2)
        else:
            return


@contextlib.contextmanager
def staged(final: Path) -> Iterator[Path]:
    """A folder to fill, on the file system of `final`, that becomes `final` by a rename when the block succeeds.

    To be used under `locked`. Leftovers of interrupted runs are removed, and `final` is replaced if it is there.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    for leftover in final.parent.glob(".staged-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=".staged-", dir=final.parent))
    try:
        yield staging
        staging.chmod(0o755)
        if final.exists():
            final.rename(staging.with_name(staging.name + "-old"))
        staging.rename(final)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(staging.with_name(staging.name + "-old"), ignore_errors=True)
