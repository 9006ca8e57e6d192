"""What the provider processes of one run tell each other of which connector is whose, and the program them.

A program is served by one process for each of its providers: tenants side by side, two providers of one tenant, the
classes of Python beside the plugin. The engine tells none of them of the others, and each would take over, or remove,
a connector that a resource of another one has. So each writes down what it is told, in a file of the run, for its user
alone: URNs, Guids and names.
"""

from __future__ import annotations

import errno
import json
import os
import re
import uuid
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass
from enum import StrEnum
from pathlib import Path

from exchange_online.admin_api import Failure, Misconfigured
from exchange_online.private_folder import left_behind, user_folder

try:
    import fcntl
except ImportError:  # Windows, where nothing of this is tried: a process knows of itself alone.
    fcntl = None  # type: ignore[assignment]

_CHUNK = 1 << 16


class ClaimKind(StrEnum):
    """What a claim says of a resource."""

    DECLARED = "declared"
    """The program declares it."""
    STAYS = "stays"
    """The state has it with this connector, and the program declares it."""
    GIVEN = "given"
    """A create of this run has given it this connector."""
    READ = "read"
    """The program reads this connector by its id; of no resource."""
    ANNOUNCED = "announced"
    """The program is going to declare a connector of this type and name; its resource is not known yet."""


@dataclass(frozen=True)
class Claim:
    """One fact.

    Attributes:
        urn: the resource's.
        guid: the connector's.
        as_new: whether the engine gave no old inputs.
        type: the type token of what is announced.
        name: the connector's, of what is announced.
    """

    kind: ClaimKind
    urn: str = ""
    guid: str = ""
    as_new: bool = False
    type: str = ""
    name: str = ""


class Claims:
    """The claims of a run. Not thread-safe.

    The file is valid while a process of the run lives: each holds a shared lock on it, and who finds none begins anew,
    because an earlier engine may have listened at the same address. Source: flock(2); open(2), O_APPEND.

    Args:
        engine: where the run's engine listens, host:port.

    Raises:
        Misconfigured: where the file cannot be written, or its folder is not this user's alone.
    """

    def __init__(self, engine: str) -> None:
        try:
            # Who shares the machine must not be able to say whose a connector is.
            folder = user_folder("exchange-online-runs")
            for left in left_behind(folder.iterdir()):
                with suppress(OSError):
                    _leave(os.open(left, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW), left)
            path = folder / _name(engine)
            self._file = _joined(path)
        except OSError as error:
            raise _unwritable(error) from None
        weakref.finalize(self, _leave, self._file, path)
        self._by = f"{uuid.uuid4().hex} ".encode()
        self._told = 0
        self._lines = _written(self._file)

    @classmethod
    def of(cls, engine: str) -> Claims | None:
        """Those of the run of an engine; None without one, and where the system has no such locks."""
        return cls(engine) if engine and fcntl is not None else None

    def tell(self, claim: Claim) -> list[Claim]:
        """Writes a claim down. Returns the others' new ones that came before it, so that of two the later one knows.

        Raises:
            Misconfigured: where it cannot be written.
        """
        line = self._by + json.dumps(astuple(claim)).encode() + b"\n"
        try:
            written = os.write(self._file, line)
        except OSError as error:
            raise _unwritable(error) from None
        if written < len(line):
            raise _unwritable(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        self._told += 1
        return list(self._others())

    def hear(self) -> list[Claim]:
        """The others' new ones."""
        return list(self._others())

    def _others(self) -> Iterator[Claim]:
        """Ends with the claim that this process told last, or where nothing further is written."""
        heard_own = False
        while not heard_own and (line := next(self._lines)) is not None:
            if line.startswith(self._by):
                self._told -= 1
                heard_own = self._told == 0
            else:
                # A plugin of another version may tell what this one knows nothing of.
                with suppress(ValueError, TypeError):
                    kind, *said = json.loads(line.partition(b" ")[2])
                    yield Claim(ClaimKind(kind), *said)


def _written(file: int) -> Iterator[bytes | None]:
    """Each whole line, and None wherever there is none yet."""
    at, rest = 0, b""
    while True:
        chunk = os.pread(file, _CHUNK, at)
        at += len(chunk)
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
        if not chunk:
            yield None


def _name(engine: str) -> str:
    """Of the file. Containers that share temporary files can have engines at one address, each in its own network."""
    network = 0
    with suppress(OSError):
        network = Path("/proc/self/ns/net").stat().st_ino
    return re.sub(r"[^\w.-]", "-", f"{engine}-{network}")


def _joined(path: Path) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if _is_alone(file):
            os.ftruncate(file, 0)
        # Nobody writes before this: until then another that comes may begin anew once more.
        fcntl.flock(file, fcntl.LOCK_SH)
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file), path.stat()):
                return file
        os.close(file)


def _is_alone(file: int) -> bool:
    """Whether no other process holds a lock on the file; then this one has it to itself until it locks it otherwise."""
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _leave(file: int, path: Path) -> None:
    """The last process of a run takes the file away. What processes that live hold a lock on stays."""
    with suppress(OSError):
        if _is_alone(file):
            path.unlink(missing_ok=True)
    os.close(file)


def _unwritable(error: OSError) -> Misconfigured:
    return Misconfigured(
        Failure(
            where="Telling the other providers of this program which connector is whose",
            what=f"{error.filename or 'the folder for it'} cannot be used ({error.strerror or error})",
            advice="Set TMPDIR to a folder that only this user can write.",
        )
    )
