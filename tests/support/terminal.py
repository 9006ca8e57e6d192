"""A terminal without a person: what a program writes to one."""

from __future__ import annotations

import os


def written_to(leader: int) -> bytes:
    """All that was written to a pseudo terminal until nobody has its other end open any more.

    One read gives what the kernel has handed on by then, which may be a part. Source: pty(7), n_tty.
    """
    shown = b""
    while chunk := _read(leader):
        shown += chunk
    return shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        # The other end is closed. Source: read(2), EIO.
        return b""
