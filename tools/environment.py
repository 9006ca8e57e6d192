"""The virtual environment of a working copy: requirements.lock, and the working copy's own packages.

Nothing is done when it is there already. Standard library only; tools/venv.py is the command.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import subprocess
import sys
from pathlib import Path

from tools.venv import MINIMUM

ROOT = Path(__file__).resolve().parents[1]


def make() -> int:
    """Makes it, or brings it up to date. Returns 0, or 1 with the reason on stderr."""
    environment = ROOT / ".venv"
    stamp = environment / "requirements.stamp"
    lock = ROOT / "requirements.lock"
    wanted = hashlib.sha256(
        lock.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + str(environment).encode()
    ).hexdigest()
    usable = _usable(environment)
    if usable and stamp.is_file() and stamp.read_text(encoding="utf-8") == f"{usable} {wanted}\n":
        return 0
    moved = stamp.is_file() and not _made_here(environment)
    if (not usable or moved) and not _create(environment):
        return 1
    print(f"Installing the dependencies of requirements.lock into {environment}", file=sys.stderr, flush=True)
    python = environment / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=False).returncode != 0:
        return _fail(
            "The locked dependencies could not be installed: see pip's message above. pip needs a package index, "
            "or a mirror set in pip.conf or PIP_INDEX_URL."
        )
    # The working copy itself, editable: with what the lock installed, and nothing else.
    if subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], check=False).returncode != 0:
        return _fail("The packages of this working copy could not be installed: see pip's message above.")
    stamp.write_text(f"{_usable(environment)} {wanted}\n", encoding="utf-8")
    return 0


def _create(environment: Path) -> bool:
    if importlib.util.find_spec("ensurepip") is None:
        _fail(
            f"{sys.executable} cannot make virtual environments, because Debian keeps that in a package of its own: "
            "`apt-get install python3-venv`."
        )
        return False
    print(f"Making a virtual environment with Python {platform.python_version()}", file=sys.stderr, flush=True)
    # Not by the environment's own Python, which an activated one makes this: it would be deleting itself.
    base = getattr(sys, "_base_executable", sys.executable)
    made = subprocess.run([base, "-m", "venv", "--clear", str(environment)], check=False)
    if made.returncode != 0:
        _fail(f"The virtual environment {environment} could not be made: see the message above.")
    return made.returncode == 0


def _usable(environment: Path) -> str | None:
    """The version of the environment's Python with its pip, None when it does not run or is too old."""
    probe = "import sys, pip; assert sys.prefix != sys.base_prefix; print('%d.%d.%d' % sys.version_info[:3])"
    try:
        answer = subprocess.run(
            [str(environment / "bin" / "python"), "-c", probe], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    version = answer.stdout.strip()
    return version if tuple(int(part) for part in version.split(".")[:2]) >= MINIMUM else None


def _made_here(environment: Path) -> bool:
    # The scripts of a copied or moved environment still start the Python of the old place.
    activate = environment / "bin" / "activate"
    return activate.is_file() and str(environment) in activate.read_text(encoding="utf-8")


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
