"""What tests need beside Python: real mail, DNS, database and storage servers, a browser, and Pango for a PDF's text.

`python -m tools.servers` makes sure that they are there.

Installs them as Debian packages where it may: as root, or by sudo without a password. Otherwise it says the command.
Azurite comes from npm, and the S3 server (moto) with the Python packages of the environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

from regulated_partners.errors import InstallError
from tools import azurite

#: Where Debian keeps the programs of servers; it is not in the PATH of an ordinary user. PostgreSQL has its own.
_SERVER_FOLDERS = "/usr/sbin:/sbin"
#: Debian asks this script before it starts a service that was just installed; 101 is "no". Source: invoke-rc.d(8).
_POLICY = Path("/usr/sbin/policy-rc.d")
_REFUSE = "#!/bin/sh\nexit 101\n"
#: A long time for a slow mirror.
_SECONDS = 900


#: The Debian packages, and the programs that are taken from each.
PACKAGES = {
    "postfix": ("postfix", "postconf"),
    "knot": ("knotd", "keymgr"),
    "unbound": ("unbound",),
    "openssl": ("openssl",),
    "postgresql": ("postgres", "initdb"),
    "nodejs": ("node",),
    "npm": ("npm",),
    "chromium": ("chromium",),
}

#: The Debian packages of libraries, and their names for the linker.
LIBRARIES = {
    "libpango-1.0-0": "pango-1.0",
    "libpangoft2-1.0-0": "pangoft2-1.0",
    "libharfbuzz-subset0": "harfbuzz-subset",
}


def find_program(name: str) -> str | None:
    """The path of a program, None where it is not installed."""
    versions = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    return shutil.which(name, path=":".join([os.environ.get("PATH", os.defpath), _SERVER_FOLDERS, *versions]))


def program(name: str) -> str:
    """The path of a program.

    Raises:
        RuntimeError: with the command that installs it.
    """
    found = find_program(name)
    if found is None:
        package = next(package for package, programs in PACKAGES.items() if name in programs)
        raise RuntimeError(f"The program {name} is not installed: run `{install_command((package,))}`.")
    return found


def missing_packages() -> tuple[str, ...]:
    """The packages that have to be installed."""
    programs = [package for package, programs in PACKAGES.items() if not all(map(find_program, programs))]
    return (*programs, *(package for package, name in LIBRARIES.items() if find_library(name) is None))


def install_command(packages: tuple[str, ...]) -> str:
    """What an operator types."""
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


def main() -> int:
    """The command. Returns 0, or 1 with the reason on stderr."""
    packages = missing_packages()
    if packages and (failed := _install_packages(packages)):
        return failed
    try:
        azurite.install(program("npm"))
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _install_packages(packages: tuple[str, ...]) -> int:
    prefix = _privilege()
    if prefix is None or shutil.which("apt-get") is None:
        return _fail(packages, "they can be installed only by root, or on Debian and its descendants")
    print(f"Installing {', '.join(packages)} for the tests", file=sys.stderr, flush=True)
    with _services_stay_off(prefix):
        installed = _install(prefix, packages)
    if not installed or missing_packages():
        return _fail(packages, "apt-get did not install them; see its messages above")
    return 0


def _privilege() -> Sequence[str] | None:
    """What a command of root begins with, None where there is no way."""
    if os.geteuid() == 0:
        return ()
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return (sudo, "-n")
    return None


def _install(prefix: Sequence[str], packages: Sequence[str]) -> bool:
    # postfix asks how it should be configured, unless nobody is there to answer.
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--quiet=2"]
    install = [*command, "install", "--yes", "--no-install-recommends", *packages]
    if _run(install):
        return True
    # A container's image comes without the list of packages.
    return _run([*command, "update"]) and _run(install)


def _run(command: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


@contextmanager
def _services_stay_off(prefix: Sequence[str]) -> Iterator[None]:
    """The tests start servers of their own: a mail server on port 25 is nothing that set-up may leave behind."""
    if _POLICY.exists():
        yield
        return
    subprocess.run(
        [*prefix, "install", "--mode=755", "/dev/stdin", str(_POLICY)], input=_REFUSE, text=True, check=False
    )
    try:
        yield
    finally:
        subprocess.run([*prefix, "rm", "--force", str(_POLICY)], check=False)


def _fail(packages: tuple[str, ...], reason: str) -> int:
    print(
        f"The tests with real servers need {', '.join(packages)}, and {reason}. Run `{install_command(packages)}`.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
