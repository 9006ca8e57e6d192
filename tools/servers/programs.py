"""The programs that the tests start, and the Debian packages that hold them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

#: Where Debian keeps the programs of servers; it is not in the PATH of an ordinary user. PostgreSQL has its own.
_SERVER_FOLDERS = "/usr/sbin:/sbin"


@dataclass(frozen=True)
class Package:
    """A Debian package, and the programs that are taken from it."""

    name: str
    programs: tuple[str, ...]


PACKAGES = (
    Package("postfix", ("postfix", "postconf")),
    Package("knot", ("knotd", "keymgr")),
    Package("unbound", ("unbound",)),
    Package("openssl", ("openssl",)),
    Package("postgresql", ("postgres", "initdb")),
)


def find_program(name: str) -> str | None:
    """The path of a program, None where it is not installed."""
    versions = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return shutil.which(name, path=":".join([os.environ.get("PATH", os.defpath), _SERVER_FOLDERS, *versions]))


def program(name: str) -> str:
    """The path of a program. Raises RuntimeError with the command that installs it."""
    found = find_program(name)
    if found is None:
        package = next(each.name for each in PACKAGES if name in each.programs)
        raise RuntimeError(f"The program {name} is not installed: run `{install_command((package,))}`.")
    return found


def missing_packages() -> tuple[str, ...]:
    """The packages that have to be installed."""
    return tuple(each.name for each in PACKAGES if not all(find_program(name) for name in each.programs))


def install_command(packages: tuple[str, ...]) -> str:
    """What an operator types."""
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"
