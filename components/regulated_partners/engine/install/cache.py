"""The cache of a user, shared by all working copies: where tools are kept, one installation at a time, whole or not.

    <cache>/regulated-partners/pulumi/<version>/release/        the official archive's files for Python programs
    <cache>/regulated-partners/pulumi/<version>/build/          the CLI built from its Go module
    <cache>/regulated-partners/pulumi/<version>/host-<digest>/  the build with this project's language host beside it
    <cache>/regulated-partners/pulumi/tools/<name>-<digest>/    programs beside the CLI (`go_tools`)

The digest is of the language host's files, so working copies with different ones do not disturb each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from regulated_partners.errors import InstallError

#: What has to lie in one directory for Python programs to run.
EXECUTABLES = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")

#: What the official archive has beside them, and is kept if it is there.
FURTHER = ("pulumi-language-yaml",)

#: Seconds between two lines that say that something still goes on.
ALIVE_EVERY_SECONDS = 30.0


@dataclass(frozen=True, order=True)
class Version:
    """A released version of Pulumi, such as 3.259.0."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """Reads `v3.259.0` or `3.259.0`; None for anything else, pre-releases and development builds included."""
        found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
        return cls(*map(int, found.groups())) if found else None

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True)
class Layout:
    """The folders for one version of the CLI, under `root`."""

    root: Path
    version: Version

    @classmethod
    def for_user(cls, version: Version) -> Layout:
        """Below `$XDG_CACHE_HOME`, or ~/.cache when that is unset or relative, as the XDG specification says."""
        configured = Path(os.environ.get("XDG_CACHE_HOME", ""))
        base = configured if configured.is_absolute() else home_directory(os.environ) / ".cache"
        return cls(base / "regulated-partners" / "pulumi", version)

    @property
    def home(self) -> Path:
        """The folder of this version."""
        return self.root / str(self.version)

    @property
    def release(self) -> Path:
        """Of the official release archive."""
        return self.home / "release"

    @property
    def build(self) -> Path:
        """Of the CLI built from source."""
        return self.home / "build"

    def host(self, digest: str) -> Path:
        """Of the build together with the language host whose files have this digest."""
        return self.home / f"host-{digest}"


def home_directory(environ: Mapping[str, str]) -> Path:
    """The user's home; for a user that has none, as in a container, a private folder below the temporary directory.

    Raises:
        InstallError: where that folder cannot be made, or belongs to somebody else.
    """
    home = environ.get("HOME")
    # A container that is run as an unknown user is given / for a home.
    if home and (home != "/" or os.access(home, os.W_OK)):
        return Path(home)
    if not home:
        with contextlib.suppress(KeyError):
            return Path(pwd.getpwuid(os.getuid()).pw_dir)
    private = Path(tempfile.gettempdir()) / f"regulated-partners-{os.getuid()}"
    with contextlib.suppress(OSError):
        private.mkdir(mode=0o700, exist_ok=True)
        found = private.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077:
            return private
    raise InstallError(
        f"This user (id {os.getuid()}) has no home directory, and {private} cannot be used instead: set HOME to a "
        "directory of its own."
    )


def complete(directory: Path, names: tuple[str, ...] = EXECUTABLES) -> bool:
    """True when every name is an executable file in the directory."""
    return all((directory / name).is_file() and os.access(directory / name, os.X_OK) for name in names)


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """Holds the lock of a cache folder. Waits, and says so, while another process holds it.

    The lock ends with its process, however that ends (flock).

    Raises:
        InstallError: when the folder cannot be written.
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
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        if waiting is None:
            say(f"Another process is installing into {root}: waiting for it.")
            waiting = Heartbeat(lambda: "still waiting for the other process")
        waiting.tick()
        time.sleep(0.2)


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


def link(source: Path, into: Path, names: tuple[str, ...] = EXECUTABLES, *, optional: bool = False) -> None:
    """Links executables of `source` into a directory, replacing older links; InstallError where that fails.

    Args:
        optional: leave out those that are not there.
    """
    names = tuple(name for name in names if not optional or (source / name).is_file())
    missing = [name for name in names if not _leads(into / name, source / name)]
    try:
        for name in missing:
            into.mkdir(parents=True, exist_ok=True)
            temporary = into / f".{name}.{os.getpid()}"
            temporary.symlink_to(source / name)
            temporary.replace(into / name)
    except OSError as error:
        raise InstallError(
            f"{names[0]} cannot be linked into {into} ({error.strerror}): make that directory writable, or put "
            f"{source} on PATH."
        ) from None


def _leads(path: Path, target: Path) -> bool:
    return path.is_symlink() and path.readlink() == target


def unlink(cache: Path, within: Path) -> None:
    """Removes the links of a directory that lead into the cache: what a CLI on PATH must not be shadowed by."""
    for name in EXECUTABLES:
        path = within / name
        if path.is_symlink() and path.readlink().is_relative_to(cache):
            path.unlink(missing_ok=True)


def say(line: str) -> None:
    """Prints one line for the person who waits."""
    print(line, file=sys.stderr, flush=True)


class Heartbeat:
    """Says now and then that something long is still going on.

    Args:
        describe: what goes on, in a few words, asked each time.
        clock: seconds that never go back.
    """

    def __init__(self, describe: Callable[[], str], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._describe = describe
        self._clock = clock
        self._started = self._last = clock()

    def tick(self) -> None:
        """To be called often: prints a line when one is due."""
        now = self._clock()
        if now - self._last >= ALIVE_EVERY_SECONDS:
            self._last = now
            say(f"  … {self._describe()} ({now - self._started:.0f} s)")
